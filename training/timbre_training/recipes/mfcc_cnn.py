"""Recipe 5: a small CNN on 15 MFCCs of the loudest two seconds at 44.1 kHz. `python3 -m timbre_training.recipes.mfcc_cnn`"""

import argparse
from pathlib import Path

import numpy as np
import torch

from timbre_training.dataset import CLASSES, LABELS, load_sets
from timbre_training.feature_augment import augment_mfcc
from timbre_training.networks import mfcc_cnn
from timbre_training.recipes.fitting import Recipe, fit_and_export
from timbre_training.spectrum_specs import LOUDEST_TWO_SECONDS, mfcc
from timbre_training.training_loop import Schedule

SPEC = mfcc(44100, LOUDEST_TWO_SECONDS, bands=64, coefficients=15)


def coefficient_statistics(windows):
    """Mean and deviation of each coefficient after the level is taken out of the first: two arrays `[15]`."""
    sample = windows[:: max(1, len(windows) // 4000)].astype(np.float32)
    sample[:, :, 0] -= sample[:, :, 0].max(axis=2, keepdims=True)
    return sample.mean(axis=(0, 1, 3)), sample.std(axis=(0, 1, 3)) + 1e-3


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, default=Path("../models/mfcc-cnn"))
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args()
    sets = load_sets(SPEC, options.data, options.data / "features")
    mean, deviation = coefficient_statistics(sets.train.windows)
    torch.manual_seed(options.seed)
    recipe = Recipe(
        model_id="mfcc-cnn",
        version="1.0.0",
        title="MFCC CNN (loudest two seconds)",
        spec=SPEC,
        schedule=Schedule(epochs=options.epochs, windows_per_epoch=12800, rate=3e-3, seed=options.seed),
        augment=lambda x, rng: augment_mfcc(x, rng, torch.as_tensor(deviation)),
        clip_rule="meanScore",
        silence_gate_dbfs=-60.0,
        smoothing_windows=1,
        command=f"training/train.sh mfcc-cnn (epochs {options.epochs}, seed {options.seed})",
    )
    fit_and_export(recipe, mfcc_cnn(len(CLASSES), mean, deviation), sets, LABELS, options.out)


if __name__ == "__main__":
    main()
