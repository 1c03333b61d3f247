import unittest

import numpy as np
import torch

from timbre_training.networks import WithoutOther, cepstral_cnn, mfcc_cnn


class LevelTest(unittest.TestCase):
    def test_20_db_more_leave_the_cepstral_network_where_it_was(self):
        network = cepstral_cnn(5, 64, 24).eval()
        x = torch.rand(2, 1, 64, 87) * 60 - 70
        self.assertTrue(torch.allclose(network(x), network(x + 20), atol=1e-4))

    def test_20_db_more_are_160_in_the_first_of_64_band_mfcc_and_change_nothing(self):
        network = mfcc_cnn(5, np.zeros(15), np.ones(15)).eval()
        x = torch.randn(2, 1, 15, 173)
        louder = x.clone()
        louder[:, :, 0] += 20 * 8
        self.assertTrue(torch.allclose(network(x), network(louder), atol=1e-3))


class WithoutOtherTest(unittest.TestCase):
    def test_a_sound_that_is_surely_none_of_four_scores_a_quarter_each(self):
        logits = torch.tensor([[0.0, 0.0, 0.0, 0.0, 40.0]])
        scores = torch.softmax(WithoutOther(torch.nn.Identity())(logits), dim=1)
        self.assertTrue(torch.allclose(scores, torch.full((1, 4), 0.25), atol=1e-4))


if __name__ == "__main__":
    unittest.main()
