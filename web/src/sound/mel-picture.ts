/** Asks a worker for the spectrogram of a clip; one worker a picture, ended with it. */
import type { ServedModel } from '@timbre/client';
import type { DecodedClip } from './decode-clip.js';
import type { MelOptions, MelPicture } from './log-mel.js';
import PictureWorker from './picture-worker.js?worker';

export const DEFAULT_RATE_HZ = 22_050;
const MAX_FRAMES = 2000;

/** The rate at which a model hears, within what browsers can resample to. */
export function rateOf(model: ServedModel | undefined): number {
  return Math.max(8000, Math.min(96_000, model?.features.sampleRateHz ?? DEFAULT_RATE_HZ));
}

/** As the model's front end sees it, where that is a mel filter bank. */
export function melOptionsFor(model: ServedModel | undefined, sampleRateHz: number): MelOptions {
  const transform = model?.features.transform;
  const nyquist = sampleRateHz / 2;
  if (!transform || transform.kind === 'waveform' || (transform.nFft & (transform.nFft - 1)) !== 0)
    return { sampleRateHz, nFft: 1024, nMels: 64, fMinHz: 30, fMaxHz: nyquist, maxFrames: MAX_FRAMES };
  const { nFft, nMels, fMinHz, fMaxHz } = transform;
  return { sampleRateHz, nFft, nMels, fMinHz, fMaxHz: Math.min(fMaxHz ?? nyquist, nyquist), maxFrames: MAX_FRAMES };
}

export function melPicture(clip: DecodedClip, options: MelOptions, signal: AbortSignal): Promise<MelPicture> {
  return new Promise((resolve, reject) => {
    const worker = new PictureWorker();
    const end = (): void => worker.terminate();
    signal.addEventListener('abort', end, { once: true });
    worker.onmessage = ({ data }: MessageEvent<MelPicture>) => {
      end();
      resolve(data);
    };
    worker.onerror = ({ message }) => {
      end();
      reject(new Error(`the spectrogram could not be computed: ${message}`));
    };
    worker.postMessage({ samples: clip.samples, options });
  });
}
