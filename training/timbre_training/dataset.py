"""The sets that models here are trained, calibrated and judged on, by what the manifests say about each clip."""

from collections import namedtuple
from pathlib import Path

from timbre_training.features import join, load

LABELS = ["drums", "guitar", "piano", "violin"]
CLASSES = [*LABELS, "unknown"]
FOLDERS = (
    *("rendered", "rendered-augmented", "varied", "modelled", "modelled-augmented"),
    *("real", "real-augmented", "replayed"),
)

Sets = namedtuple("Sets", "train validation heldout_soundfont heldout_real")


def is_real(clip):
    """Whether the clip was recorded, not made."""
    return clip.group.startswith("real-")


def _second_half(clip):
    """The held-out renderings are halved: odd ones calibrate, even ones judge."""
    return int(clip.path.stem.split("-")[-1]) % 2 == 1


def load_sets(spec, data, cache, full=False):
    """Loads every folder that exists under `data` and deals the clips out.

    Training: rendered and real clips of split `train`, with their augmented copies. Validation: half of the held-out
    renderings, and real sources of split `validation`. The two held-out sets judge and decide nothing.

    With `full` the column of that name deals instead of `split`: every real source teaches, and no real recording judges.
    """
    part = (lambda c: c.full or c.split) if full else (lambda c: c.split)
    present = [Path(data) / name for name in FOLDERS if (Path(data) / name / "metadata.csv").exists()]
    everything = join(*[load(spec, folder, cache) for folder in present])
    original = lambda clip: not clip.path.parts[-3].endswith(("augmented", "replayed"))  # noqa: E731
    return Sets(
        train=everything.select(lambda c: part(c) == "train"),
        validation=everything.select(
            lambda c: original(c) and (part(c) == "validation" or (c.split == "heldout" and _second_half(c)))
        ),
        heldout_soundfont=everything.select(lambda c: original(c) and c.split == "heldout" and not _second_half(c)),
        heldout_real=everything.select(lambda c: original(c) and is_real(c) and c.split == "test" and not full),
    )
