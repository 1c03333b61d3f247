import { describe, expect, it } from 'vitest';
import { recipeOf } from './training-recipe.js';

describe('recipeOf', () => {
  it('reads number, sentence and command of a research recipe', () => {
    const source = '"""Recipe 6: a CNN on the log-mel at 16 kHz,\nresized to 128×128.\n`python3 -m x`"""\n';
    expect(recipeOf('mel_image.py', source)).toEqual({
      modelId: 'mel-image',
      number: 6,
      description: 'a CNN on the log-mel at 16 kHz, resized to 128×128',
      command: 'training/train.sh mel-image',
    });
  });

  it('reads our own model, with a full stop within a number left alone', () => {
    const source = '"""Our own model: windows at 22.05 kHz. `python3 -m y`"""';
    expect(recipeOf('timbre_s.py', source)).toMatchObject({ number: undefined, description: 'windows at 22.05 kHz' });
  });

  it('knows that other modules are no recipes', () => {
    expect(recipeOf('fitting.py', '"""What every recipe does."""')).toBeUndefined();
  });
});
