import unittest

import numpy as np
import torch

from timbre_training.window_augment import augment_windows, band_limit, cut_off, shift_bands


def windows(count=8):
    return torch.from_numpy(np.random.default_rng(1).uniform(-70, 0, (count, 1, 64, 87))).float()


class WindowAugmentTest(unittest.TestCase):
    def test_a_shift_of_one_band_moves_every_band_up_by_one_and_repeats_the_lowest(self):
        x = windows()
        moved = shift_bands(x, torch.ones(len(x), 1, 1, 1))
        torch.testing.assert_close(moved[:, :, 1:], x[:, :, :-1])
        torch.testing.assert_close(moved[:, :, 0], x[:, :, 0])

    def test_a_shift_of_half_a_band_gives_the_mean_of_neighbours(self):
        x = windows()
        moved = shift_bands(x, torch.full((len(x), 1, 1, 1), 0.5))
        torch.testing.assert_close(moved[:, :, 1:], (x[:, :, 1:] + x[:, :, :-1]) / 2)

    def test_an_early_end_leaves_the_beginning_and_only_takes_away(self):
        x = windows()
        ended = cut_off(x, np.random.default_rng(2))
        torch.testing.assert_close(ended[..., :6], x[..., :6])
        self.assertTrue((ended <= x).all())
        self.assertTrue((ended[..., -1] < x[..., -1]).all())

    def test_band_limits_leave_the_middle(self):
        x = windows()
        torch.testing.assert_close(band_limit(x, np.random.default_rng(3))[:, :, 14:28], x[:, :, 14:28])

    def test_a_change_is_finite_has_a_range_of_80_db_and_is_named_by_its_seed(self):
        x = windows()
        results = []
        for _ in range(2):
            torch.manual_seed(4)
            results.append(augment_windows(x, np.random.default_rng(4)))
        torch.testing.assert_close(results[0], results[1])
        self.assertTrue(results[0].isfinite().all())
        span = results[0].amax(dim=(1, 2, 3)) - results[0].amin(dim=(1, 2, 3))
        self.assertLess(float(span.max()), 80.001)
        self.assertFalse(torch.equal(results[0], x))


if __name__ == "__main__":
    unittest.main()
