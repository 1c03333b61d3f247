"""Our own model: the network of timbre-s with twelve labels, the common families of orchestra and band.
`python3 -m timbre_training.recipes.timbre_extended`

It starts from the twin of timbre-s (`runs/timbre-s-twin-first.pt` and `-second.pt`, so `train.sh timbre-s` comes first), all
but the last layers.
Real recordings teach only drums, guitar, piano and violin; the other families are known from soundfonts and models, so their
figures are of the held-out soundfont and say less about real recordings.
"""

import argparse
import time
from functools import partial
from pathlib import Path

import torch

from timbre_training.dataset import load_sets
from timbre_training.export import write_model
from timbre_training.families import FAMILIES, by_family
from timbre_training.feature_augment import augment_log_mel
from timbre_training.networks import WithoutOther, cepstral_cnn, cepstrum_statistics
from timbre_training.networks_committee import Committee, detail_cnn
from timbre_training.recipes.fitting import Recipe, balanced_emphasis, calibrated_card, fit, judge
from timbre_training.recipes.timbre_s import COEFFICIENTS, SPEC
from timbre_training.training_loop import Schedule

CLASSES = (*FAMILIES, "unknown")
#: The four that real recordings teach are drawn twice as often as other families.
_WEIGHTS = [2 if label in ("drums", "guitar", "piano", "violin", "unknown") else 1 for label in CLASSES]
SHARES = tuple(weight / sum(_WEIGHTS) for weight in _WEIGHTS)
NOTE = (
    "started from the twin of timbre-s; families other than drums, guitar, piano and violin were learnt from rendered and "
    "modelled audio alone"
)


def network_after(states, windows):
    """The two networks of timbre-s for these classes, with what `states`, their state dicts for other classes, can give."""
    bands, statistics = SPEC["transform"]["nMels"], cepstrum_statistics(windows, COEFFICIENTS)
    members = (cepstral_cnn(len(CLASSES), bands, COEFFICIENTS, statistics), detail_cnn(len(CLASSES), bands))
    for member, state in zip(members, states):
        wrapped = WithoutOther(member)
        own = wrapped.state_dict()
        taken = {name: value for name, value in state.items() if own[name].shape == value.shape}
        wrapped.load_state_dict({**own, **taken})
    return Committee(members)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, default=Path("../models/timbre-extended"))
    parser.add_argument("--start", type=Path, default=Path("runs"), help="where the networks of the twin are")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--windows", type=int, default=12800, help="windows drawn in one epoch")
    parser.add_argument("--seed", type=int, default=9)
    options = parser.parse_args()
    sets = load_sets(SPEC, options.data, options.data / "features")
    sets = type(sets)(*[by_family(window_set) for window_set in sets])
    recipe = Recipe(
        model_id="timbre-extended",
        version="1.0.0",
        title="Timbre extended (twelve families, log-mel windows over the whole clip)",
        spec=SPEC,
        schedule=Schedule(options.epochs, options.windows, rate=3e-3, mixup=0.15, seed=options.seed, half=True),
        augment=augment_log_mel,
        clip_rule="energyWeightedMean",
        silence_gate_dbfs=-65.0,
        smoothing_windows=3,
        command=f"training/train.sh timbre-extended --epochs {options.epochs} --windows {options.windows} --seed {options.seed}",
        emphasis=partial(balanced_emphasis, real_share=0.4),
        classes=CLASSES,
        shares=SHARES,
    )
    started = time.monotonic()
    torch.manual_seed(options.seed)
    states = [torch.load(options.start / f"timbre-s-twin-{name}.pt") for name in ("first", "second")]
    network = fit(recipe, network_after(states, sets.train.windows), sets, FAMILIES)
    seconds = round(time.monotonic() - started)
    card = calibrated_card(recipe, network, sets, FAMILIES)
    card["metrics"] = judge(network, sets, FAMILIES, card, recipe.command)
    card["provenance"].update(trainedSeconds=seconds, note=NOTE)
    write_model(network, list(sets.train.windows.shape[1:]), card, options.out)


if __name__ == "__main__":
    main()
