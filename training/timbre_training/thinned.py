"""A smaller training set for recipes that cost too much on a CPU: fewer training clips, every evaluation clip.

`data/thinned-30/` is laid out like `data/`; the audio is linked, not copied.
"""

import os
import random
from dataclasses import replace
from pathlib import Path

from timbre_training.dataset import FOLDERS
from timbre_training.manifest import read_manifest, write_manifest

#: Folders of which more is kept: how many times the share. Real recordings are few and worth most.
KEPT = {"real": float("inf"), "real-augmented": 3.0}


def thinned(data, share):
    """The folder that keeps about `share` of the training clips; `data` itself when the share is 1.

    The same share keeps the same clips, and a larger share those of a smaller one and more.
    """
    if share >= 1:
        return Path(data)
    target = Path(data) / f"thinned-{round(100 * share)}"
    for name in FOLDERS:
        source = Path(data) / name
        if (source / "metadata.csv").exists():
            rng = random.Random(f"thinned/{name}")
            kept = share * KEPT.get(name, 1.0)
            chosen = [clip for clip in read_manifest(source) if clip.split != "train" or rng.random() < kept]
            _link(source, target / name, {clip.label for clip in chosen})
            write_manifest(target / name, [replace(c, path=target / name / c.path.relative_to(source)) for c in chosen])
    return target


def _link(source, target, labels):
    target.mkdir(parents=True, exist_ok=True)
    for label in labels:
        if not (target / label).exists():
            (target / label).symlink_to(os.path.relpath(source / label, target))
