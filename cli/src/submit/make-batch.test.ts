import { describe, expect, it } from 'vitest';
import type { BatchState, BatchView } from '@timbre/shared/contracts/batch';
import { TimbreApiError, type BatchCalls } from '@timbre/client';
import { derivedKey } from './batch-key.js';
import { makeBatch } from './make-batch.js';

/** Remembers keys as the service does; a `deleted` batch is not found any more. */
function createService(known: Record<string, BatchState | 'deleted'> = {}) {
  const keys: (string | undefined)[] = [];
  const states = new Map(Object.entries(known));
  const submit: BatchCalls['submit'] = async (_content, _options, { idempotencyKey } = {}) => {
    keys.push(idempotencyKey);
    const state = states.get(idempotencyKey ?? '');
    if (state === 'deleted') throw new TimbreApiError(404, '{"code":"not_found"}');
    if (idempotencyKey !== undefined) states.set(idempotencyKey, state ?? 'running');
    const batch = { id: `b-${idempotencyKey}`, state: state ?? 'running' } as BatchView;
    return { batch, replayed: state !== undefined };
  };
  return { submit, keys };
}
const make = (service: ReturnType<typeof createService>, key: Parameters<typeof makeBatch>[1]['key']) =>
  makeBatch(service, { content: { body: 'x' }, options: {}, key, signal: new AbortController().signal });

describe('makeBatch', () => {
  it.each(['running', 'succeeded', 'completed_with_errors'] as const)(
    'finds a batch that is %s again',
    async (state) => {
      const service = createService({ k: state });
      expect(await make(service, { derived: 'k' })).toMatchObject({ replayed: true, batch: { id: 'b-k' } });
    },
  );

  it.each(['failed', 'canceled', 'expired'] as const)('makes one anew that is %s, once', async (state) => {
    const service = createService({ k: state });
    const first = await make(service, { derived: 'k' });
    expect(first.replayed).toBe(false);
    const second = await make(service, { derived: 'k' });
    expect(second).toMatchObject({ replayed: true, batch: { id: first.batch.id } });
    expect(service.keys).toEqual(['k', derivedKey('k', 'b-k'), 'k', derivedKey('k', 'b-k')]);
  });

  it('makes one anew whose batch was deleted', async () => {
    const service = createService({ k: 'deleted' });
    expect(await make(service, { derived: 'k' })).toMatchObject({ replayed: false });
  });

  it('takes a key of the person as it is, whatever became of its batch', async () => {
    const service = createService({ mine: 'canceled' });
    expect(await make(service, { given: 'mine' })).toMatchObject({ replayed: true, batch: { state: 'canceled' } });
  });

  it('passes on that an upload is not there, instead of asking for ever', async () => {
    const submit: BatchCalls['submit'] = () => Promise.reject(new TimbreApiError(404, '{"code":"not_found"}'));
    await expect(make({ submit, keys: [] }, { derived: 'k' })).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('derivedKey', () => {
  it('is the same for the same parts and another for others', () => {
    expect(derivedKey('a', { model: undefined })).toBe(derivedKey('a', {}));
    expect(derivedKey('a', { model: 'm' })).not.toBe(derivedKey('a', {}));
    expect(derivedKey('a')).toMatch(/^timbre-[0-9a-f]{40}$/);
  });
});
