/** Contents that look like recordings to a packer: noise does not deflate, a ramp does, silence deflates 1000:1. */
import { seededRandom } from '../../audio/testing/signals.js';

export function noise(bytes: number, seed = 1): Buffer {
  const random = seededRandom(seed);
  const content = Buffer.alloc(bytes);
  for (let i = 0; i < bytes; i++) content[i] = Math.floor(random() * 256);
  return content;
}

export const silence = (bytes: number) => Buffer.alloc(bytes);

/** Deflates to about a half. */
export function ramp(bytes: number): Buffer {
  const content = Buffer.alloc(bytes);
  for (let i = 0; i < bytes; i++) content[i] = i % 2 === 0 ? (i * 31) & 0xff : (i >> 8) & 0x0f;
  return content;
}
