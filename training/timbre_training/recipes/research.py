"""The command of the recipes that compare the original research's models with ours: options, training, honest facts.

Small models go to `models/<id>/`. Large ones go to `runs/<id>/`, outside git, and leave their figures in `results/<id>.json`.
"""

import argparse
import json
import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import torch

from timbre_training.dataset import CLASSES, LABELS, load_sets
from timbre_training.initial_weights import load_weights
from timbre_training.recipes.fitting import Recipe, fit_and_export
from timbre_training.thinned import thinned
from timbre_training.training_loop import Schedule, device

#: Under this share of held-out real clips with the right best label, a card calls its model poor.
POOR_BELOW = 0.85
HELD_OUT_REAL = "held-out real recordings, by source"


@dataclass(frozen=True)
class Study:
    """One recipe; `network(classes)` builds it (`network(classes, size)` where there are `sizes`, the first by default),
    `share` of the training clips are used. Numbers are defaults of options. Where network and augmentation depend on the
    training windows, `from_windows(classes, windows)` gives both instead."""

    model_id: str
    title: str
    spec: dict
    epochs: int
    windows: int
    rate: float
    seed: int
    network: Callable = None
    augment: Callable = None
    from_windows: Callable = None
    batch: int = 64
    share: float = 1.0
    large: bool = False
    silence_gate_dbfs: float = -60.0
    sizes: tuple = ()


class Stopwatch:
    """Passes batches on to an augmentation and knows the seconds from the first batch to the last."""

    def __init__(self, augment):
        self.augment, self.first, self.last = augment, None, None

    def __call__(self, x, rng):
        self.last = time.monotonic()
        self.first = self.first or self.last
        return self.augment(x, rng)

    def seconds(self):
        return round(self.last - self.first) if self.first else 0


def parse_options(study, arguments=None):
    """The options of the command."""
    parser = argparse.ArgumentParser(description=study.title)
    out = Path("runs" if study.large else "../models") / study.model_id
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, default=out)
    parser.add_argument("--results", type=Path, default=Path("results"), help="where the figures of a large model go")
    parser.add_argument("--epochs", type=int, default=study.epochs)
    parser.add_argument("--windows", type=int, default=study.windows, help="windows drawn in one epoch")
    parser.add_argument("--batch", type=int, default=study.batch)
    parser.add_argument("--share", type=float, default=study.share, help="share of the training clips to use")
    parser.add_argument("--seed", type=int, default=study.seed)
    if study.sizes:
        parser.add_argument("--size", choices=study.sizes, default=study.sizes[0])
    parser.add_argument("--init", type=Path, metavar="WEIGHTS", help="a state dict to start from")
    return parser.parse_args(arguments)


def command_of(study, options):
    """The command that makes the same model again."""
    words = f"training/train.sh {study.model_id} --epochs {options.epochs} --windows {options.windows} --batch {options.batch}"
    words += f" --share {options.share:g} --seed {options.seed}"
    words += f" --size {options.size}" if study.sizes else ""
    return words + (f" --init {options.init.name}" if options.init else "")


def machine():
    """What it was trained on."""
    place = f"{torch.cuda.get_device_name()}" if device().type == "cuda" else f"{os.cpu_count()} CPU cores"
    return f"{place}, {platform.machine()}, PyTorch {torch.__version__.split('+')[0]}"


def note_of(options, seconds, metrics):
    """One or two sentences that a reader of the table must know."""
    start = f"started from {options.init.name}, trained" if options.init else "trained from scratch"
    draws, minutes = options.epochs * options.windows, round(seconds / 60, 1)
    note = f"{start} for {minutes:g} minutes on {machine().split(',')[0]} ({draws} windows drawn"
    note += f", {options.share:.0%} of the training clips)" if options.share < 1 else ")"
    real = next((row for row in metrics if row["set"] == HELD_OUT_REAL), None)
    if real is None:
        return note + "; not judged on real recordings, for want of them"
    right = float(real["note"].split("best label right for ")[1].split("%")[0]) / 100
    return note + ("; poor: not for use, kept for comparison" if right < POOR_BELOW else "")


def write_facts(study, options, facts):
    """Adds the facts to the card; a large model's go to `results/<id>.json` with its metrics."""
    path = options.out / "model.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    facts["note"] = note_of(options, facts["trainedSeconds"], card["metrics"])
    card["provenance"].update(facts)
    path.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    if study.large:
        options.results.mkdir(parents=True, exist_ok=True)
        kept = {name: card[name] for name in ("id", "version", "title", "labels", "features", "temperature", "thresholds")}
        origin = {name: card["provenance"][name] for name in ("data", "calibration", "commit")}
        text = json.dumps({**kept, "metrics": card["metrics"], **facts, **origin}, indent=2)
        (options.results / f"{study.model_id}.json").write_text(text + "\n", encoding="utf-8")
    print(facts["note"])


def run(study, arguments=None):
    """Trains the study as the command line says."""
    options = parse_options(study, arguments)
    data = thinned(options.data, options.share)
    sets = load_sets(study.spec, data, data / "features")
    torch.manual_seed(options.seed)
    if study.from_windows:
        network, augment = study.from_windows(len(CLASSES), sets.train.windows)
    else:
        network, augment = study.network(len(CLASSES), *([options.size] if study.sizes else [])), study.augment
    parameters = sum(p.numel() for p in network.parameters())
    if options.init:
        print(f"{load_weights(network, options.init)} entries of {options.init} fit")
    watch = Stopwatch(augment)
    schedule = Schedule(options.epochs, options.windows, options.batch, rate=study.rate, seed=options.seed)
    recipe = Recipe(
        model_id=study.model_id,
        version="1.0.0",
        title=study.title,
        spec=study.spec,
        schedule=schedule,
        augment=watch,
        clip_rule="meanScore",
        silence_gate_dbfs=study.silence_gate_dbfs,
        smoothing_windows=1,
        command=command_of(study, options),
    )
    fit_and_export(recipe, network, sets, LABELS, options.out)
    facts = {
        "parameters": parameters,
        "onnxBytes": (options.out / "model.onnx").stat().st_size,
        "trainedSeconds": watch.seconds(),
        "epochs": options.epochs,
        "command": recipe.command,
        "machine": machine(),
    }
    write_facts(study, options, facts)
