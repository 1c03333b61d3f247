"""A smaller training set for recipes that cost too much on a CPU: fewer training clips, every evaluation clip.

`data/thinned-30/` is laid out like `data/`; the audio is linked, not copied.
"""

import os
import random
from dataclasses import replace
from pathlib import Path

from timbre_training.dataset import FOLDERS
from timbre_training.manifest import read_manifest, write_manifest


def thinned(data, share):
    """The folder that keeps about `share` of the training clips; `data` itself when the share is 1.

    Unchanged real recordings are few and all kept. The same share keeps the same clips, and a larger share
    those of a smaller one and more.
    """
    if share >= 1:
        return Path(data)
    target = Path(data) / f"thinned-{round(100 * share)}"
    for name in FOLDERS:
        source = Path(data) / name
        if (source / "metadata.csv").exists():
            rng = random.Random(f"thinned/{name}")
            chosen = [c for c in read_manifest(source) if c.split != "train" or name == "real" or rng.random() < share]
            _link(source, target / name, {clip.label for clip in chosen})
            write_manifest(target / name, [replace(c, path=target / name / c.path.relative_to(source)) for c in chosen])
    return target


def _link(source, target, labels):
    target.mkdir(parents=True, exist_ok=True)
    for label in labels:
        if not (target / label).exists():
            (target / label).symlink_to(os.path.relpath(source / label, target))
