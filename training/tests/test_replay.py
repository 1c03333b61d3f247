import tempfile
import unittest
from pathlib import Path

import numpy as np
import soundfile

from timbre_training.manifest import Clip
from timbre_training.replay import HOME, RATE, REACH, STYLES, RecordedNote, notes_in, replayed, style_of


def pluck(hertz, seconds):
    time = np.arange(int(seconds * RATE)) / RATE
    return np.sin(2 * np.pi * hertz * time) * np.exp(-4 * time)


class NotesTest(unittest.TestCase):
    def test_three_plucks_in_a_row_are_three_notes_without_the_silence_before_them(self):
        sound = np.concatenate([np.zeros(RATE // 2), pluck(220, 0.6), pluck(330, 0.8), pluck(262, 1.0)])
        lengths = [len(piece) / RATE for piece in notes_in(sound)]
        np.testing.assert_allclose(lengths, [0.6, 0.8, 1.0], atol=0.03)

    def test_a_steady_tone_is_one_note(self):
        self.assertEqual(len(notes_in(np.sin(np.arange(RATE) / 20))), 1)


class RecordedNoteTest(unittest.TestCase):
    def test_twelve_keys_up_it_runs_twice_as_fast_and_far_keys_are_silent(self):
        note = RecordedNote(np.random.default_rng(1), pluck(200, 1.0))
        note.tuning = 0
        sound = note.note(HOME + 7, 5.0, 100)
        self.assertAlmostEqual(len(sound), RATE / 2 ** (7 / 12), delta=2)
        spectrum = np.abs(np.fft.rfft(sound))
        self.assertAlmostEqual(spectrum.argmax() * RATE / len(sound), 200 * 2 ** (7 / 12), delta=3)
        self.assertEqual(np.abs(note.note(HOME + REACH + 1, 1.0, 100)).max(), 0)


class ReplayTest(unittest.TestCase):
    def test_every_style_of_every_label_exists_and_a_seed_names_a_phrase(self):
        for names in STYLES.values():
            self.assertTrue(all(callable(style_of(name)) for name in names))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "clip.wav"
            soundfile.write(path, 0.5 * pluck(220, 1.5), RATE)
            for label in STYLES:
                first, second = (replayed(Clip(path, label, detail="note: "), [1, 2]) for _ in range(2))
                np.testing.assert_array_equal(first, second)
                self.assertGreater(np.abs(first).max(), 0)


if __name__ == "__main__":
    unittest.main()
