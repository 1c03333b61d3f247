"""Temperature and `unknown` threshold, both chosen on validation clips only."""

import numpy as np

from timbre_training.decisions import clip_scores, expected_calibration_error


def fit_temperature(logits, window_set, labels, gate_dbfs, rule):
    """The temperature with the least negative log-likelihood of validation clips (Guo et al. 2017), taken on the clip's
    scores, because the clip's confidence is what people read. Returns `(temperature, ECE before, ECE after)`."""
    known = [i for i, clip in enumerate(window_set.clips) if clip.label in labels]
    target = [labels.index(window_set.clips[i].label) for i in known]

    def loss(temperature):
        clips = clip_scores(logits, window_set, temperature, gate_dbfs, rule)
        heard = ~clips.mute[known]
        # Each label counts alike, however many clips it has.
        weight = 1 / np.bincount(target, minlength=len(labels)).clip(1)[target]
        chosen = clips.scores[known, target]
        return float((weight * -np.log(chosen + 1e-6))[heard].sum() / weight[heard].sum())

    best = min(np.exp(np.linspace(np.log(0.4), np.log(4), 60)), key=loss)
    errors = [
        expected_calibration_error(clip_scores(logits, window_set, t, gate_dbfs, rule), labels) for t in (1.0, best)
    ]
    return float(best), errors[0], errors[1]


def threshold_table(clips, labels, recorded=None, steps=np.arange(0.3, 0.96, 0.05)):
    """For each threshold: share of known clips kept, accuracy among those, share of foreign clips refused. Where `recorded`
    tells recordings from renderings, either kind of known clip counts for one half, however many there are."""
    known = np.array([true in labels and not mute for true, mute in zip(clips.truth, clips.mute)])
    foreign = np.array([true not in labels for true in clips.truth])
    confidence = clips.scores.max(axis=1)
    right = np.array([labels[row.argmax()] == true for row, true in zip(clips.scores, clips.truth)])
    weight = known / max(1, known.sum())
    if recorded is not None and (known & recorded).any() and (known & ~recorded).any():
        weight = known * np.where(recorded, 0.5 / (known & recorded).sum(), 0.5 / (known & ~recorded).sum())
    rows = []
    for step in steps:
        kept = weight * (confidence >= step)
        refused = foreign & ((confidence < step) | clips.mute)
        row = {
            "threshold": round(float(step), 2),
            "coverage": kept.sum(),
            "precision": kept[right].sum() / kept.sum() if kept.any() else 0.0,
            "foreignRefused": refused.sum() / max(1, foreign.sum()),
        }
        rows.append({name: round(float(value), 4) for name, value in row.items()})
    return rows


def choose_threshold(table, least_coverage):
    """The highest threshold that keeps `least_coverage` of known clips; the lowest one when none does."""
    fitting = [row["threshold"] for row in table if row["coverage"] >= least_coverage]
    return max(fitting, default=table[0]["threshold"])
