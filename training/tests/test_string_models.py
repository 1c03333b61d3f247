import unittest

import numpy as np

from timbre_training.model_notes import INSTRUMENTS, model_clip, notes_of
from timbre_training.string_models import RATE, BowedString, StruckString, Tine, frequency_of


def pitch_hz(sound):
    """The lag of the highest autocorrelation peak between 50 and 2000 Hz."""
    spectrum = np.abs(np.fft.rfft(sound, 2 * len(sound))) ** 2
    correlation = np.fft.irfft(spectrum)[: RATE // 50]
    return RATE / (RATE // 2000 + int(correlation[RATE // 2000 :].argmax()))


class PitchTest(unittest.TestCase):
    def test_key_69_sounds_within_a_quarter_tone_of_440_hz_or_its_lower_octave(self):
        for maker in (StruckString, Tine, BowedString):
            sound = maker(np.random.default_rng(3)).note(69, 0.5, 90)
            octaves = np.log2(pitch_hz(sound) / frequency_of(69))
            self.assertLess(abs(octaves - round(octaves)), 1 / 24, maker.__name__)


class ClipTest(unittest.TestCase):
    def test_a_seed_names_a_clip(self):
        for _, maker, styles, keys, _ in INSTRUMENTS:
            first, second = (model_clip(maker, styles, keys, [1, 2])[0] for _ in range(2))
            np.testing.assert_array_equal(first, second)
            self.assertTrue(np.isfinite(first).all())
            self.assertLess(np.abs(first).max(), 1)

    def test_a_key_struck_twice_makes_two_notes(self):
        events = [(0.0, ("on", 60, 80)), (0.5, ("off", 60)), (1.0, ("on", 60, 90)), (1.25, ("off", 60))]
        self.assertEqual(notes_of(events), [(0.0, 0.5, 60, 80), (1.0, 0.25, 60, 90)])


if __name__ == "__main__":
    unittest.main()
