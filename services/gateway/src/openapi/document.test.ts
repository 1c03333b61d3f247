import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { gatewaySchema } from '@timbre/shared/config/schemas';
import { jobEventSchema } from '@timbre/shared/contracts/job';
import { errorCatalog, type ErrorCode } from '@timbre/shared/error-catalog';
import { AppError } from '@timbre/shared/errors';
import { problemOf } from '../http/problem.js';
import { limitsView } from '../limits/limits-view.js';
import { limitsSchema, problemSchema } from './answer-schemas.js';
import { buildOpenApiDocument, operations } from './document.js';
import { jobEvents } from './examples.js';
import { tags } from './introduction.js';

const build = () => buildOpenApiDocument({ serverUrl: 'https://timbre.example', version: '1.2.3' });
const codes = Object.keys(errorCatalog) as ErrorCode[];

/** All values of a JSON tree under a key of this name. */
function valuesOf(name: string, node: unknown): unknown[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node as Record<string, unknown>).flatMap(([key, value]) => [
    ...(key === name ? [value] : []),
    ...valuesOf(name, value),
  ]);
}

function resolve(document: unknown, pointer: string): unknown {
  return pointer
    .slice(2)
    .split('/')
    .reduce((node, key) => (node as Record<string, unknown> | undefined)?.[key], document);
}

describe('buildOpenApiDocument', () => {
  it('is a valid OpenAPI 3.1 document', async () => {
    const result = await new Validator().validate(structuredClone(build()) as unknown as Record<string, unknown>);
    expect(result.errors ?? []).toEqual([]);
    expect(result.valid).toBe(true);
    expect(build().openapi).toBe('3.1.0');
  });

  it('is the same document each time it is built', () => {
    expect(JSON.stringify(build())).toBe(JSON.stringify(build()));
  });

  it('refers only to components that exist', () => {
    const document = JSON.parse(JSON.stringify(build())) as unknown;
    const references = new Set(valuesOf('$ref', document) as string[]);
    expect(references.size).toBeGreaterThan(50);
    expect([...references].filter((reference) => resolve(document, reference) === undefined)).toEqual([]);
  });

  it('names the server and the version it was built for, in its commands too', () => {
    const document = build();
    expect(document.servers).toEqual([{ url: 'https://timbre.example' }]);
    expect(document.info.version).toBe('1.2.3');
    expect(document.paths?.['/v1/classify']?.post?.description).toContain(
      'curl -F file=@take3.wav https://timbre.example/v1/classify',
    );
    expect(JSON.stringify(document.paths)).not.toContain('{server}');
  });

  it('gives each call its own id, a known tag, a summary and a description', () => {
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    for (const { tag, summary, description } of operations) {
      expect(Object.keys(tags)).toContain(tag);
      expect(summary.length).toBeGreaterThan(3);
      expect(description.length).toBeGreaterThan(20);
    }
  });

  it('says of a keyed call which scope it needs and how a key is sent', () => {
    expect(build().paths?.['/v1/jobs']?.post?.security).toEqual([
      { bearerKey: ['submit'] },
      { headerKey: ['submit'] },
      { basicKey: ['submit'] },
    ]);
    expect(build().paths?.['/healthz']?.get?.security).toEqual([]);
  });

  it('lists each error code under its own status', () => {
    const responses = build().paths!['/v1/jobs']!.post!.responses!;
    const enumOf = (status: string) => valuesOf('enum', responses[status]).flat();
    expect(enumOf('422')).toEqual(['checksum_mismatch', 'idempotency_mismatch', 'url_forbidden']);
    expect(enumOf('507')).toEqual(['storage_full']);
    expect(responses['401']).toEqual({ $ref: '#/components/responses/Unauthenticated' });
  });

  it('lets every request error that the gateway can give appear in some call', () => {
    const listed = new Set(valuesOf('code', build()).flatMap((code) => valuesOf('enum', code).flat()));
    // Told in the introduction: the first belongs to no call, the second is not given by any.
    const elsewhere = ['method_not_allowed'];
    const requests = codes.filter((code) => errorCatalog[code].level === 'request');
    expect(requests.filter((code) => !listed.has(code)).filter((code) => !elsewhere.includes(code))).toEqual([]);
  });

  it('takes no null in a parameter and promises what answers always hold', () => {
    const document = build();
    const waitSeconds = document.paths?.['/v1/jobs/{id}']?.get?.parameters?.find(
      (parameter) => 'name' in parameter && parameter.name === 'waitSeconds',
    );
    expect(waitSeconds).toMatchObject({ schema: { type: 'number', minimum: 0, maximum: 60 } });
    expect(document.components?.schemas?.['Model']).toMatchObject({
      required: expect.arrayContaining(['temperature', 'metrics']) as string[],
    });
  });
});

describe('what the document shows', () => {
  const shown = operations.flatMap(({ operationId, answers }) =>
    Object.entries(answers).flatMap(([status, { content = {} }]) =>
      Object.entries(content).flatMap(([type, media]) => {
        if (!media || '$ref' in media || !(media.schema instanceof z.ZodType)) return [];
        const values = [
          ...(media.example === undefined ? [] : [media.example as unknown]),
          ...Object.values(media.examples ?? {}).map((example) => (example as { value: unknown }).value),
        ];
        return values.map((value, index) => ({
          title: `${operationId} ${status} ${type} ${index}`,
          schema: media.schema as z.ZodType,
          value,
        }));
      }),
    ),
  );

  it('includes more than ten examples of answers', () => {
    expect(shown.length).toBeGreaterThan(10);
  });

  it.each(shown)('is an example its own schema takes: $title', ({ schema, value }) => {
    expect(schema.safeParse(value).error?.issues ?? []).toEqual([]);
  });

  it('is a stream of events that the event schema takes', () => {
    for (const event of jobEvents) expect(jobEventSchema.safeParse(event).error?.issues ?? []).toEqual([]);
    expect(jobEvents.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  });

  it.each(codes)('is a problem as the error handler makes it: %s', (code) => {
    const problem = problemOf(new AppError(code, { details: { limit: 1 } }), 'request-1', '/v1/jobs');
    expect(problemSchema.safeParse(problem).error?.issues ?? []).toEqual([]);
  });

  it('is the shape of the limits that a gateway answers', () => {
    expect(limitsSchema.safeParse(limitsView(gatewaySchema.parse({}))).error?.issues ?? []).toEqual([]);
  });
});
