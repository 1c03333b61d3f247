/** Reads what a webhook is about: the job or batch as it ended, and the address that wants to know. */
import { isAppError } from '@timbre/shared/errors';
import type { WebhookMessage } from '@timbre/shared/contracts/webhook';
import type { Ledger } from '@timbre/shared/queue/ledger';
import { batchOutcomeKey, batchSpecKey } from '@timbre/shared/storage/batch-keys';
import { outcomeKey, submissionKey } from '@timbre/shared/storage/job-keys';
import type { ObjectStore } from '@timbre/shared/storage/object-store';

export interface Subject {
  tenant: string;
  id: string;
}

export type SubjectAnswer =
  | { kind: 'ended'; webhookUrl: string; message: WebhookMessage }
  /** It has not ended, or its end is not written down yet. */
  | { kind: 'unfinished' }
  /** Nobody wants to know, or its data is deleted. */
  | { kind: 'gone' };

export type ReadSubject = (subject: Subject) => Promise<SubjectAnswer>;

interface Facts {
  webhookUrl: string | undefined;
  view: Record<string, unknown> | undefined;
}

export function createWebhookSubjects(deps: { ledger: Ledger; store: ObjectStore; publicUrl: string }): ReadSubject {
  const { ledger, store, publicUrl } = deps;

  const readJson = async (key: string): Promise<Record<string, unknown> | undefined> => {
    try {
      return JSON.parse((await store.readAll(key)).toString('utf8')) as Record<string, unknown>;
    } catch (error) {
      if (isAppError(error) && error.code === 'object_missing') return undefined;
      throw error;
    }
  };

  const fromStore = async (specKey: string, viewKey: string): Promise<Facts | undefined> => {
    const spec = await readJson(specKey);
    if (!spec) return undefined;
    const { webhookUrl } = spec;
    return { webhookUrl: typeof webhookUrl === 'string' ? webhookUrl : undefined, view: await readJson(viewKey) };
  };

  const factsOf = async (subject: Subject): Promise<Facts | undefined> => {
    if (subject.id.startsWith('b')) return fromStore(batchSpecKey(subject), batchOutcomeKey(subject));
    const record = await ledger.read(subject.id);
    if (!record) return fromStore(submissionKey(subject), outcomeKey(subject));
    if (record.spec.tenant !== subject.tenant) return undefined;
    return { webhookUrl: record.spec.webhookUrl, view: record.view && { ...record.view } };
  };

  return async (subject) => {
    const facts = await factsOf(subject);
    if (facts?.webhookUrl === undefined) return { kind: 'gone' };
    const { webhookUrl, view } = facts;
    if (!view) return { kind: 'unfinished' };
    const kind = subject.id.startsWith('b') ? 'batch' : 'job';
    const path = kind === 'batch' ? 'batches' : 'jobs';
    const message = {
      type: `${kind}.${String(view['state'])}`,
      timestamp: String(view['finishedAt'] ?? view['createdAt']),
      url: `${publicUrl}/v1/${path}/${subject.id}`,
      data: view,
    };
    return { kind: 'ended', webhookUrl, message };
  };
}
