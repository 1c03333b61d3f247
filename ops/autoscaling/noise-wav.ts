/** 16-bit mono wav of noise that fades in and out each second: nothing in it is skipped as silence, no two are equal. */
export function noiseWav(seconds: number, rateHz: number): Uint8Array<ArrayBuffer> {
  const samples = Math.round(seconds * rateHz);
  const bytes = new Uint8Array(44 + samples * 2);
  const view = new DataView(bytes.buffer);
  const text = (at: number, value: string) => bytes.set(new TextEncoder().encode(value), at);
  text(0, 'RIFF');
  view.setUint32(4, 36 + samples * 2, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rateHz, true);
  view.setUint32(28, rateHz * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, 'data');
  view.setUint32(40, samples * 2, true);
  for (let at = 0; at < samples; at += 1)
    view.setInt16(44 + at * 2, (Math.random() - 0.5) * 24_000 * Math.sin((Math.PI * at) / rateHz), true);
  return bytes;
}
