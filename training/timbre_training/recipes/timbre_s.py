"""Our own model: overlapping two-second windows of log-mel at 22.05 kHz over the whole clip.
`python3 -m timbre_training.recipes.timbre_s`

Two small networks in one graph: a first one that sees smooth spectra and learns from plain data alone, and a second that sees
every band and learns from everything, first from strongly, then from mildly changed windows. Two models come of it. The twin learns without the
held-out sources; it is calibrated and judged on them, and goes to `runs/timbre-s-twin/`. The model that ships goes on from the
twin's networks with every source. It takes temperature and threshold from the twin: what it never met is what it will be
asked, and only the twin can tell how sure to be there.
"""

import argparse
import json
import time
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Callable

import torch

from timbre_training.dataset import CLASSES, LABELS, load_sets
from timbre_training.export import write_model
from timbre_training.feature_augment import augment_log_mel
from timbre_training.networks import WithoutOther, cepstral_cnn, cepstrum_statistics
from timbre_training.networks_committee import Committee, detail_cnn
from timbre_training.recipes.fitting import CLASS_SHARES, Recipe, balanced_emphasis, calibrated_card, emphasis, fit, judge
from timbre_training.spectrum_specs import log_mel
from timbre_training.training_loop import Schedule
from timbre_training.window_augment import augment_windows

SPEC = log_mel(22050, {"kind": "sliding", "windowSeconds": 2, "hopSeconds": 1}, bands=64, low_hz=30)
TWIN = "of the twin"
COEFFICIENTS = 24
#: Draws by class in the last stages: drums, guitar, piano, violin, unknown.
LAST_SHARES = (0.16, 0.24, 0.18, 0.17, 0.25)
#: Modelled instruments that plain data has; those that came later taught the second alone.
PLAIN_MODELS = ("PluckedString", "StruckString", "Tine", "BowedString")
OWN_SETS = {"validation": "recordings and renderings kept from training"}
NOTE = (
    "learnt from every real source, after a twin that had not; the twin, made in the same command, was calibrated and judged "
    "on the sources it never met"
)


@dataclass(frozen=True)
class Stage:
    """One run of the training loop."""

    epochs: int
    rate: float
    seed: int
    augment: Callable = augment_log_mel
    emphasis: Callable = partial(balanced_emphasis, real_share=0.4)
    shares: tuple = CLASS_SHARES
    half: bool = True

    def schedule(self, options):
        """With what the command line says; seeds follow the option's."""
        return Schedule(self.epochs, options.windows, rate=self.rate, mixup=0.15, seed=options.seed + self.seed, half=self.half)


REALITY = partial(balanced_emphasis, real_share=0.45, models_as_one=True)
PLAIN = Stage(30, 4e-3, 0, emphasis=emphasis, half=False)
STRONG, MILD = Stage(22, 4e-3, 0, augment_windows), Stage(14, 2.5e-3, 1)
LAST = Stage(3, 2e-3, 3, emphasis=REALITY, shares=LAST_SHARES)
#: With every source, for the model that ships.
FULL_FIRST, FULL_SECOND = Stage(5, 2e-3, 4, emphasis=REALITY, shares=LAST_SHARES), Stage(9, 2e-3, 2)


def recipe_of(options, model_id, stage):
    """Everything but the data."""
    return Recipe(
        model_id=model_id,
        version="2.0.0",
        title="Timbre S (log-mel windows over the whole clip)",
        spec=SPEC,
        schedule=stage.schedule(options),
        augment=stage.augment,
        clip_rule="energyWeightedMean",
        silence_gate_dbfs=-65.0,
        smoothing_windows=3,
        command=f"training/train.sh timbre-s --windows {options.windows} --seed {options.seed}",
        emphasis=stage.emphasis,
        shares=stage.shares,
    )


def is_plain(clip):
    """Whether the clip teaches the first network: no varied banks, no replayed notes, no later models."""
    folder, (kind, _, model) = clip.path.parts[-3], clip.source.partition(":")
    return folder not in ("varied", "replayed") and (kind != "modelled" or model in PLAIN_MODELS)


def trained(options, sets, network, name, *stages):
    """The network after some stages; its state is left in `runs/<name>.pt`."""
    for stage in stages:
        network = fit(recipe_of(options, name, stage), network, sets, LABELS).network
    return network


def restored(options, network, name):
    """The network with the state that `trained` has left."""
    wrapped = WithoutOther(network)
    wrapped.load_state_dict(torch.load(options.twin.parent / f"{name}.pt"))
    return wrapped.network


def new_networks(windows, seed):
    """Both networks, untrained."""
    torch.manual_seed(seed)
    bands, statistics = SPEC["transform"]["nMels"], cepstrum_statistics(windows, COEFFICIENTS)
    return cepstral_cnn(len(CLASSES), bands, COEFFICIENTS, statistics), detail_cnn(len(CLASSES), bands)


def joined(first, second):
    """The graph of both."""
    return WithoutOther(Committee([first, second])).cpu().eval()


def make_twin(options):
    """Trains, calibrates and judges the twin, and writes it to `runs/`."""
    started = time.monotonic()
    sets = load_sets(SPEC, options.data, options.data / "features")
    first, second = new_networks(sets.train.windows, options.seed)
    first = trained(options, sets._replace(train=sets.train.select(is_plain)), first, "timbre-s-twin-first", PLAIN)
    second = trained(options, sets, second, "timbre-s-twin-second", STRONG, MILD)
    second = trained(options, sets, second, "timbre-s-twin-second-last", LAST)
    network, seconds = joined(first, second), round(time.monotonic() - started)
    recipe = recipe_of(options, "timbre-s-twin", LAST)
    card = calibrated_card(recipe, network, sets, LABELS)
    card["metrics"] = judge(network, sets, LABELS, card, recipe.command)
    card["provenance"].update(trainedSeconds=seconds, schedule=schedules(options, PLAIN, STRONG, MILD, LAST))
    write_model(network, list(sets.train.windows.shape[1:]), card, options.twin)


def make_full(options):
    """Goes on from the twin's networks with every source, and writes the model that ships, the twin's figures before its own."""
    started = time.monotonic()
    sets = load_sets(SPEC, options.data, options.data / "features", full=True)
    first, second = new_networks(sets.train.windows, options.seed)
    first = trained(options, sets, restored(options, first, "timbre-s-twin-first"), "timbre-s-first", FULL_FIRST)
    second = trained(options, sets, restored(options, second, "timbre-s-twin-second"), "timbre-s-second", FULL_SECOND, LAST)
    network, seconds = joined(first, second), round(time.monotonic() - started)
    recipe = recipe_of(options, "timbre-s", LAST)
    twin = json.loads((options.twin / "model.json").read_text(encoding="utf-8"))
    card = calibrated_card(recipe, network, sets, LABELS)
    card.update(temperature=twin["temperature"], thresholds=twin["thresholds"])
    judged = judge(network, sets, LABELS, card, recipe.command, "decided nothing")
    own = [{**row, "set": f"shipped model: {OWN_SETS.get(row['set'], row['set'])}"} for row in judged]
    card["metrics"] = [{**row, "set": f"{row['set']}, {TWIN}"} for row in twin["metrics"]] + own
    stages = (PLAIN, STRONG, MILD, FULL_FIRST, FULL_SECOND, LAST)
    facts = {"calibration": twin["provenance"]["calibration"], "schedule": schedules(options, *stages), "note": NOTE}
    card["provenance"].update(facts, trainedSeconds=seconds + twin["provenance"]["trainedSeconds"])
    write_model(network, list(sets.train.windows.shape[1:]), card, options.out)


def schedules(options, *stages):
    """The schedules of stages, for the card."""
    return [asdict(stage.schedule(options)) for stage in stages]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, default=Path("../models/timbre-s"))
    parser.add_argument("--twin", type=Path, default=Path("runs/timbre-s-twin"), help="where the twin goes")
    parser.add_argument("--windows", type=int, default=12800, help="windows drawn in one epoch")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", choices=["twin", "full"], help="one of the two; `full` needs what the twin has left")
    options = parser.parse_args()
    if options.only != "full":
        make_twin(options)
    if options.only != "twin":
        make_full(options)


if __name__ == "__main__":
    main()
