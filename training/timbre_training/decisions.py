"""From window logits to clip decisions, by the same rules as the worker: temperature, softmax, mean over sounding windows,
`mute` under the silence gate, `unknown` under the threshold."""

from dataclasses import dataclass

import numpy as np

UNKNOWN, MUTE = "unknown", "mute"


@dataclass(frozen=True)
class ClipScores:
    """`scores [clips, labels]` (rows of mute clips are 0), `mute [clips]`, and the true label of every clip."""

    scores: np.ndarray
    mute: np.ndarray
    truth: list


def softmax(logits, temperature=1.0):
    """Row-wise softmax of `logits / temperature`."""
    scaled = logits / temperature
    scaled = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return scaled / scaled.sum(axis=1, keepdims=True)


def clip_scores(logits, window_set, temperature, gate_dbfs, rule="meanScore"):
    """Scores of every clip of the set; `energyWeightedMean` weighs each sounding window by its mean power."""
    scores, count = softmax(logits, temperature), len(window_set.clips)
    weight = (window_set.rms_dbfs >= gate_dbfs).astype(float)
    if rule == "energyWeightedMean":
        weight = weight * 10 ** (window_set.rms_dbfs.astype(float) / 10)
    total = np.bincount(window_set.clip, weight, minlength=count)
    summed = np.stack([np.bincount(window_set.clip, weight * column, minlength=count) for column in scores.T], axis=1)
    mute = total == 0
    return ClipScores(summed / np.where(mute, 1, total)[:, None], mute, [clip.label for clip in window_set.clips])


def decide(clips, labels, threshold):
    """The decision for every clip: a label, `unknown` or `mute`."""
    best, confidence = clips.scores.argmax(axis=1), clips.scores.max(axis=1)
    return [
        MUTE if mute else UNKNOWN if sure < threshold else labels[index]
        for index, sure, mute in zip(best, confidence, clips.mute)
    ]


def confusion(truth, decisions, labels):
    """Counts: rows true label (then `unknown`), columns decision (then `unknown`, `mute`)."""
    rows, columns = [*labels, UNKNOWN], [*labels, UNKNOWN, MUTE]
    table = np.zeros((len(rows), len(columns)), dtype=int)
    for true, decision in zip(truth, decisions):
        table[rows.index(true), columns.index(decision)] += 1
    return table


def expected_calibration_error(clips, labels, bins=10):
    """ECE over clips of known labels (Naeini et al. 2015): mean gap of confidence and accuracy, weighted by bin."""
    known = [i for i, true in enumerate(clips.truth) if true in labels and not clips.mute[i]]
    confidence = clips.scores[known].max(axis=1)
    right = np.array([labels[clips.scores[i].argmax()] == clips.truth[i] for i in known])
    bucket = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [abs(confidence[bucket == b].sum() - right[bucket == b].sum()) for b in range(bins)]
    return float(sum(gaps) / max(1, len(known)))
