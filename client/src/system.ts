/** What the service has and allows: models, limits, readiness. */
import type { ModelCard } from '@timbre/shared/contracts/model-card';
import { parseJson, recordOf } from './api-error.js';
import type { CallOptions, Transport } from './transport.js';

export interface ServedModel extends ModelCard {
  modelDigest: string;
  featureDigest: string;
  isDefault: boolean;
}

export interface ModelCalls {
  list(options?: CallOptions): Promise<ServedModel[]>;
  get(id: string, options?: CallOptions): Promise<ServedModel>;
}

export interface Limits {
  file: {
    maxBytes: number;
    maxDurationSeconds: number;
    maxChannels: number;
    sampleRateHz: { min: number; max: number };
  };
  requests: {
    perSecond: number;
    burst: number;
    maxJsonBytes: number;
    maxUrlLength: number;
    maxHeaderBytes: number;
  };
  uploads: { maxBytes: number; parallelPerTenant: number; minBytesPerSecond: number };
  streams: { openPerTenant: number };
  jobs: {
    maxBacklog: number;
    deadlineSeconds: { interactive: number; bulk: number };
    retentionSeconds: number;
    maxWaitSeconds: number;
  };
}

/** `checks`: name → `ok`, or why not. */
export interface ServiceReadiness {
  ready: boolean;
  checks: Record<string, string>;
  /** Of the service's clock, from the answer's `Date` header, cut to seconds. */
  dateMs: number | undefined;
}

export interface SystemCalls {
  limits(options?: CallOptions): Promise<Limits>;
  /** Answers for a service that is not ready too. Asked once. @throws TypeError when nobody answers */
  ready(options?: CallOptions): Promise<ServiceReadiness>;
  /** Version of the service. */
  version(options?: CallOptions): Promise<string>;
}

export function createModelCalls(transport: Transport): ModelCalls {
  const fields = ['id', 'version', 'labels', 'thresholds', 'modelDigest'];
  return {
    async list({ signal } = {}) {
      const answer = await transport.json<{ models: ServedModel[] }>(
        { method: 'GET', path: '/v1/models', signal },
        { name: 'a list of models', fields: ['models'] },
      );
      return answer.models;
    },
    get: (id, { signal } = {}) =>
      transport.json(
        { method: 'GET', path: `/v1/models/${encodeURIComponent(id)}`, signal },
        { name: 'a model', fields },
      ),
  };
}

export function createSystemCalls(transport: Transport, request: typeof fetch): SystemCalls {
  return {
    limits: ({ signal } = {}) =>
      transport.json({ method: 'GET', path: '/v1/limits', signal }, { name: 'limits', fields: ['file', 'uploads'] }),
    async ready({ signal } = {}) {
      const timeout = AbortSignal.timeout(10_000);
      const response = await request(new URL('/readyz', transport.baseUrl), {
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      const answer = recordOf(parseJson(await response.text()));
      if (typeof answer['ready'] !== 'boolean') throw new Error('what answers there is not Timbre');
      const dateMs = Date.parse(response.headers.get('date') ?? '');
      return {
        ready: answer['ready'],
        checks: recordOf(answer['checks']) as Record<string, string>,
        dateMs: Number.isNaN(dateMs) ? undefined : dateMs,
      };
    },
    async version({ signal } = {}) {
      const answer = await transport.json<{ info: { version: string } }>(
        { method: 'GET', path: '/openapi.json', signal },
        { name: 'an API description', fields: ['info'] },
      );
      return answer.info.version;
    },
  };
}
