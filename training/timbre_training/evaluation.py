"""Figures for one model on one set of clips, in the shape of a model card's `metrics`."""

import numpy as np

from timbre_training.decisions import clip_scores, confusion, decide, expected_calibration_error


def evaluate(name, logits, window_set, labels, card, command, note=None):
    """Metrics of one set; `card` gives temperature, threshold, silence gate and clip rule.

    `accuracy` counts a known clip as right only with its own label (so `unknown` and `mute` are wrong for it), and a
    foreign clip as right when it is `unknown` or `mute`. `coverage` is the share of known clips that got a label.
    """
    gate, rule = card["silenceGate"]["rmsDbfs"], card["clipRule"]
    clips = clip_scores(logits, window_set, card["temperature"], gate, rule)
    decisions = decide(clips, labels, card["thresholds"]["unknown"])
    table = confusion(clips.truth, decisions, labels)
    known = np.array([true in labels for true in clips.truth])
    right = np.array([d == t if t in labels else d not in labels for d, t in zip(decisions, clips.truth)])
    named = np.array([decision in labels for decision in decisions])
    metrics = {
        "set": name,
        "clips": len(decisions),
        "accuracy": round(float(right.mean()), 4),
        "confusion": table.tolist(),
        "recall": {label: _share(table[i, i], table[i].sum()) for i, label in enumerate(labels) if table[i].sum()},
        "precision": {label: _share(table[i, i], table[:, i].sum()) for i, label in enumerate(labels) if table[:, i].sum()},
        "command": command,
    }
    if known.any():
        metrics["expectedCalibrationError"] = round(expected_calibration_error(clips, labels), 4)
        metrics["coverage"] = round(float(named[known].mean()), 4)
    forced = [labels[row.argmax()] == true for row, true, k in zip(clips.scores, clips.truth, known) if k]
    facts = [f"best label right for {np.mean(forced):.1%} of known clips"] if forced else []
    if (~known).any():
        facts.append(f"{right[~known].mean():.1%} of {int((~known).sum())} foreign clips refused")
    metrics["note"] = "; ".join(facts + ([note] if note else []))
    return metrics


def _share(part, whole):
    return round(float(part) / max(1, int(whole)), 4)


def describe(metrics, labels):
    """A few lines of text: accuracy, note and the confusion matrix."""
    lines = [f"{metrics['set']}: {metrics['clips']} clips, accuracy {metrics['accuracy']:.1%}; {metrics['note']}"]
    lines.append(" " * 10 + "".join(f"{name[:8]:>9s}" for name in [*labels, "unknown", "mute"]))
    for name, row in zip([*labels, "unknown"], metrics["confusion"]):
        lines.append(f"{name:10s}" + "".join(f"{count:9d}" for count in row))
    return "\n".join(lines)
