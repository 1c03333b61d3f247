"""Plays seeded phrases on modelled instruments: `python3 -m timbre_training.model_notes --out data/modelled`.

A clip that is there already is left as it is: its seed names it.
"""

import argparse
import random
from collections import defaultdict
from pathlib import Path

import numpy as np
import soundfile

from timbre_training import bowing, playing
from timbre_training.blown_models import Brass, Clarinet, Flute, LowBowed
from timbre_training.keyboard_models import FrequencyModulation, StruckMetal, UprightString
from timbre_training.manifest import Clip, write_manifest
from timbre_training.playing import Phrase
from timbre_training.progress import progress
from timbre_training.string_models import RATE, BowedString, PluckedString, StruckString, Tine

PLUCKED = (playing.melody, playing.strum, playing.arpeggio, playing.picking, playing.riff, playing.single, playing.single)
KEYS = (playing.melody, playing.chords, playing.arpeggio, playing.two_hands, playing.single, playing.run)
BOWED = (bowing.bowed, bowing.bowed, bowing.scale, bowing.detache, bowing.long, bowing.double_stop)
BLOWN = (bowing.bowed, bowing.bowed, bowing.scale, bowing.detache, bowing.long, playing.melody)
#: label, instrument, styles, key range, how many for every ten of `--clips`
INSTRUMENTS = [
    ("guitar", PluckedString, PLUCKED, (40, 86), 10),
    ("piano", StruckString, KEYS, (28, 98), 6),
    ("piano", Tine, KEYS, (33, 92), 4),
    ("violin", BowedString, BOWED, (55, 98), 10),
    ("piano", UprightString, KEYS, (30, 96), 6),
    ("piano", StruckMetal, KEYS, (33, 92), 6),
    ("piano", FrequencyModulation, KEYS, (33, 92), 3),
    ("unknown", Flute, BLOWN, (58, 94), 3),
    ("unknown", Clarinet, BLOWN, (48, 88), 3),
    ("unknown", Brass, BLOWN, (36, 86), 5),
    ("unknown", LowBowed, BOWED, (30, 62), 5),
]


def notes_of(events):
    """`[(start, length, key, velocity)]` from on and off events; controllers are left to the models."""
    open_notes, notes = defaultdict(list), []
    for at, event in sorted(events, key=lambda item: item[0]):
        if event[0] == "on":
            open_notes[event[1]].append((at, event[2]))
        elif event[0] == "off" and open_notes[event[1]]:
            start, velocity = open_notes[event[1]].pop(0)
            notes.append((start, at - start, event[1], velocity))
    return notes


def play(instrument, events, seconds):
    """Mono sound of `seconds`."""
    sound = np.zeros(int(seconds * RATE))
    for start, length, key, velocity in notes_of(events):
        first = int(start * RATE)
        if first >= len(sound):
            continue
        note = instrument.note(key, min(length, seconds - start), velocity)[: len(sound) - first]
        sound[first : first + len(note)] += note
    return instrument.finish(sound)


def model_clip(maker, styles, keys, seed):
    """One clip: `(sound, style name)`."""
    rng, generator = random.Random(str(seed)), np.random.default_rng(seed)
    low = rng.randint(keys[0], keys[1] - 20)
    high = rng.randint(low + 12, keys[1])
    phrase = Phrase(low, high, rng.uniform(2.2, 4.5), rng.randint(45, 120), rng.uniform(0.28, 0.8))
    style = rng.choice(styles)
    sound = play(maker(generator), style(rng, phrase), phrase.seconds)
    return sound / (np.abs(sound).max() + 1e-9) * 10 ** (rng.uniform(-24, -1) / 20), style.__name__


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("data/modelled"))
    parser.add_argument("--clips", type=int, default=400, help="clips for each label")
    parser.add_argument("--seed", type=int, default=50)
    options = parser.parse_args()
    clips = []
    for kind, (label, maker, styles, keys, tenths) in enumerate(INSTRUMENTS):
        (options.out / label).mkdir(parents=True, exist_ok=True)
        for index in progress(range(options.clips * tenths // 10), f"{label} {maker.__name__}"):
            target = options.out / label / f"{maker.__name__.lower()}-{index:04d}.flac"
            if not target.exists():
                sound, _ = model_clip(maker, styles, keys, [options.seed, kind, index])
                soundfile.write(target, sound, RATE, subtype="PCM_16")
            name = f"modelled:{maker.__name__}"
            clips.append(Clip(target, label, "train", name, f"{name}-{index}", "CC0-1.0"))
    write_manifest(options.out, clips)


if __name__ == "__main__":
    main()
