/** What a batch found: clips one by one, tables in every format, a summary, and what differs from another batch. */
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import { AppError } from '@timbre/shared/errors';
import { resultsOf } from '@timbre/shared/batch/batch-items';
import type { BatchLedger } from '@timbre/shared/batch/batch-ledger';
import type { BatchRecord } from '@timbre/shared/batch/batch-record';
import { itemStateSchema, isBatchEnded } from '@timbre/shared/contracts/batch';
import { renderOptionsSchema, resultFormatSchema } from '@timbre/shared/contracts/batch-results';
import type { ModelCatalog } from '@timbre/shared/models/model-catalog';
import { diffBatches } from '@timbre/shared/results/diff';
import { renderItems } from '@timbre/shared/results/render-item';
import { resultFormats } from '@timbre/shared/results/result-formats';
import { summarize } from '@timbre/shared/results/summary';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import type { BatchReader } from '../batches/batch-reader.js';
import { requireScope } from '../http/authenticate.js';
import { methodNotAllowed } from '../http/error-handler.js';
import { parseInput } from '../http/parse.js';
import { requirePrincipal } from '../http/request-context.js';

export interface BatchResultDeps {
  store: ObjectStore;
  batches: BatchLedger;
  models: ModelCatalog;
  reader: BatchReader;
}

export const itemsQuerySchema = z.strictObject({
  state: itemStateSchema.optional(),
  /** A label of the model, `unknown` or `mute`. */
  label: z.string().min(1).max(64).optional(),
  code: z.string().min(1).max(64).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(200).optional(),
});

export const resultsQuerySchema = renderOptionsSchema.extend({ format: resultFormatSchema.default('jsonl') });

export const diffQuerySchema = z.strictObject({
  against: z.string().regex(/^b[0-9a-f]{32}$/, 'not a batch id'),
  /** Changes of confidence alone that are smaller are left out. */
  minConfidenceChange: z.coerce.number().min(0).max(1).default(0.05),
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
});

/** Mounted below `/:id`. */
export function batchResultRoutes({ store, batches, models, reader }: BatchResultDeps): Router {
  const router = Router({ mergeParams: true });
  const recordOf = (request: Request) =>
    reader.requireRecord(requirePrincipal(request), String((request.params as Record<string, string>)['id']));
  const results = (record: BatchRecord) => resultsOf(record, { store, batches });
  const labelsOf = ({ spec }: BatchRecord): readonly string[] => models.get(spec.model)?.card.labels ?? [];

  router
    .route('/items')
    .get(requireScope('read'), async (request, response) => {
      const { limit, cursor, ...filter } = parseInput(itemsQuerySchema, request.query);
      response.json(await reader.items(await recordOf(request), filter, { limit, cursor }));
    })
    .all(methodNotAllowed('GET'));

  router
    .route('/results')
    .get(requireScope('read'), async (request, response) => {
      const { format, ...options } = parseInput(resultsQuerySchema, request.query);
      const record = await recordOf(request);
      await sendResults(response, record, format, options);
    })
    .all(methodNotAllowed('GET'));

  router
    .route('/summary')
    .get(requireScope('read'), async (request, response) => {
      const record = await recordOf(request);
      response.json(await summarize(results(record), labelsOf(record)));
    })
    .all(methodNotAllowed('GET'));

  router
    .route('/diff')
    .get(requireScope('read'), async (request, response) => {
      const { against, limit, minConfidenceChange } = parseInput(diffQuerySchema, request.query);
      const record = await recordOf(request);
      const other = await reader.requireRecord(requirePrincipal(request), against);
      if (rootOf(record) !== rootOf(other))
        throw new AppError('invalid_parameter', { detail: '/against: not a batch over the same clips' });
      const diff = diffBatches(results(other), results(record), { minConfidenceChange });
      const changes = [];
      for await (const change of diff.changes) if (changes.length < limit) changes.push(change);
      response.json({ before: against, after: record.spec.id, ...diff.report(), items: changes });
    })
    .all(methodNotAllowed('GET'));

  async function sendResults(
    response: Response,
    record: BatchRecord,
    format: z.infer<typeof resultFormatSchema>,
    options: z.infer<typeof renderOptionsSchema>,
  ): Promise<void> {
    const { spec, state } = record;
    const { write, contentType, extension } = resultFormats[format];
    const card = models.get(spec.model);
    if ((options.threshold ?? options.mergeGapSeconds) !== undefined && card?.modelDigest !== spec.modelDigest)
      throw new AppError('model_unavailable', {
        detail: 'the version of the model that answered is no longer installed, so its answers cannot be decided again',
      });
    const items = renderItems(results(record), () => card?.card, options);
    response.set({
      'Content-Type': contentType,
      'Content-Disposition': `attachment; filename="${spec.id}${extension}"`,
      // While the batch runs there is more to come.
      'Timbre-Complete': String(isBatchEnded(state)),
    });
    await pipeline(Readable.from(write(items, { batchId: spec.id, labels: [...labelsOf(record)] })), response);
  }

  return router;
}

/** Batches over the same clips have the same root. */
const rootOf = ({ spec }: BatchRecord): string => (spec.source.kind === 'batch' ? spec.source.batchId : spec.id);
