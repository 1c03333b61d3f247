"""Recipe 5: a small CNN on 15 MFCCs of the loudest two seconds at 44.1 kHz. `python3 -m timbre_training.recipes.mfcc_cnn`"""

import numpy as np
import torch

from timbre_training.feature_augment import augment_mfcc
from timbre_training.networks import mfcc_cnn
from timbre_training.recipes.research import Study, run
from timbre_training.spectrum_specs import LOUDEST_TWO_SECONDS, mfcc

SPEC = mfcc(44100, LOUDEST_TWO_SECONDS, bands=64, coefficients=15)


def coefficient_statistics(windows):
    """Mean and deviation of each coefficient after the level is taken out of the first: two arrays `[15]`."""
    sample = windows[:: max(1, len(windows) // 4000)].astype(np.float32)
    sample[:, :, 0] -= sample[:, :, 0].max(axis=2, keepdims=True)
    return sample.mean(axis=(0, 1, 3)), sample.std(axis=(0, 1, 3)) + 1e-3


def network_and_augment(classes, windows):
    """Both need to know how far each coefficient deviates."""
    mean, deviation = coefficient_statistics(windows)
    return mfcc_cnn(classes, mean, deviation), lambda x, rng: augment_mfcc(x, rng, torch.as_tensor(deviation))


STUDY = Study(
    model_id="mfcc-cnn",
    title="MFCC CNN (loudest two seconds)",
    spec=SPEC,
    from_windows=network_and_augment,
    epochs=14,
    windows=12800,
    rate=3e-3,
    seed=5,
    share=0.25,
)

if __name__ == "__main__":
    run(STUDY)
