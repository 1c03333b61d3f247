"""What every recipe does once its network and its sets exist: train, calibrate, judge, export."""

from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from typing import Callable

import numpy as np
import torch

from timbre_training.calibration import choose_threshold, fit_temperature, threshold_table
from timbre_training.dataset import CLASSES, is_real
from timbre_training.decisions import clip_scores
from timbre_training.evaluation import describe, evaluate
from timbre_training.export import PROJECT, commit, write_model
from timbre_training.networks import WithoutOther
from timbre_training.training_loop import Schedule, draw_weights, logits_of, train

#: Draws by class: drums, guitar, piano, violin, unknown.
CLASS_SHARES = (0.17, 0.2, 0.19, 0.19, 0.25)
#: Real recordings make up about this much of the draws of their class.
REAL_SHARE = 0.35
LEAST_COVERAGE = 0.95
LICENCE = "MIT for graph and card; trained on renderings of MIT, LGPL and CC0 soundfonts and on CC0, CC BY, MIT and public-domain recordings"


@dataclass(frozen=True)
class Recipe:
    """What differs between models."""

    model_id: str
    version: str
    title: str
    spec: dict
    schedule: Schedule
    augment: Callable
    clip_rule: str
    silence_gate_dbfs: float
    smoothing_windows: int
    command: str
    #: Gives the weight of a clip within its class, of the training clips.
    emphasis: Callable = None
    #: The labels and, last, what is none of them, with the share of the draws that each gets.
    classes: tuple = tuple(CLASSES)
    shares: tuple = CLASS_SHARES


def emphasis(clips):
    """Weight of a clip within its class, so that real recordings get `REAL_SHARE` of the draws where there are any."""
    counts = Counter((clip.label, is_real(clip)) for clip in clips)

    def weight(clip):
        made, recorded = counts[clip.label, False], counts[clip.label, True]
        if not made or not recorded:
            return 1.0
        return REAL_SHARE / recorded if is_real(clip) else (1 - REAL_SHARE) / made

    return weight


def balanced_emphasis(clips, real_share, models_as_one=False):
    """Like `emphasis`, and in either part of a class a source counts as the square root of its clips, so that no single
    microphone, room or soundfont sets the tone. `models_as_one` takes all modelled instruments of a class for one source."""

    def source_of(clip):
        return "modelled" if models_as_one and clip.source.startswith("modelled:") else clip.source

    sources = Counter((clip.label, is_real(clip), source_of(clip)) for clip in clips)
    totals = defaultdict(float)
    for (label, real, _), count in sources.items():
        totals[label, real] += count**0.5

    def weight(clip):
        real = is_real(clip)
        both = (clip.label, True) in totals and (clip.label, False) in totals
        share = (real_share if real else 1 - real_share) if both else 1.0
        return share / totals[clip.label, real] / sources[clip.label, real, source_of(clip)] ** 0.5

    return weight


def watcher(sets, labels):
    """Prints how the averaged network does on validation after every second epoch (best label among known clips)."""
    known = sets.validation.select(lambda clip: clip.label in labels)

    def watch(network, epoch):
        if epoch % 2:
            return
        clips = clip_scores(logits_of(WithoutOther(network), known.windows), known, 1.0, -70.0)
        right = np.array([labels[row.argmax()] == true for row, true in zip(clips.scores, clips.truth)])
        real = np.array([is_real(clip) for clip in known.clips])
        print(f"  validation: rendered {right[~real].mean():.1%}, real {right[real].mean():.1%}", flush=True)

    return watch


def calibrated_card(recipe, network, sets, labels):
    """The card without metrics, warm-up and digest: thresholds come from the validation set."""
    logits = logits_of(network, sets.validation.windows)
    fitted = fit_temperature(logits, sets.validation, labels, recipe.silence_gate_dbfs, recipe.clip_rule)
    clips = clip_scores(logits, sets.validation, fitted[0], recipe.silence_gate_dbfs, recipe.clip_rule)
    table = threshold_table(clips, labels, np.array([is_real(clip) for clip in sets.validation.clips]))
    print(f"temperature {fitted[0]:.3f}, ECE {fitted[1]:.3f} → {fitted[2]:.3f}")
    return {
        "id": recipe.model_id,
        "version": recipe.version,
        "title": recipe.title,
        "labels": labels,
        "features": recipe.spec,
        "temperature": round(fitted[0], 4),
        "thresholds": {"unknown": choose_threshold(table, LEAST_COVERAGE)},
        "silenceGate": {"rmsDbfs": recipe.silence_gate_dbfs},
        "segments": {"smoothingWindows": recipe.smoothing_windows, "mergeGapSeconds": 0.5},
        "clipRule": recipe.clip_rule,
        "licence": LICENCE,
        "provenance": {
            "data": dict(sorted(Counter(f"{clip.source} {clip.label}" for clip in sets.train.clips).items())),
            "schedule": asdict(recipe.schedule),
            "commit": commit(),
            "command": recipe.command,
            "calibration": {"eceBefore": round(fitted[1], 4), "eceAfter": round(fitted[2], 4), "thresholds": table},
        },
    }


def judge(network, sets, labels, card, command, chosen="chose temperature and threshold"):
    """Metrics on validation and on both held-out sets; printed as they come. `chosen` is what validation was for."""
    named = [
        ("validation", sets.validation, chosen),
        ("held-out soundfont (TimGM6mb) and foreign sounds", sets.heldout_soundfont, None),
        ("held-out real recordings, by source", sets.heldout_real, None),
    ]
    metrics = []
    for name, window_set, note in named:
        if window_set.clips:
            logits = logits_of(network, window_set.windows)
            metrics.append(evaluate(name, logits, window_set, labels, card, command, note))
            print(describe(metrics[-1], labels), flush=True)
    return metrics


def fit(recipe, network, sets, labels):
    """Trains on the recipe's schedule; the network without its last class, for export."""
    weights = draw_weights(sets.train, recipe.classes, recipe.shares, (recipe.emphasis or emphasis)(sets.train.clips))
    print(f"{sum(p.numel() for p in network.parameters())} parameters, {len(sets.train.windows)} windows", flush=True)
    network = train(network, sets.train, recipe.classes, weights, recipe.augment, recipe.schedule, watcher(sets, labels))
    network = WithoutOther(network.cpu()).eval()
    (PROJECT / "training/runs").mkdir(exist_ok=True)
    torch.save(network.state_dict(), PROJECT / f"training/runs/{recipe.model_id}.pt")
    return network


def fit_and_export(recipe, network, sets, labels, out):
    """Trains, calibrates, judges and writes `out/model.onnx` with `out/model.json`."""
    network = fit(recipe, network, sets, labels)
    card = calibrated_card(recipe, network, sets, labels)
    card["metrics"] = judge(network, sets, labels, card, recipe.command)
    write_model(network, list(sets.train.windows.shape[1:]), card, out)
