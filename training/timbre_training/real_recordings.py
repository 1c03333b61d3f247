"""Assigns roles to real recordings: `python3 -m timbre_training.real_recordings --from ../../shared/train-real`.

Reads the folder's `train/metadata.csv` and writes a manifest whose `split` is decided by source, never by clip: clips
that share a recorded note, or lie next to each other at their origin (one upload session of one person), are one group.
Whole sources are kept for validation and test. The recordings behind `samples/` are always test.

The column `full` is the other deal, for a model that may learn from every source once a twin has been judged by `split`:
there only some of FSDKaggle2018's groups calibrate, and the clips behind `samples/` stay out.
"""

import argparse
import csv
import hashlib
import re
import shutil
from pathlib import Path

from timbre_training.manifest import Clip, write_manifest
from timbre_training.progress import progress

#: Sources with one role, by start of the file's name.
ROLES = {
    "vsco2-": "test",
    "bag-green": "test",
    "pearl": "test",
    "berklee": "validation",
    "bag-black": "train",
    "splendid": "train",
    "audiokit": "train",
}
#: Recordings that `samples/` was cut from: never in training or validation.
SAMPLE_CLIPS = {
    "violin/vsco2-violin_029.flac",
    "violin/vsco2-violin_021.flac",
    "guitar/bag-green_008.flac",
    "guitar/fsd-acoustic-guitar_019.flac",
    "piano/vsco2-piano_012.flac",
    "piano/vsco2-piano_004.flac",
    "drums/fsd-snare-drum_001.flac",
    "drums/fsd-snare-drum_029.flac",
}
NEIGHBOUR_IDS = 30


def _atoms(row):
    """The recorded files a clip was made of: `folder/a.wav+b.wav` and `folder/{a,b}.wav` are two."""
    path = re.sub(r"/(\*|ord)/", "/", row["original_path"])
    folder = re.split(r"[+{]", path)[0].rpartition("/")[0]
    names = [part.rpartition("/")[2] for part in path.split("+")]
    if braces := re.fullmatch(r"(?:.*/)?(.*)\{(.*)\}(.*)", path):
        names = [braces[1] + name + braces[3] for name in braces[2].split(",")]
    # FSDKaggle2018's eight hexadecimal digits are enough, and some of its clips name them without a folder.
    return {name if re.fullmatch(r"[0-9a-f]{8}\.wav", name) else f"{row['source']}/{folder}/{name}" for name in names}


def _merge(sets):
    """Joins sets that share a member, until none do."""
    merged = []
    for members in sets:
        touching = [other for other in merged if other & members]
        merged = [other for other in merged if not other & members] + [members.union(*touching)]
    return merged


def group_recordings(rows):
    """`{file_name: group}`: clips with a common recorded file, or with neighbouring numbers at Freesound, share a group."""
    sets = [{row["file_name"]} | _atoms(row) for row in rows if not is_assembled(row)]
    numbered = sorted((int(m.group(1)), row["file_name"]) for row in rows if (m := re.search(r"/s/(\d+)", row["upstream"])))
    for (number, name), (next_number, next_name) in zip(numbered, numbered[1:]):
        if next_number - number <= NEIGHBOUR_IDS:
            sets.append({name, next_name})
    names = {row["file_name"] for row in rows}
    return {name: min(members & names) for members in _merge(sets) for name in members & names}


def is_assembled(row):
    """Whether a clip was put together from unrelated recordings (a groove of one kick, one snare and one hat)."""
    return row["detail"].startswith("groove sequenced from one kick")


def assembled_role(row, roles_by_atom):
    """The one role that all parts of an assembled clip share, or None: such a clip would leak across the split."""
    roles = {roles_by_atom.get(atom) for atom in _atoms(row)}
    return roles.pop() if len(roles) == 1 else None


def _draw(group):
    """A number from 0 to 9 that depends on the group's name alone."""
    return int(hashlib.sha256(group.encode()).hexdigest(), 16) % 10


def role_of(row, group, sample_groups):
    """`train`, `validation` or `test`."""
    if group in sample_groups:
        return "test"
    name = Path(row["file_name"]).name
    for prefix, role in ROLES.items():
        if name.startswith(prefix):
            return role
    return "validation" if _draw(group) in (6, 7) else "train"


def full_role(row, role, group):
    """The part of a clip when every source may teach: the clips of `samples/` stay test, and so do recordings that share
    their group at Freesound; some of FSDKaggle2018's groups calibrate; all others train. A groove of parts that could lie on
    both sides is `apart`, on neither."""
    if is_assembled(row) and role != "train":
        return "apart"
    if row["file_name"] in SAMPLE_CLIPS:
        return "test"
    if not Path(row["file_name"]).name.startswith("fsd-") or (role == "validation" and _draw(group) == 7):
        return "train"
    return role


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--from", dest="source", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("data/real"))
    options = parser.parse_args()
    folder = options.source / "train"
    with open(folder / "metadata.csv", newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    groups = group_recordings(rows)
    sample_groups = {groups[name] for name in SAMPLE_CLIPS if name in groups}
    roles = {row["file_name"]: role_of(row, groups[row["file_name"]], sample_groups) for row in rows if not is_assembled(row)}
    roles_by_atom = {atom: roles[row["file_name"]] for row in rows if row["file_name"] in roles for atom in _atoms(row)}
    clips = []
    for row in progress(rows, "real recordings"):
        role = roles.get(row["file_name"]) or assembled_role(row, roles_by_atom)
        if role is None:
            continue
        target = options.out / row["file_name"]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / row["file_name"], target)
        group = groups.get(row["file_name"], row["file_name"])
        detail = f"{row['note']}: {row['detail']}"
        facts = (row["source"], f"real-{group}", row["licence"], detail, full_role(row, role, group))
        clips.append(Clip(target, row["label"], role, *facts))
    write_manifest(options.out, clips)


if __name__ == "__main__":
    main()
