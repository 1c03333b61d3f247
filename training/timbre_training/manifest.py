"""Manifests: `metadata.csv` beside clips, one row a clip, in the columns of a Hugging Face audiofolder plus ours."""

import csv
from dataclasses import dataclass
from pathlib import Path

COLUMNS = ["file_name", "label", "split", "source", "group", "licence", "detail", "full"]


@dataclass(frozen=True)
class Clip:
    """One labelled clip. `group` names the recording it was cut or made from: a group never crosses a split. `full` is the
    clip's part when every source may teach (`dataset.load_sets`); empty when it is `split`."""

    path: Path
    label: str
    split: str = "train"
    source: str = ""
    group: str = ""
    licence: str = ""
    detail: str = ""
    full: str = ""


def read_manifest(folder):
    """Reads `<folder>/metadata.csv`; rows without `group` are their own group."""
    folder = Path(folder)
    with open(folder / "metadata.csv", newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    return [_clip(folder, row) for row in rows]


def _clip(folder, row):
    fields = {name: row.get(name) or "" for name in COLUMNS[1:]}
    fields["group"] = fields["group"] or row["file_name"]
    fields["split"] = fields["split"] or "train"
    return Clip(path=folder / row["file_name"], **fields)


def write_manifest(folder, clips):
    """Writes `<folder>/metadata.csv`; every clip must lie under `folder`."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "metadata.csv", "w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(COLUMNS)
        for clip in clips:
            name = clip.path.relative_to(folder).as_posix()
            writer.writerow([name, *(getattr(clip, column) for column in COLUMNS[1:])])
