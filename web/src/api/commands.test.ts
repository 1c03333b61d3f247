import { describe, expect, it } from 'vitest';
import { commandsFor, shellWord } from './commands.js';

const options = { origin: 'http://127.0.0.1:8080', withKey: false };

describe('commandsFor', () => {
  it('sends the clip by its name, to the model that was chosen', () => {
    expect(commandsFor({ kind: 'clip', name: 'take3.wav', model: 'timbre-s' }, options).curl).toBe(
      'curl -F model=timbre-s -F file=@take3.wav http://127.0.0.1:8080/v1/classify',
    );
  });

  it('reads the key from the environment and never shows one', () => {
    const commands = commandsFor({ kind: 'results', batchId: 'b1' }, { ...options, withKey: true });
    for (const text of Object.values(commands)) expect(text).toContain('TIMBRE_KEY');
  });

  it('keeps a name with quotes and dollars one word of the shell', () => {
    expect(shellWord(`it's $HOME`)).toBe(String.raw`'it'\''s $HOME'`);
    expect(commandsFor({ kind: 'clip', name: 'a b;rm.wav' }, options).curl).toContain(`'file=@a b;rm.wav'`);
  });
});
