/** The infer stage on one screen: tensor pack in, decisions out. */
import { observeStage, type Metrics } from '@timbre/shared/observability/metrics';
import { windowShape } from '@timbre/shared/contracts/feature-spec';
import type { Lane } from '@timbre/shared/contracts/job';
import type { PackReference } from '@timbre/shared/contracts/pipeline';
import { decideClip } from '@timbre/shared/decisions/decide-clip';
import { AppError, isAppError } from '@timbre/shared/errors';
import type { JobRecord } from '@timbre/shared/queue/job-record';
import type { StageHandler, StageOutput } from '@timbre/shared/queue/stage-runner';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import { decodeTensorPack, type TensorPack } from '@timbre/shared/tensor-pack';
import type { ModelHost } from './inference/model-host.js';
import type { ServingModel } from './inference/serving-model.js';

export interface InferDeps {
  store: ObjectStore;
  models: Pick<ModelHost, 'get' | 'standIn' | 'reserve'>;
  metrics: Metrics;
  /** Wall clock in milliseconds: when the pack was made is a time of another process. */
  now?: (() => number) | undefined;
}

/** A stored pack may show late (RELIABILITY.md F24). */
const packRetryMs = 10_000;
/** Attempts a job waits for the very version it was promised, before another one with the same features may serve it. */
const standInAfter = 2;
const damages: ReadonlySet<string> = new Set(['tensor_corrupt', 'storage_corrupt', 'object_missing']);
const secondsSince = (startedAt: number) => (performance.now() - startedAt) / 1000;

/**
 * @throws (the handler) AppError `model_unavailable`, `inference_failed`, `inference_nonfinite`, storage errors other than
 * damage; a damaged pack is no error but `remake`
 */
export function createInferHandler({ store, models, metrics, now = Date.now }: InferDeps): StageHandler {
  return async ({ record, pack: reference }, signal): Promise<StageOutput> => {
    const { spec, progress } = record;
    const enteredAt = performance.now();
    // Never negative, however far the clocks of two machines are apart.
    const waitedSeconds = Math.max(0, (now() - (progress.packedAtMs ?? now())) / 1000);
    const model =
      models.get(spec.model, spec.modelDigest) ??
      (record.retries >= standInAfter ? models.standIn(spec.model, spec.featureDigest) : undefined);
    if (!model) throw new AppError('model_unavailable', { details: { model: spec.model } });
    const giveBack = await models.reserve(reference?.windows ?? 0, spec.lane, signal);
    try {
      const readAt = performance.now();
      const pack = await readPack(store, record, reference, signal);
      observeStage(metrics, 'storeGet', spec.lane, secondsSince(readAt));
      const { outputs, startedAt, inferSeconds } = await runModel(model, pack, spec.lane, signal);
      const inferWaitSeconds = waitedSeconds + (startedAt - enteredAt) / 1000;
      observeStage(metrics, 'inferWait', spec.lane, inferWaitSeconds);
      observeStage(metrics, 'infer', spec.lane, inferSeconds);
      return {
        kind: 'finish',
        result: decideClip(model.card, pack, outputs),
        provider: model.provider,
        modelDigest: model.modelDigest,
        timings: { inferWaitSeconds, inferSeconds },
        audioSeconds: pack.facts.clip.durationSeconds,
      };
    } catch (error) {
      if (isAppError(error) && damages.has(error.code)) return { kind: 'remake', cause: error };
      throw error;
    } finally {
      giveBack();
    }
  };
}

/** `inferSeconds` runs from the start of the first ONNX run to the end of the last. */
async function runModel(model: ServingModel, pack: TensorPack, lane: Lane, signal: AbortSignal) {
  let startedAt = performance.now();
  const onStart = () => (startedAt = performance.now());
  const outputs = await model.infer(pack.windows, pack.shape[0] ?? 0, { lane, signal, onStart });
  return { outputs, startedAt, inferSeconds: secondsSince(startedAt) };
}

/** @throws AppError `object_missing`, `storage_corrupt`, `tensor_corrupt` (damaged, or not what this job's clip and features give) */
async function readPack(
  store: ObjectStore,
  { spec, progress }: JobRecord,
  reference: PackReference | undefined,
  signal: AbortSignal,
): Promise<TensorPack> {
  if (!reference) throw new AppError('object_missing', { detail: 'the job has no tensor pack' });
  const { key, sha256, windows } = reference;
  const read = { expectedSha256: sha256, retryMissingMs: packRetryMs, signal };
  const pack = decodeTensorPack(await store.readAll(key, read));
  const { featureDigest, clipSha256 } = pack.facts;
  const expectedShape = [windows, ...windowShape(spec.features)].join();
  const strange =
    (featureDigest !== spec.featureDigest && 'features') ||
    (progress.clip?.sha256 !== undefined && clipSha256 !== progress.clip.sha256 && 'clip') ||
    (pack.shape.join() !== expectedShape && 'shape');
  if (strange) throw new AppError('tensor_corrupt', { detail: `the tensor pack is of another ${strange}` });
  return pack;
}
