import unittest
from pathlib import Path

from timbre_training.manifest import Clip
from timbre_training.split import assign


class AssignTest(unittest.TestCase):
    def test_no_recording_crosses_the_split(self):
        clips = [Clip(Path(f"{i}.wav"), "ab"[i % 2], group=f"take{i // 4}") for i in range(200)]
        splits = assign(clips, (0.7, 0.15, 0.15), seed=1)
        self.assertEqual(set(splits), {f"take{i}" for i in range(50)})

    def test_100_single_clips_of_each_of_two_labels_become_70_15_15(self):
        clips = [Clip(Path(f"{label}{i}.wav"), label, group=f"{label}{i}") for label in "ab" for i in range(100)]
        splits = assign(clips, (0.7, 0.15, 0.15), seed=1)
        for label in "ab":
            names = [splits[clip.group] for clip in clips if clip.label == label]
            self.assertEqual([names.count(n) for n in ("train", "validation", "test")], [70, 15, 15])


if __name__ == "__main__":
    unittest.main()
