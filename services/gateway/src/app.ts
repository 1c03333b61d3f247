/** The public HTTP application. Everything it needs is handed in; nothing here reads the environment. */
import cors from 'cors';
import express, { type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import type { KeyStore } from '@timbre/shared/auth/api-keys';
import type { Logger } from '@timbre/shared/observability/logger';
import type { Metrics } from '@timbre/shared/observability/metrics';
import type { Tracing } from '@timbre/shared/observability/tracing';
import type { Readiness } from '@timbre/shared/observability/admin-server';
import type { ModelCatalog } from '@timbre/shared/models/model-catalog';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import { AppError } from '@timbre/shared/errors';
import { authenticate, type AuthMode } from './http/authenticate.js';
import { errorHandler, notFound } from './http/error-handler.js';
import { mountedAt, requestContext } from './http/request-context.js';
import { tusExposedHeaders } from './uploads/tus-headers.js';
import { adminRoutes, type AdminRoutesDeps } from './routes/admin.js';
import { batchRoutes, type BatchRoutesDeps } from './routes/batches.js';
import { clipRoutes } from './routes/clips.js';
import { classifyRoutes, type ClassifyDeps } from './routes/classify.js';
import { evaluationRoutes } from './routes/evaluations.js';
import { healthRoutes } from './routes/health.js';
import { jobContentRoutes } from './routes/job-content.js';
import type { JobContent } from './jobs/job-content.js';
import { jobRoutes, type JobRoutesDeps } from './routes/jobs.js';
import { modelRoutes } from './routes/models.js';
import type { ResumableUploadRoutesDeps } from './routes/resumable-uploads.js';
import { streamRoutes } from './routes/stream.js';
import type { StreamSessions } from './stream/stream-sessions.js';
import { signedObjectRoutes, uploadRoutes } from './routes/uploads.js';
import { webhookRoutes, type WebhookRoutesDeps } from './routes/webhooks.js';

export interface AppDeps {
  log: Logger;
  metrics: Metrics;
  tracing?: Tracing;
  store: ObjectStore;
  models: ModelCatalog;
  keys: KeyStore;
  jobs: JobRoutesDeps;
  jobContent: JobContent;
  admin: Omit<AdminRoutesDeps, 'log'>;
  classify: ClassifyDeps;
  batches: BatchRoutesDeps;
  webhooks: WebhookRoutesDeps;
  sessions: StreamSessions;
  resumable: Pick<ResumableUploadRoutesDeps, 'uploads' | 'quota'>;
  readiness: () => Promise<Readiness>;
  /** Stands before authentication. */
  authFailureLimit: RequestHandler;
  /** Stands behind it. */
  rateLimit: RequestHandler;
  documents: RequestHandler;
  settings: {
    authMode: AuthMode;
    hosts: readonly string[] | null;
    trustProxy: string | undefined;
    corsOrigins: string[];
    defaultModel: string | undefined;
    maxFileBytes: number;
    maxUploadBytes: number;
    minUploadBytesPerSecond: number;
    signingSecret: string | undefined;
    clipSeconds: number;
    limits: Record<string, unknown>;
  };
}

const maxUrlLength = 2048;

export function createApp(deps: AppDeps): Express {
  const { log, metrics, store, models, settings } = deps;
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  if (settings.trustProxy !== undefined) app.set('trust proxy', trustProxy(settings.trustProxy));

  const mount = (path: string, routes: RequestHandler) => app.use(path, mountedAt(path), routes);

  app.use(requestContext(log, metrics, deps.tracing));
  app.use(
    helmet({
      contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    }),
  );
  if (settings.corsOrigins.length > 0)
    app.use(
      cors({
        origin: settings.corsOrigins,
        exposedHeaders: [
          'Location',
          'Retry-After',
          'X-Request-Id',
          'Timbre-Complete',
          'RateLimit',
          'RateLimit-Policy',
          ...tusExposedHeaders,
        ],
      }),
    );
  app.use((request, _response, next) => {
    if (request.originalUrl.length > maxUrlLength && !request.path.startsWith('/v1/objects/'))
      throw new AppError('uri_too_long');
    next();
  });
  app.use(healthRoutes(deps.readiness, settings.limits));
  app.use(deps.documents);

  const { maxFileBytes, maxUploadBytes, minUploadBytesPerSecond, signingSecret } = settings;
  if (signingSecret !== undefined)
    mount('/v1/objects', signedObjectRoutes({ store, minUploadBytesPerSecond, signingSecret }));

  app.use(
    ['/v1', '/predict_instrument'],
    deps.authFailureLimit,
    authenticate({ mode: settings.authMode, keys: deps.keys, hosts: settings.hosts }),
    deps.rateLimit,
  );
  mount('/v1/jobs', jobRoutes(deps.jobs));
  mount('/v1/jobs', jobContentRoutes(deps.jobContent));
  // Without keys, `authenticate` has looked at the origin of pages.
  const origins = settings.authMode === 'none' ? null : settings.corsOrigins;
  mount('/v1/stream', streamRoutes({ sessions: deps.sessions, origins }));
  mount('/v1/batches', batchRoutes(deps.batches));
  mount(
    '/v1/clips',
    clipRoutes({
      store,
      uploads: deps.resumable.quota,
      maxFileBytes,
      minUploadBytesPerSecond,
      clipSeconds: settings.clipSeconds,
    }),
  );
  mount('/v1/admin', adminRoutes({ ...deps.admin, log }));
  mount('/v1/evaluations', evaluationRoutes(deps.batches));
  mount('/v1/models', modelRoutes(models, settings.defaultModel));
  mount(
    '/v1/uploads',
    uploadRoutes({ ...deps.resumable, store, metrics, maxFileBytes, maxUploadBytes, minUploadBytesPerSecond }),
  );
  mount('/v1/webhooks', webhookRoutes(deps.webhooks));
  app.use(classifyRoutes(deps.classify));
  app.use(notFound);
  app.use(errorHandler(log, metrics));
  return app;
}

/** A hop count, or addresses and the names Express knows (`loopback`, `uniquelocal`). */
function trustProxy(value: string): number | string[] {
  return /^\d+$/.test(value) ? Number(value) : value.split(',').map((part) => part.trim());
}
