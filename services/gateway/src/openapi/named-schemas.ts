/**
 * The zod schemas that become named components of the document. Names are bound to the schema objects themselves, so a
 * schema nested in another one turns into a reference.
 */
import { zodToOpenAPIRegistry } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import {
  batchFieldsSchema,
  batchJsonSchema,
  batchEventSchema,
  batchStateSchema,
  batchViewSchema,
  itemStateSchema,
  itemViewSchema,
  manifestEntrySchema,
} from '@timbre/shared/contracts/batch';
import { itemChangeSchema } from '@timbre/shared/contracts/batch-diff';
import { batchSummarySchema, shareSchema } from '@timbre/shared/contracts/batch-summary';
import { clipQualitySchema } from '@timbre/shared/contracts/clip';
import { evaluationViewSchema, mistakeSchema } from '@timbre/shared/contracts/evaluation';
import { featureSpecSchema } from '@timbre/shared/contracts/feature-spec';
import {
  clipViewSchema,
  jobErrorSchema,
  jobEventSchema,
  jobResultSchema,
  jobStateSchema,
  jobViewSchema,
  laneSchema,
  segmentSchema,
  submitFieldsSchema,
  submitJsonSchema,
  timingsSchema,
} from '@timbre/shared/contracts/job';
import {
  failuresOfCodeSchema,
  failuresViewSchema,
  overviewSchema,
  processViewSchema,
  queueViewSchema,
} from '@timbre/shared/contracts/operations';
import { modelMetricsSchema } from '@timbre/shared/contracts/model-card';
import {
  deliveryListSchema,
  webhookAttemptSchema,
  webhookDeliverySchema,
  webhookSecretSchema,
  webhookTestResultSchema,
  webhookTestSchema,
} from '@timbre/shared/contracts/webhook';
import { featureMatrixSchema } from '../jobs/feature-matrix.js';
import { peaksViewSchema } from '../jobs/peaks-view.js';
import { rescoreSchema } from '../routes/batches.js';
import { missingClipsSchema } from '../routes/clips.js';
import { presignSchema } from '../routes/uploads.js';
import {
  batchDiffSchema,
  batchPageSchema,
  errorCodeSchema,
  healthSchema,
  itemPageSchema,
  jobPageSchema,
  limitsSchema,
  missingClipsAnswerSchema,
  modelPageSchema,
  modelViewSchema,
  predictedClassSchema,
  presignedUploadSchema,
  problemSchema,
  queuePausedSchema,
  readinessSchema,
  storedUploadSchema,
} from './answer-schemas.js';

/** A form with the clip in its field `file`. */
export const clipFormSchema = submitFieldsSchema.extend({ file: z.string().meta({ format: 'binary' }) });

/** A form with the archive or manifest in its field `file`. */
export const batchFormSchema = batchFieldsSchema.extend({ file: z.string().meta({ format: 'binary' }) });

export const namedSchemas = {
  Job: jobViewSchema,
  JobState: jobStateSchema,
  JobResult: jobResultSchema,
  JobError: jobErrorSchema,
  JobEvent: jobEventSchema,
  JobPage: jobPageSchema,
  JobTimings: timingsSchema,
  Clip: clipViewSchema,
  ClipQuality: clipQualitySchema,
  Segment: segmentSchema,
  Lane: laneSchema,
  Peaks: peaksViewSchema,
  Features: featureMatrixSchema,
  ClipForm: clipFormSchema,
  ClipReference: submitJsonSchema,
  PredictedClass: predictedClassSchema,
  Batch: batchViewSchema,
  BatchState: batchStateSchema,
  BatchPage: batchPageSchema,
  BatchEvent: batchEventSchema,
  BatchForm: batchFormSchema,
  BatchRequest: batchJsonSchema,
  BatchChanges: rescoreSchema,
  ManifestEntry: manifestEntrySchema,
  BatchItem: itemViewSchema,
  BatchItemState: itemStateSchema,
  BatchItemPage: itemPageSchema,
  BatchSummary: batchSummarySchema,
  Share: shareSchema,
  Evaluation: evaluationViewSchema,
  Mistake: mistakeSchema,
  BatchDiff: batchDiffSchema,
  BatchItemChange: itemChangeSchema,
  ClipQuestion: missingClipsSchema,
  ClipAnswer: missingClipsAnswerSchema,
  Model: modelViewSchema,
  ModelPage: modelPageSchema,
  ModelMetrics: modelMetricsSchema,
  FeatureSpec: featureSpecSchema,
  UploadRequest: presignSchema,
  PresignedUpload: presignedUploadSchema,
  StoredUpload: storedUploadSchema,
  WebhookDelivery: webhookDeliverySchema,
  WebhookDeliveryList: deliveryListSchema,
  WebhookAttempt: webhookAttemptSchema,
  WebhookTest: webhookTestSchema,
  WebhookTestResult: webhookTestResultSchema,
  WebhookSecret: webhookSecretSchema,
  Overview: overviewSchema,
  Failures: failuresViewSchema,
  FailuresOfCode: failuresOfCodeSchema,
  Queue: queueViewSchema,
  Process: processViewSchema,
  QueuePaused: queuePausedSchema,
  Limits: limitsSchema,
  Health: healthSchema,
  Readiness: readinessSchema,
  Problem: problemSchema,
  ErrorCode: errorCodeSchema,
} as const satisfies Record<string, z.ZodType>;

export type SchemaName = keyof typeof namedSchemas;

/** Components that only appear in answers: what has a default is always present in them. */
export const answerOnly: readonly SchemaName[] = ['Model', 'ModelMetrics', 'FeatureSpec'];

/** Tells the generator the names. Doing it again changes nothing. */
export function nameSchemas(): void {
  for (const [refId, schema] of Object.entries(namedSchemas)) {
    // The registry's notice asks for care, no more; it is the only way to name a schema without making a copy of it.
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    zodToOpenAPIRegistry.add(schema, { _internal: { refId } });
  }
}
