import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch

from timbre_training.export import write_onnx
from timbre_training.manifest import Clip
from timbre_training.networks import WithoutOther, cepstral_cnn
from timbre_training.networks_committee import Committee, detail_cnn
from timbre_training.recipes.fitting import balanced_emphasis
from timbre_training.recipes.timbre_extended import CLASSES, network_after

STATISTICS = (torch.zeros(24), torch.ones(24))


class CommitteeTest(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(1)
        self.network = Committee([cepstral_cnn(5, 64, 24, STATISTICS), detail_cnn(5, 64)])
        self.x = torch.rand(3, 1, 64, 87) * 80 - 80

    def test_in_training_each_member_answers_for_itself(self):
        answers = self.network.train()(self.x)
        self.assertEqual([tuple(part.shape) for part in answers], [(3, 5), (3, 5)])
        self.assertFalse(torch.allclose(*answers))

    def test_else_it_answers_with_the_mean_probability_of_its_members(self):
        self.network.eval()
        mean = sum(torch.softmax(member(self.x), dim=1) for member in self.network.members) / 2
        torch.testing.assert_close(self.network(self.x).exp(), mean, atol=1e-5, rtol=1e-4)

    def test_it_becomes_one_graph_under_5_mb_and_a_change_of_level_changes_nothing(self):
        network = WithoutOther(self.network).eval()
        torch.testing.assert_close(network(self.x), network(self.x - 20), atol=1e-4, rtol=1e-4)
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "model.onnx"
            write_onnx(network, [1, 64, 87], target)
            self.assertLess(target.stat().st_size, 5e6)


class ExtendedTest(unittest.TestCase):
    def test_a_network_for_other_labels_takes_over_all_but_the_last_layers(self):
        parts = (cepstral_cnn(5, 64, 24, STATISTICS), detail_cnn(5, 64))
        states = [WithoutOther(part).state_dict() for part in parts]
        extended = network_after(states, np.zeros((4, 1, 64, 87), dtype=np.float16))
        self.assertEqual(tuple(extended.eval()(torch.zeros(2, 1, 64, 87)).shape), (2, len(CLASSES)))
        for member, part in zip(extended.members, parts):
            torch.testing.assert_close(member[1][0].weight, part[1][0].weight)


class BalancedEmphasisTest(unittest.TestCase):
    def test_a_source_of_four_clips_weighs_twice_one_of_one_and_recordings_have_their_share(self):
        sources = [("big", "real-1")] * 4 + [("small", "real-2")] + [("font", "font-1")] * 9
        clips = [Clip(Path(f"{n}.wav"), "piano", source=source, group=group) for n, (source, group) in enumerate(sources)]
        weight = balanced_emphasis(clips, real_share=0.4)
        sums = {name: sum(weight(clip) for clip in clips if clip.source == name) for name in ("big", "small", "font")}
        self.assertAlmostEqual(sums["big"], 2 * sums["small"])
        self.assertAlmostEqual(sums["big"] + sums["small"], 0.4)
        self.assertAlmostEqual(sums["font"], 0.6)

    def test_modelled_instruments_of_a_class_can_count_as_one_source(self):
        clips = [Clip(Path(f"{n}.wav"), "piano", source=source) for n, source in enumerate(["modelled:A", "modelled:B", "font"])]
        apart, together = (balanced_emphasis(clips, 0.4, models_as_one=one)(clips[2]) for one in (False, True))
        self.assertAlmostEqual(apart, 1 / 3)
        self.assertAlmostEqual(together, 1 / (1 + 2**0.5))


if __name__ == "__main__":
    unittest.main()
