/** Computes spectrograms off the page's thread, so that nothing stutters while a long clip is drawn. */
import { logMelPicture, type MelOptions, type MelPicture } from './log-mel.js';

export interface PictureRequest {
  samples: Float32Array<ArrayBuffer>;
  options: MelOptions;
}

interface WorkerScope {
  onmessage: ((event: MessageEvent<PictureRequest>) => void) | null;
  postMessage(message: MelPicture, transfer: Transferable[]): void;
}
const scope = globalThis as unknown as WorkerScope;

scope.onmessage = ({ data }) => {
  const picture = logMelPicture(data.samples, data.options);
  scope.postMessage(picture, [picture.levels.buffer]);
};
