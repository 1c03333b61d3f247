import unittest
from pathlib import Path

import numpy as np

from timbre_training.calibration import choose_threshold, threshold_table
from timbre_training.decisions import ClipScores, clip_scores, confusion, decide, expected_calibration_error
from timbre_training.features import WindowSet
from timbre_training.manifest import Clip

LABELS = ["drums", "violin"]


def windows(levels, owners, truths):
    clips = [Clip(Path(f"{i}.wav"), truth) for i, truth in enumerate(truths)]
    return WindowSet(np.zeros((len(levels), 1)), np.array(owners), np.array(levels, dtype=float), clips)


class ClipScoresTest(unittest.TestCase):
    def test_silent_windows_do_not_vote(self):
        logits = np.array([[9.0, 0.0], [0.0, 9.0], [0.0, 9.0]])
        clips = clip_scores(logits, windows([-20, -90, -90], [0, 0, 0], ["drums"]), 1.0, -60.0)
        self.assertEqual(decide(clips, LABELS, 0.5), ["drums"])

    def test_a_clip_of_silent_windows_is_mute(self):
        clips = clip_scores(np.zeros((2, 2)), windows([-70, -61], [0, 0], ["drums"]), 1.0, -60.0)
        self.assertEqual(decide(clips, LABELS, 0.5), ["mute"])

    def test_20_db_more_weigh_100_times_by_energy(self):
        logits = np.array([[50.0, 0.0], [0.0, 50.0]])
        clips = clip_scores(logits, windows([-20, -40], [0, 0], ["drums"]), 1.0, -60.0, "energyWeightedMean")
        self.assertAlmostEqual(clips.scores[0, 0], 100 / 101, places=6)


class FiguresTest(unittest.TestCase):
    def test_confusion_puts_a_refused_stranger_in_the_last_row(self):
        table = confusion(["drums", "unknown"], ["violin", "unknown"], LABELS)
        self.assertEqual(table.tolist(), [[0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]])

    def test_four_clips_at_0_75_of_which_three_are_right_have_no_calibration_error(self):
        scores = np.array([[0.75, 0.25]] * 4)
        clips = ClipScores(scores, np.zeros(4, dtype=bool), ["drums"] * 3 + ["violin"])
        self.assertAlmostEqual(expected_calibration_error(clips, LABELS), 0.0)


class ThresholdTest(unittest.TestCase):
    def setUp(self):
        # Four renderings at 0.9, one recording at 0.62, a foreign sound at 0.7; the recording is taken for drums.
        sure = np.array([0.9, 0.9, 0.9, 0.9, 0.62, 0.7])
        truth = ["drums"] * 4 + ["violin", "unknown"]
        self.clips = ClipScores(np.stack([sure, 1 - sure], axis=1), np.zeros(6, dtype=bool), truth)
        self.recorded = np.array([False] * 4 + [True, False])

    def row(self, threshold, **options):
        return next(row for row in threshold_table(self.clips, LABELS, **options) if row["threshold"] == threshold)

    def test_clips_count_alike_unless_recordings_are_told_from_renderings_which_then_count_for_half(self):
        self.assertEqual(self.row(0.65)["coverage"], 0.8)
        self.assertEqual(self.row(0.65, recorded=self.recorded)["coverage"], 0.5)
        self.assertEqual(self.row(0.5, recorded=self.recorded)["precision"], 0.5)
        self.assertEqual(self.row(0.65)["foreignRefused"], 0.0)
        self.assertEqual(self.row(0.75)["foreignRefused"], 1.0)

    def test_the_threshold_is_the_highest_with_enough_coverage(self):
        table = threshold_table(self.clips, LABELS, self.recorded)
        self.assertEqual(choose_threshold(table, 0.95), 0.6)


if __name__ == "__main__":
    unittest.main()
