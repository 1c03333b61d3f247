"""Our own model: overlapping two-second windows of log-mel at 22.05 kHz over the whole clip.
`python3 -m timbre_training.recipes.timbre_s`

Two are trained alike. The twin learns without the held-out sources, is calibrated and judged on them, and goes to
`runs/timbre-s-twin/`. The one that ships learns from every source, and takes temperature and threshold from the twin: what it
never met is what it will be asked, and only the twin can tell how sure to be there.
"""

import argparse
import json
import time
from functools import partial
from pathlib import Path

import torch

from timbre_training.dataset import CLASSES, LABELS, load_sets
from timbre_training.export import write_model
from timbre_training.networks import cepstrum_statistics
from timbre_training.networks_committee import committee
from timbre_training.recipes.fitting import Recipe, balanced_emphasis, calibrated_card, fit, judge
from timbre_training.spectrum_specs import log_mel
from timbre_training.training_loop import Schedule
from timbre_training.window_augment import augment_windows

SPEC = log_mel(22050, {"kind": "sliding", "windowSeconds": 2, "hopSeconds": 1}, bands=64, low_hz=30)
TWIN = "of the twin"


def recipe_of(options, model_id):
    """Everything but the data."""
    words = f"--epochs {options.epochs} --windows {options.windows} --coefficients {options.coefficients}"
    return Recipe(
        model_id=model_id,
        version="2.0.0",
        title="Timbre S (log-mel windows over the whole clip)",
        spec=SPEC,
        schedule=Schedule(options.epochs, options.windows, rate=4e-3, mixup=0.15, seed=options.seed, half=True),
        augment=augment_windows,
        clip_rule="energyWeightedMean",
        silence_gate_dbfs=-65.0,
        smoothing_windows=3,
        command=f"training/train.sh timbre-s {words} --members {' '.join(options.members)} --seed {options.seed}",
        emphasis=partial(balanced_emphasis, real_share=options.real_share),
    )


def trained(options, recipe, full):
    """Sets, network and seconds of one of the two."""
    started = time.monotonic()
    sets = load_sets(SPEC, options.data, options.data / "features", full)
    statistics = cepstrum_statistics(sets.train.windows, options.coefficients)
    torch.manual_seed(options.seed)
    network = fit(recipe, committee(len(CLASSES), SPEC["transform"]["nMels"], statistics, options.members), sets, LABELS)
    return sets, network, round(time.monotonic() - started)


def make_twin(options):
    """Trains, calibrates and judges the twin, and writes it to `runs/`."""
    recipe = recipe_of(options, "timbre-s-twin")
    sets, network, seconds = trained(options, recipe, full=False)
    card = calibrated_card(recipe, network, sets, LABELS)
    card["metrics"] = judge(network, sets, LABELS, card, recipe.command)
    card["provenance"]["trainedSeconds"] = seconds
    write_model(network, list(sets.train.windows.shape[1:]), card, options.twin)


def make_full(options):
    """Trains the model that ships, on every source, with the twin's calibration and the twin's figures before its own."""
    recipe = recipe_of(options, "timbre-s")
    sets, network, seconds = trained(options, recipe, full=True)
    twin = json.loads((options.twin / "model.json").read_text(encoding="utf-8"))
    card = calibrated_card(recipe, network, sets, LABELS)
    card.update(temperature=twin["temperature"], thresholds=twin["thresholds"])
    own = judge(network, sets, LABELS, card, recipe.command, "decided nothing")
    names = {"validation": "recordings kept from training", own[1]["set"]: own[1]["set"]}
    card["metrics"] = [{**row, "set": f"{row['set']}, {TWIN}"} for row in twin["metrics"]]
    card["metrics"] += [{**row, "set": f"shipped model: {names[row['set']]}"} for row in own]
    facts = card["provenance"]
    facts["calibration"] = twin["provenance"]["calibration"]
    facts["trainedSeconds"] = seconds + twin["provenance"]["trainedSeconds"]
    facts["note"] = (
        "learnt from every real source; judged and calibrated by a twin of the same recipe that never met the held-out ones, "
        "trained in the same command"
    )
    write_model(network, list(sets.train.windows.shape[1:]), card, options.out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, default=Path("../models/timbre-s"))
    parser.add_argument("--twin", type=Path, default=Path("runs/timbre-s-twin"), help="where the twin goes")
    parser.add_argument("--epochs", type=int, default=22)
    parser.add_argument("--windows", type=int, default=12800, help="windows drawn in one epoch")
    parser.add_argument("--coefficients", type=int, default=24)
    parser.add_argument("--members", nargs="+", default=["shape", "detail"], choices=["shape", "detail"])
    parser.add_argument("--real-share", type=float, default=0.4, help="of the draws of a class, as far as it has real clips")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", choices=["twin", "full"], help="one of the two; `full` needs the twin's card")
    options = parser.parse_args()
    if options.only != "full":
        make_twin(options)
    if options.only != "twin":
        make_full(options)


if __name__ == "__main__":
    main()
