import tempfile
import unittest
from pathlib import Path

from timbre_training.manifest import Clip, read_manifest, write_manifest
from timbre_training.thinned import thinned


def names(folder):
    return {clip.path.name for clip in read_manifest(folder)}


class ThinnedTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.data = Path(self.folder.name)
        for name in ("rendered", "real"):
            (self.data / name / "piano").mkdir(parents=True)
            clips = []
            for number in range(400):
                path = self.data / name / "piano" / f"{name}-{number}.flac"
                clips.append(Clip(path, "piano", "train" if number < 300 else "heldout"))
            (self.data / name / "piano" / f"{name}-399.flac").write_bytes(b"clip")
            write_manifest(self.data / name, clips)

    def tearDown(self):
        self.folder.cleanup()

    def test_a_share_of_one_is_the_data_itself(self):
        self.assertEqual(thinned(self.data, 1), self.data)

    def test_a_third_of_300_training_clips_stays_with_all_100_others_and_all_real_ones(self):
        small = thinned(self.data, 1 / 3)
        splits = [clip.split for clip in read_manifest(small / "rendered")]
        self.assertEqual(splits.count("heldout"), 100)
        self.assertTrue(75 <= splits.count("train") <= 125)
        self.assertEqual(len(names(small / "real")), 400)

    def test_a_smaller_share_keeps_a_part_of_what_a_larger_one_keeps(self):
        large, small = (names(thinned(self.data, share) / "rendered") for share in (0.5, 0.2))
        self.assertTrue(small < large)

    def test_made_twice_it_is_the_same_and_its_clips_can_be_read(self):
        first, again = (names(thinned(self.data, 0.2) / "rendered") for _ in range(2))
        self.assertEqual(first, again)
        last = next(c for c in read_manifest(self.data / "thinned-20" / "rendered") if c.path.stem == "rendered-399")
        self.assertEqual(last.path.read_bytes(), b"clip")


if __name__ == "__main__":
    unittest.main()
