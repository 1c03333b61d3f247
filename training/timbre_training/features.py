"""From clips to training arrays, through Timbre's own preprocess: `timbre features` writes packs, this reads them.

Nothing here computes a feature. What a model is trained on is, byte for byte, what the service would have sent it.
"""

import hashlib
import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from timbre_training.manifest import read_manifest
from timbre_training.progress import progress
from timbre_training.tensor_pack import read_tensor_pack

PROJECT = Path(__file__).resolve().parents[2]
COMMAND = ("node", str(PROJECT / "cli/dist/main.js"), "features")


@dataclass
class WindowSet:
    """Windows of many clips. `windows [n, …]` float16, `clip [n]` index into `clips`, `rms_dbfs [n]`."""

    windows: np.ndarray
    clip: np.ndarray
    rms_dbfs: np.ndarray
    clips: list = field(default_factory=list)

    def select(self, keep):
        """The clips for which `keep(clip)` holds, with their windows."""
        chosen = [index for index, clip in enumerate(self.clips) if keep(clip)]
        place = np.full(len(self.clips), -1)
        place[chosen] = np.arange(len(chosen))
        rows = place[self.clip] >= 0
        return WindowSet(self.windows[rows], place[self.clip[rows]], self.rms_dbfs[rows], [self.clips[i] for i in chosen])


def extract(spec, folder, out):
    """Runs the preprocess over the clips of a manifest folder: one pack a clip under `out/packs`, `index.csv` beside."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    spec_path = out / "spec.json"
    spec_path.write_text(json.dumps(spec), encoding="utf-8")
    subprocess.run([*COMMAND, "--spec", str(spec_path), "--out", str(out / "packs"), str(Path(folder) / "metadata.csv")], check=True)


def read_index(packs):
    """`{clip path: pack path}` from the index that `timbre features` writes."""
    entries = {}
    with open(Path(packs) / "index.jsonl", encoding="utf-8") as handle:
        for line in handle:
            row = json.loads(line)
            if row.get("pack"):
                entries[Path(row["file"]).resolve()] = Path(packs) / row["pack"]
    return entries


def load(spec, folder, cache):
    """Windows of all clips of a manifest folder, extracted once for each spec and folder, kept as one array file."""
    clips = read_manifest(folder)
    key = hashlib.sha256(json.dumps([spec, [str(c.path) for c in clips]], sort_keys=True).encode()).hexdigest()[:16]
    stored = Path(cache) / f"{Path(folder).name}-{key}.npz"
    if not stored.exists():
        packs = Path(cache) / f"{Path(folder).name}-{key}"
        if not (packs / "packs" / "index.jsonl").exists():
            extract(spec, folder, packs)
        _collect(clips, packs / "packs", stored)
    arrays = np.load(stored)
    read = set(np.unique(arrays["clip"]).tolist())
    numbers = {id(clip): number for number, clip in enumerate(clips)}
    # A clip that the preprocess refused has no windows; it is left out here and named in the index with its code.
    everything = WindowSet(arrays["windows"], arrays["clip"], arrays["rms_dbfs"], clips)
    return everything.select(lambda clip: numbers[id(clip)] in read)


def _collect(clips, packs, stored):
    index, windows, owner, loudness = read_index(packs), [], [], []
    for number, clip in enumerate(progress(clips, f"read {stored.stem}")):
        path = index.get(clip.path.resolve())
        if path is None:
            continue
        pack = read_tensor_pack(path)
        windows.append(pack.windows.astype(np.float16))
        loudness.append(pack.rms_dbfs)
        owner.append(np.full(len(pack.windows), number))
    np.savez(stored, windows=np.concatenate(windows), clip=np.concatenate(owner), rms_dbfs=np.concatenate(loudness))


def join(*sets):
    """One set out of several."""
    starts = np.cumsum([0] + [len(s.clips) for s in sets])
    return WindowSet(
        np.concatenate([s.windows for s in sets]),
        np.concatenate([s.clip + start for s, start in zip(sets, starts)]),
        np.concatenate([s.rms_dbfs for s in sets]),
        [clip for s in sets for clip in s.clips],
    )
