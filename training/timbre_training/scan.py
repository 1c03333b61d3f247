"""Finds clips that would spoil a data set: `python3 -m timbre_training.scan FOLDER_OR_CSV --report report.csv`.

Understands class folders, Hugging Face audiofolder (`metadata.csv`) and the Kaggle layout (a csv with file and class
columns). Reports corrupt, empty, silent, clipped, duplicate and mislabelled-rate files; with `--keep` writes a csv of the
clips that are left.
"""

import argparse
import csv
import hashlib
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from timbre_training.progress import progress

SUFFIXES = {".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff", ".opus"}
FILE_COLUMNS = ("file_name", "FileName", "filename", "file", "path")
LABEL_COLUMNS = ("label", "Class", "class", "instrument")
CLIPPED_SHARE = 0.001
SILENT_RMS_DBFS = -60.0


@dataclass
class Finding:
    """One file: its label and what is wrong with it (empty when nothing is)."""

    path: Path
    label: str
    problems: list


def list_clips(source):
    """`[(path, label)]` of a folder of class folders, a folder with `metadata.csv`, or a csv. Raises SystemExit."""
    source = Path(source)
    if source.is_dir() and (source / "metadata.csv").exists():
        source = source / "metadata.csv"
    if source.is_dir():
        files = sorted(p for p in source.rglob("*") if p.suffix.lower() in SUFFIXES)
        return [(path, path.parent.name) for path in files]
    with open(source, newline="", encoding="utf-8-sig") as handle:
        rows = list(csv.DictReader(handle))
    columns = rows[0].keys() if rows else ()
    file_column = next((name for name in FILE_COLUMNS if name in columns), None)
    label_column = next((name for name in LABEL_COLUMNS if name in columns), None)
    if file_column is None or label_column is None:
        raise SystemExit(f"{source}: needs a column of files ({FILE_COLUMNS}) and one of labels ({LABEL_COLUMNS})")
    return [(source.parent / row[file_column], row[label_column]) for row in rows]


def true_bandwidth_hz(sound, rate):
    """The frequency under which 99.99 % of the energy lies."""
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    total = np.cumsum(power)
    index = int(np.searchsorted(total, 0.9999 * total[-1]))
    return index * rate / len(sound)


def problems_of(path, seen):
    """What is wrong with one file; `seen` maps content digests to the first path that had them."""
    try:
        sound, rate = soundfile.read(path, always_2d=True)
        frames = soundfile.info(path).frames
    except Exception as error:  # libsndfile raises several kinds for a damaged file
        return [f"corrupt: {error}"]
    if len(sound) == 0:
        return ["empty"]
    found = []
    if len(sound) < frames:
        found.append(f"truncated: {len(sound)} of {frames} frames")
    if not np.isfinite(sound).all():
        return found + ["corrupt: not a number"]
    mono = sound.mean(axis=1)
    if 20 * np.log10(np.sqrt((mono**2).mean()) + 1e-12) < SILENT_RMS_DBFS:
        found.append("silent")
    if (np.abs(sound) >= 0.999).mean() > CLIPPED_SHARE:
        found.append("clipped")
    if rate >= 16000 and "silent" not in found and true_bandwidth_hz(mono, rate) < rate / 8:
        found.append(f"mislabelled rate: content ends at {true_bandwidth_hz(mono, rate):.0f} Hz of {rate / 2:.0f}")
    digest = hashlib.sha256(np.round(sound * 32767).astype("<i2").tobytes()).hexdigest()
    if digest in seen:
        found.append(f"duplicate of {seen[digest]}")
    seen.setdefault(digest, path)
    return found


def scan(source):
    """A `Finding` for every clip of the source."""
    seen = {}
    return [Finding(path, label, problems_of(path, seen)) for path, label in progress(list_clips(source), "scan")]


def write_rows(target, header, rows):
    """Writes a csv with a header."""
    with open(target, "w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(header)
        writer.writerows(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("--report", type=Path, help="csv: file, label, problem")
    parser.add_argument("--keep", type=Path, help="csv of the clips without problems")
    options = parser.parse_args()
    findings = scan(options.source)
    bad = [(f.path, f.label, problem) for f in findings for problem in f.problems]
    if options.report:
        write_rows(options.report, ["file_name", "label", "problem"], bad)
    if options.keep:
        write_rows(options.keep, ["file_name", "label"], [(f.path.resolve(), f.label) for f in findings if not f.problems])
    for kind, count in Counter(problem.split(":")[0].split(" of ")[0] for _, _, problem in bad).most_common():
        print(f"{count:6d} {kind}")
    print(f"{len(findings)} clips, {sum(1 for f in findings if f.problems)} with problems")
    sys.exit(0 if findings else 1)


if __name__ == "__main__":
    main()
