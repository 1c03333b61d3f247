import { describe, expect, it } from 'vitest';
import { describeSending, describeSent, describeUpload } from './describe-sending.js';

const progress = { files: 2000, hashed: 1000, sent: { clips: 400, bytes: 5e7 }, skipped: { clips: 100, bytes: 1e7 } };
const quarter = `${'█'.repeat(6)}${'░'.repeat(18)}`;

describe('describeSending', () => {
  it('shows pace and time left from 500 of 2,000 files in 10 s', () => {
    expect(describeSending(progress, 10)).toBe(
      `${quarter} 500/2,000 files, 50.0/s, 30 s left, 50.0 MB sent, 100 there already, 1,000 hashed`,
    );
  });
  it('guesses nothing in the first second and leaves out what is 0', () => {
    const early = { files: 2, hashed: 2, sent: { clips: 1, bytes: 9 }, skipped: { clips: 0, bytes: 0 } };
    expect(describeSending(early, 0.9)).toMatch(/^█{12}░{12} 1\/2 files, 9 B sent$/);
  });
});

it('tells in the end what was sent and what was not', () => {
  expect(describeSent(progress)).toBe('400 files sent (50.0 MB), 100 there already (10.0 MB not sent)');
});

describe('describeUpload', () => {
  it('takes the pace from the bytes of this run, not from those that were there', () => {
    expect(describeUpload({ sent: 25e6, total: 100e6, fresh: 5e6, seconds: 2 })).toBe(
      `${quarter} 25.0 MB/100 MB sent, 2.5 MB/s, 30 s left`,
    );
  });
});
