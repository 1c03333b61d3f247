import tempfile
import unittest
from pathlib import Path

import numpy as np
import soundfile

from timbre_training import codecs, rooms
from timbre_training.augment import change
from timbre_training.scan import scan

RATE = 44100


def tone(seconds=1.0, level=0.3):
    return level * np.sin(2 * np.pi * 440 * np.arange(int(seconds * RATE)) / RATE)


class ScanTest(unittest.TestCase):
    def test_finds_corrupt_empty_silent_clipped_and_duplicate_files(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "guitar"
            folder.mkdir()
            noise = 0.1 * np.random.default_rng(1).standard_normal(RATE)
            soundfile.write(folder / "a.wav", noise, RATE)
            soundfile.write(folder / "b.wav", noise, RATE)
            soundfile.write(folder / "c.wav", np.zeros(RATE), RATE)
            soundfile.write(folder / "d.wav", np.clip(20 * noise, -1, 1), RATE)
            soundfile.write(folder / "e.wav", np.zeros(0), RATE)
            (folder / "f.wav").write_text("no sound")
            kinds = [" ".join(f.problems).split(" of ")[0].split(":")[0] for f in scan(Path(name))]
        self.assertEqual(kinds, ["", "duplicate", "silent", "clipped", "empty", "corrupt"])


class AugmentTest(unittest.TestCase):
    def test_noise_at_20_db_is_20_db_below(self):
        clean = tone()
        noise = rooms.add_noise(np.random.default_rng(2), clean, 20.0) - clean
        self.assertAlmostEqual(20 * np.log10(clean.std() / noise.std()), 20.0, places=3)

    def test_the_same_seed_gives_the_same_copy(self):
        first, second = (change(np.random.default_rng(9), tone(), "guitar", "program 25 melody") for _ in range(2))
        np.testing.assert_array_equal(first, second)

    def test_opus_keeps_the_length_within_20_ms(self):
        self.assertLess(abs(len(codecs.opus(tone())) - RATE), 0.02 * RATE)


if __name__ == "__main__":
    unittest.main()
