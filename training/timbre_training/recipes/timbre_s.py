"""Our own model: overlapping two-second windows of log-mel at 22.05 kHz over the whole clip.
`python3 -m timbre_training.recipes.timbre_s`"""

import argparse
from pathlib import Path

import torch

from timbre_training.dataset import CLASSES, LABELS, load_sets
from timbre_training.feature_augment import augment_log_mel
from timbre_training.networks import cepstral_cnn, cepstrum_statistics
from timbre_training.recipes.fitting import Recipe, fit_and_export
from timbre_training.training_loop import Schedule

SPEC = {
    "version": 1,
    "sampleRateHz": 22050,
    "crop": {"kind": "sliding", "windowSeconds": 2, "hopSeconds": 1},
    "transform": {
        "kind": "logMel",
        "nFft": 1024,
        "hopLength": 512,
        "winLength": 1024,
        "nMels": 64,
        "fMinHz": 30,
        "fMaxHz": None,
        "melScale": "htk",
        "melNorm": "none",
        "power": 2,
        "center": True,
        "log": {"kind": "db", "topDb": 80},
    },
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, default=Path("../models/timbre-s"))
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--windows", type=int, default=12800, help="windows drawn in one epoch")
    parser.add_argument("--coefficients", type=int, default=24)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    sets = load_sets(SPEC, options.data, options.data / "features")
    statistics = cepstrum_statistics(sets.train.windows, options.coefficients)
    torch.manual_seed(options.seed)
    recipe = Recipe(
        model_id="timbre-s",
        version="1.0.0",
        title="Timbre S (log-mel windows over the whole clip)",
        spec=SPEC,
        schedule=Schedule(epochs=options.epochs, windows_per_epoch=options.windows, rate=4e-3, mixup=0.15, seed=options.seed),
        augment=augment_log_mel,
        clip_rule="energyWeightedMean",
        silence_gate_dbfs=-65.0,
        smoothing_windows=3,
        command=f"training/train.sh timbre-s --epochs {options.epochs} --windows {options.windows}"
        f" --coefficients {options.coefficients} --seed {options.seed}",
    )
    network = cepstral_cnn(len(CLASSES), SPEC["transform"]["nMels"], options.coefficients, statistics)
    fit_and_export(recipe, network, sets, LABELS, options.out)


if __name__ == "__main__":
    main()
