"""Splits labelled clips into train, validation and test: `python3 -m timbre_training.split SOURCE --out FOLDER`.

The unit is the recording (`group`), never the clip: two cuts of one take cannot meet across the split. Writes a Hugging
Face audiofolder (`<split>/<label>/…` with `metadata.csv` in each split), one csv over all, and a dataset card.
"""

import argparse
import random
import shutil
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

from timbre_training.manifest import Clip, read_manifest, write_manifest
from timbre_training.progress import progress
from timbre_training.scan import list_clips

SPLITS = ("train", "validation", "test")


def assign(clips, fractions, seed):
    """`{group: split}` such that every label is divided as `fractions` say, as nearly as whole groups allow.

    Groups are taken from the largest to the smallest, in seeded order among equals, and each goes where its label lacks
    the most clips.
    """
    members = defaultdict(list)
    for clip in clips:
        members[clip.group].append(clip.label)
    order = sorted(members)
    random.Random(seed).shuffle(order)
    order.sort(key=lambda group: -len(members[group]))
    totals, placed, result = Counter(clip.label for clip in clips), Counter(), {}
    for group in order:
        label = Counter(members[group]).most_common(1)[0][0]
        lack = {name: share * totals[label] - placed[name, label] for name, share in zip(SPLITS, fractions)}
        result[group] = max(SPLITS, key=lambda name: lack[name])
        placed[result[group], label] += len(members[group])
    return result


def read_source(source):
    """Clips of a manifest folder, or of any layout `scan` reads (then every file is its own recording)."""
    if source.is_dir() and (source / "metadata.csv").exists():
        return read_manifest(source)
    return [Clip(Path(path), label, group=str(path)) for path, label in list_clips(source)]


def dataset_card(clips, source, seed):
    """The text of README.md, with the front matter that the Hugging Face hub reads."""
    counts = Counter((clip.split, clip.label) for clip in clips)
    labels, licences = sorted({clip.label for clip in clips}), sorted({clip.licence for clip in clips if clip.licence})
    lines = ["---", "task_categories: [audio-classification]", "configs:", "- config_name: default", "  data_files:"]
    for name in SPLITS:
        lines += [f"  - split: {name}", f"    path: {name}/**"]
    lines += ["---", "", "# Labelled clips", "", f"Split by recording with seed {seed} from `{source.name}`.", ""]
    lines += ["| split | " + " | ".join(labels) + " |", "| --- |" + " --- |" * len(labels)]
    lines += [f"| {name} | " + " | ".join(str(counts[name, label]) for label in labels) + " |" for name in SPLITS]
    return "\n".join([*lines, "", "Licences: " + ("; ".join(licences) or "not stated") + ".", ""])


def place(clips, out):
    """Copies clips into the audiofolder layout and writes the manifests; returns the clips where they now are."""
    placed = []
    for number, clip in enumerate(progress(clips, "split")):
        target = out / clip.split / clip.label / f"{number:06d}-{clip.path.name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(clip.path, target)
        placed.append(replace(clip, path=target))
    for name in SPLITS:
        write_manifest(out / name, [clip for clip in placed if clip.split == name])
    write_manifest(out, placed)
    return placed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--fractions", type=float, nargs=3, default=(0.7, 0.15, 0.15), metavar=SPLITS)
    parser.add_argument("--seed", type=int, default=40)
    options = parser.parse_args()
    clips = read_source(options.source)
    splits = assign(clips, options.fractions, options.seed)
    placed = place([replace(clip, split=splits[clip.group]) for clip in clips], options.out)
    (options.out / "README.md").write_text(dataset_card(placed, options.source, options.seed), encoding="utf-8")
    for (name, label), count in sorted(Counter((c.split, c.label) for c in placed).items()):
        print(f"{name:12s} {label:10s} {count}")


if __name__ == "__main__":
    main()
