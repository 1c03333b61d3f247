"""Writes changed copies of labelled clips: `python3 -m timbre_training.augment --from … --out …`.

Each copy passes a random chain of speed, pedals and amplifier, saturation, room, microphone curve, noise, codec, silence
and level. Copies keep label, group and split of their clip, so a recording never crosses the split.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

from timbre_training import codecs, effects, rooms
from timbre_training.manifest import read_manifest, write_manifest
from timbre_training.progress import progress

RATE = 44100


def _chance(generator, probability):
    return generator.random() < probability


def change(generator, sound, label, detail):
    """One random chain over mono 44.1 kHz sound; returns a new array with its peak under 1."""
    if _chance(generator, 0.45):
        sound = effects.change_speed(generator, sound)
    electric = label == "guitar" and not any(f"program {p} " in detail for p in (24, 29, 30))
    if electric and _chance(generator, 0.33):
        sound = effects.guitar_amplifier(generator, sound)
    if (label == "guitar" and _chance(generator, 0.25)) or ("program 4 " in detail or "program 5 " in detail) and _chance(generator, 0.4):
        sound = effects.modulation(generator, sound)
    if _chance(generator, 0.12):
        sound = effects.saturation(generator, sound)
    if _chance(generator, 0.6):
        sound = rooms.add_room(generator, sound)
    if _chance(generator, 0.7):
        sound = rooms.add_curve(generator, sound)
    if _chance(generator, 0.4):
        sound = rooms.add_noise(generator, sound, generator.uniform(8, 45))
    if _chance(generator, 0.18):
        sound = effects.partial_silence(generator, sound)
    sound = effects.set_level(generator, sound)
    return codecs.random_codec(generator, sound) if _chance(generator, 0.2) else sound


def load_mono(path):
    """Mono float64 at 44.1 kHz."""
    sound, rate = soundfile.read(path, always_2d=True)
    sound = sound.mean(axis=1)
    if rate != RATE:
        divisor = np.gcd(RATE, rate)
        sound = resample_poly(sound, RATE // divisor, rate // divisor)
    return sound


def _partner(clips, clip, generator):
    """Another foreign clip to mix in: `unknown` also means several things at once."""
    others = [c for c in clips if c.label == "unknown" and c.group != clip.group]
    return load_mono(others[generator.integers(len(others))].path) if others else None


def augment_clip(generator, clip, clips):
    """Loads a clip, mixes a second one into some foreign clips, and changes the whole."""
    sound = load_mono(clip.path)
    if clip.label == "unknown" and _chance(generator, 0.12):
        other = _partner(clips, clip, generator)
        if other is not None:
            length = min(len(sound), len(other))
            sound = sound[:length] + other[:length] * generator.uniform(0.3, 1.2)
    return change(generator, sound, clip.label, clip.detail)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--from", dest="source", type=Path, required=True, help="folder with metadata.csv")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--copies", type=int, default=1)
    parser.add_argument("--splits", nargs="+", default=["train"], help="which splits to copy")
    parser.add_argument("--seed", type=int, default=30)
    options = parser.parse_args()
    clips = [clip for clip in read_manifest(options.source) if clip.split in options.splits]
    rows = []
    for number in progress(range(len(clips) * options.copies), "augment"):
        clip, copy = clips[number // options.copies], number % options.copies
        generator = np.random.default_rng([options.seed, number])
        target = options.out / clip.label / f"{clip.path.stem}-a{copy}.flac"
        row = replace(clip, path=target)
        if target.exists():
            # Every copy has its own seed, so a run that was stopped goes on where it was.
            rows.append(row)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        sound = augment_clip(generator, clip, clips)
        if np.abs(sound).max() < 1e-4:
            continue
        partial = target.with_name(f".{target.name}")
        soundfile.write(partial, np.clip(sound, -1, 1), RATE, subtype="PCM_16")
        partial.rename(target)
        rows.append(row)
    write_manifest(options.out, rows)


if __name__ == "__main__":
    main()
