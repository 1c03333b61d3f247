/** What the model saw: mel bands over time, the louder the brighter. */
import { useCallback } from 'preact/hooks';
import type { MelPicture } from '../sound/log-mel.js';
import { Canvas, type Surface } from './canvas.js';

/** From silence to loud, in both themes: ink, plum, ember, straw. Lightness only rises, so it reads in grey too. */
const ramp: readonly (readonly [number, number, number])[] = [
  [18, 20, 27],
  [49, 33, 76],
  [116, 42, 92],
  [190, 66, 70],
  [238, 126, 62],
  [250, 197, 112],
  [255, 246, 214],
];

const colours = Uint8Array.from({ length: 256 * 3 }, (_, i) => {
  const at = (Math.floor(i / 3) / 255) * (ramp.length - 1);
  const [from, to] = [ramp[Math.floor(at)], ramp[Math.min(ramp.length - 1, Math.floor(at) + 1)]];
  const part = at - Math.floor(at);
  return Math.round((from?.[i % 3] ?? 0) * (1 - part) + (to?.[i % 3] ?? 0) * part);
});

export function Spectrogram({ picture, label }: { picture: MelPicture; label: string }) {
  const draw = useCallback(
    ({ context, width, height }: Surface) => {
      const image = imageOf(picture);
      context.imageSmoothingEnabled = true;
      context.imageSmoothingQuality = 'high';
      context.drawImage(image, 0, 0, width, height);
    },
    [picture],
  );
  return <Canvas class="spectrogram" draw={draw} label={label} />;
}

function imageOf({ levels, nMels, frames }: MelPicture): OffscreenCanvas {
  const image = new OffscreenCanvas(frames, nMels);
  const context = image.getContext('2d');
  if (!context) return image;
  const pixels = context.createImageData(frames, nMels);
  for (let mel = 0; mel < nMels; mel += 1) {
    const row = nMels - 1 - mel;
    for (let frame = 0; frame < frames; frame += 1) {
      const level = levels[mel * frames + frame] ?? 0;
      const at = 4 * (row * frames + frame);
      for (let part = 0; part < 3; part += 1) pixels.data[at + part] = colours[3 * level + part] ?? 0;
      pixels.data[at + 3] = 255;
    }
  }
  context.putImageData(pixels, 0, 0);
  return image;
}
