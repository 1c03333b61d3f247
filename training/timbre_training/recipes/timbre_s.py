"""Our own model: overlapping two-second windows of log-mel at 22.05 kHz over the whole clip.
`python3 -m timbre_training.recipes.timbre_s`

Two come of it. The twin learns without the held-out sources, first from strongly, then from mildly changed windows; it is
calibrated and judged on those sources, and goes to `runs/timbre-s-twin/`. The model that ships goes on from the twin with every
source. It takes temperature and threshold from the twin: what it never met is what it will be asked, and only the twin can
tell how sure to be there.
"""

import argparse
import json
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch

from timbre_training.dataset import CLASSES, LABELS, load_sets
from timbre_training.export import write_model
from timbre_training.feature_augment import augment_log_mel
from timbre_training.networks import WithoutOther, cepstrum_statistics
from timbre_training.networks_committee import committee
from timbre_training.recipes.fitting import Recipe, balanced_emphasis, calibrated_card, fit, judge
from timbre_training.spectrum_specs import log_mel
from timbre_training.training_loop import Schedule
from timbre_training.window_augment import augment_windows

SPEC = log_mel(22050, {"kind": "sliding", "windowSeconds": 2, "hopSeconds": 1}, bands=64, low_hz=30)
TWIN = "of the twin"
MEMBERS = ("shape", "detail")
COEFFICIENTS = 24
REAL_SHARE = 0.4
OWN_SETS = {"validation": "recordings and renderings kept from training"}
NOTE = (
    "learnt from every real source, after a twin that had not; the twin, made in the same command, was calibrated and judged "
    "on the sources it never met"
)


def stages_of(options):
    """How the network is changed from stage to stage: for the twin the first two, for the one that ships the last."""
    strong, mild, full = options.epochs
    common = {"windows_per_epoch": options.windows, "mixup": 0.15, "half": True}
    return (
        (Schedule(strong, rate=4e-3, seed=options.seed, **common), augment_windows),
        (Schedule(mild, rate=2.5e-3, seed=options.seed + 1, **common), augment_log_mel),
        (Schedule(full, rate=2e-3, seed=options.seed + 2, **common), augment_log_mel),
    )


def recipe_of(options, model_id, stage):
    """Everything but the data."""
    epochs = " ".join(str(number) for number in options.epochs)
    schedule, augment = stages_of(options)[stage]
    return Recipe(
        model_id=model_id,
        version="2.0.0",
        title="Timbre S (log-mel windows over the whole clip)",
        spec=SPEC,
        schedule=schedule,
        augment=augment,
        clip_rule="energyWeightedMean",
        silence_gate_dbfs=-65.0,
        smoothing_windows=3,
        command=f"training/train.sh timbre-s --epochs {epochs} --windows {options.windows} --seed {options.seed}",
        emphasis=partial(balanced_emphasis, real_share=REAL_SHARE),
    )


def new_network(windows, seed):
    """The committee, untrained."""
    torch.manual_seed(seed)
    return committee(len(CLASSES), SPEC["transform"]["nMels"], cepstrum_statistics(windows, COEFFICIENTS), MEMBERS)


def make_twin(options):
    """Trains, calibrates and judges the twin, and writes it to `runs/`."""
    started = time.monotonic()
    sets = load_sets(SPEC, options.data, options.data / "features")
    network = new_network(sets.train.windows, options.seed)
    for stage in (0, 1):
        recipe = recipe_of(options, "timbre-s-twin", stage)
        network = fit(recipe, network, sets, LABELS).network
    seconds = round(time.monotonic() - started)
    network = WithoutOther(network).eval()
    card = calibrated_card(recipe, network, sets, LABELS)
    card["metrics"] = judge(network, sets, LABELS, card, recipe.command)
    card["provenance"].update(trainedSeconds=seconds, schedule=[asdict(schedule) for schedule, _ in stages_of(options)[:2]])
    write_model(network, list(sets.train.windows.shape[1:]), card, options.twin)


def make_full(options):
    """Goes on from the twin with every source, and writes the model that ships, the twin's figures before its own."""
    started = time.monotonic()
    recipe = recipe_of(options, "timbre-s", 2)
    sets = load_sets(SPEC, options.data, options.data / "features", full=True)
    network = WithoutOther(new_network(sets.train.windows, options.seed))
    network.load_state_dict(torch.load(options.twin.parent / "timbre-s-twin.pt"))
    network = fit(recipe, network.network, sets, LABELS)
    seconds = round(time.monotonic() - started)
    card = calibrated_card(recipe, network, sets, LABELS)
    twin = json.loads((options.twin / "model.json").read_text(encoding="utf-8"))
    card.update(temperature=twin["temperature"], thresholds=twin["thresholds"])
    judged = judge(network, sets, LABELS, card, recipe.command, "decided nothing")
    own = [{**row, "set": f"shipped model: {OWN_SETS.get(row['set'], row['set'])}"} for row in judged]
    card["metrics"] = [{**row, "set": f"{row['set']}, {TWIN}"} for row in twin["metrics"]] + own
    facts = twin["provenance"]
    card["provenance"].update(
        calibration=facts["calibration"],
        schedule=[asdict(schedule) for schedule, _ in stages_of(options)],
        trainedSeconds=seconds + facts["trainedSeconds"],
        note=NOTE,
    )
    write_model(network, list(sets.train.windows.shape[1:]), card, options.out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, default=Path("../models/timbre-s"))
    parser.add_argument("--twin", type=Path, default=Path("runs/timbre-s-twin"), help="where the twin goes")
    parser.add_argument("--epochs", type=int, nargs=3, default=[22, 14, 9], help="strong, mild, with every source")
    parser.add_argument("--windows", type=int, default=12800, help="windows drawn in one epoch")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", choices=["twin", "full"], help="one of the two; `full` needs the twin's card")
    options = parser.parse_args()
    if options.only != "full":
        make_twin(options)
    if options.only != "twin":
        make_full(options)


if __name__ == "__main__":
    main()
