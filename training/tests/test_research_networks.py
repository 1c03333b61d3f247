import unittest

import numpy as np
import torch

from timbre_training.networks_image import EfficientNetB0, ResNet, efficientnet_b0, resnet_152
from timbre_training.networks_mel import mel_cnn
from timbre_training.networks_wav2vec2 import SIZES, Wav2Vec2, wav2vec2
from timbre_training.recipes.wav2vec2 import augment_waveform


def parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


class SizeTest(unittest.TestCase):
    def test_with_1000_classes_the_image_networks_have_the_parameters_their_papers_give(self):
        self.assertEqual(parameters(ResNet((3, 8, 36, 3), 1000)), 60_192_808)
        self.assertEqual(parameters(EfficientNetB0(1000)), 5_288_548)

    def test_wav2vec2_base_has_94_million_parameters(self):
        self.assertAlmostEqual(parameters(Wav2Vec2(SIZES["base"])) / 1e6, 94.4, delta=0.1)

    def test_two_seconds_at_16_khz_are_99_frames(self):
        with torch.no_grad():
            self.assertEqual(wav2vec2(5).eval().backbone(torch.randn(1, 32000)).shape, (1, 99, 192))


class LevelTest(unittest.TestCase):
    def assert_same(self, network, quiet, loud):
        with torch.no_grad():
            self.assertTrue(torch.allclose(network.eval()(quiet), network(loud), atol=1e-3))

    def test_20_db_more_change_no_log_mel_network(self):
        x = torch.rand(1, 1, 64, 64) * 60 - 70
        for network in (mel_cnn(5), efficientnet_b0(5), resnet_152(5)):
            self.assert_same(network, x, x + 20)

    def test_20_db_more_change_nothing_in_wav2vec2(self):
        x = torch.randn(1, 16000) * 0.05
        self.assert_same(wav2vec2(5), x, x * 10)


class WaveformTest(unittest.TestCase):
    def test_augmented_waveforms_keep_their_level_within_a_tenth_of_a_db(self):
        x = torch.randn(4, 8000) * 0.1
        changed = augment_waveform(x, np.random.default_rng(1))
        decibels = 10 * torch.log10(changed.pow(2).mean(dim=1) / x.pow(2).mean(dim=1))
        self.assertFalse(torch.equal(changed, x))
        self.assertLess(decibels.abs().max().item(), 0.1)


if __name__ == "__main__":
    unittest.main()
