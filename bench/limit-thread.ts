/** The limit: a thread that does nothing but decode → features → ONNX, one clip after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { decodeTensorPack } from '@timbre/shared/tensor-pack';
import { preprocessClip } from '@timbre/preprocess/preprocess-clip';
import { defaultDecodeLimits } from '@timbre/preprocess/audio/decode-clip';
import type { ModelCard } from '@timbre/shared/contracts/model-card';

const { onnx, card } = workerData as { onnx: Uint8Array; card: ModelCard };
const session = await InferenceSession.create(onnx, {
  intraOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  extra: { session: { intra_op: { allow_spinning: '0' } } },
});

async function classify(bytes: Uint8Array): Promise<void> {
  const { pack } = await preprocessClip({
    bytes,
    features: card.features,
    featureDigest: 'bench',
    limits: defaultDecodeLimits,
    ffmpegPath: null,
  });
  const { windows, shape } = decodeTensorPack(pack);
  const answer = await session.run({ [card.input.name]: new Tensor('float32', windows, shape) });
  if (!answer[card.output.name]) throw new Error('no output');
}

parentPort?.on('message', (clips: Uint8Array[]) => {
  void (async () => {
    const started = performance.now();
    for (const clip of clips) await classify(clip);
    parentPort?.postMessage(performance.now() - started);
  })();
});
parentPort?.postMessage('ready');
