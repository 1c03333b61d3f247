import { describe, expect, it, vi } from 'vitest';

vi.mock('./capture-worklet.js?worker&url', () => ({ default: '/assets/capture-worklet.js' }));
const { insecureProblem, problemOfDevice } = await import('./microphone.js');

describe('what is wrong with a microphone', () => {
  it.each([
    ['NotAllowedError', 'Allow it'],
    ['NotFoundError', 'Plug one in'],
    ['OverconstrainedError', 'Choose another one'],
    ['NotReadableError', 'Close that program'],
  ])('says what to do about a %s', (name, advice) => expect(problemOfDevice(name).detail).toContain(advice));

  it('sends a person on an unsafe page to https or localhost, with the port', () => {
    expect(insecureProblem({ protocol: 'http:', port: '8080' }).detail).toContain('http://localhost:8080');
  });
});
