/** Reads what a webhook is about: the job or batch as it ended, and the address that wants to know. */
import { isAppError } from '@timbre/shared/errors';
import type { BatchLedger } from '@timbre/shared/batch/batch-ledger';
import { batchViewOf } from '@timbre/shared/batch/batch-record';
import { isBatchEnded } from '@timbre/shared/contracts/batch';
import type { WebhookMessage } from '@timbre/shared/contracts/webhook';
import type { Ledger } from '@timbre/shared/queue/ledger';
import { outcomeKey, submissionKey } from '@timbre/shared/storage/job-keys';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import { webhookIdOf } from '@timbre/shared/webhooks/webhook-ledger';

export interface Subject {
  tenant: string;
  id: string;
}

export type SubjectAnswer =
  | { kind: 'ended'; webhookUrl: string; webhookId: string; message: WebhookMessage }
  /** It has not ended, or its end is not written down yet. */
  | { kind: 'unfinished' }
  /** Nobody wants to know, or its data is deleted. */
  | { kind: 'gone' };

export type ReadSubject = (subject: Subject) => Promise<SubjectAnswer>;

interface Facts {
  webhookUrl: string | undefined;
  webhookId: string;
  /** What it is called in addresses. */
  path: string;
  view: Record<string, unknown> | undefined;
}

export interface WebhookSubjectsDeps {
  ledger: Ledger;
  batches: BatchLedger;
  store: ObjectStore;
  publicUrl: string;
  now?: () => number;
}

export function createWebhookSubjects(deps: WebhookSubjectsDeps): ReadSubject {
  const { ledger, batches, store, publicUrl, now = Date.now } = deps;

  const readJson = async (key: string): Promise<Record<string, unknown> | undefined> => {
    try {
      return JSON.parse((await store.readAll(key)).toString('utf8')) as Record<string, unknown>;
    } catch (error) {
      if (isAppError(error) && error.code === 'object_missing') return undefined;
      throw error;
    }
  };

  const jobFacts = async (subject: Subject): Promise<Facts | undefined> => {
    const known = { webhookId: webhookIdOf(subject.id), path: `jobs/${subject.id}` };
    const record = await ledger.read(subject.id);
    if (record) {
      if (record.spec.tenant !== subject.tenant) return undefined;
      return { ...known, webhookUrl: record.spec.webhookUrl, view: record.view && { ...record.view } };
    }
    // The record has left Redis: tries go on for longer than it stays there.
    const spec = await readJson(submissionKey(subject));
    const webhookUrl = typeof spec?.['webhookUrl'] === 'string' ? spec['webhookUrl'] : undefined;
    return webhookUrl === undefined ? undefined : { ...known, webhookUrl, view: await readJson(outcomeKey(subject)) };
  };

  const batchFacts = async (subject: Subject): Promise<Facts | undefined> => {
    const record = await batches.read(subject.id);
    if (record?.spec.tenant !== subject.tenant) return undefined;
    const view = isBatchEnded(record.state) ? { ...batchViewOf(record, { nowMs: now() }) } : undefined;
    const webhookId = webhookIdOf(subject.id, record.finishedAtMs ?? 0);
    return { webhookUrl: record.spec.webhookUrl, webhookId, path: `batches/${subject.id}`, view };
  };

  return async (subject) => {
    const kind = subject.id.startsWith('b') ? 'batch' : 'job';
    const facts = await (kind === 'batch' ? batchFacts(subject) : jobFacts(subject));
    if (facts?.webhookUrl === undefined) return { kind: 'gone' };
    const { webhookUrl, webhookId, path, view } = facts;
    if (!view) return { kind: 'unfinished' };
    const type = `${kind}.${String(view['state'])}`;
    const timestamp = String(view['finishedAt'] ?? view['createdAt']);
    return {
      kind: 'ended',
      webhookUrl,
      webhookId,
      message: { type, timestamp, url: `${publicUrl}/v1/${path}`, data: view },
    };
  };
}
