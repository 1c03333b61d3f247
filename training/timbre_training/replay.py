"""Plays new phrases on recorded notes: `python3 -m timbre_training.replay --from data/real --out data/replayed`.

Every real clip of notes lends its notes to a small sampler: transposed by speed, cut, struck together, sequenced as
`playing` does. Rooms, microphones and pedals follow as in `augment`. A phrase keeps group, split and licence of its clip,
so a recording never crosses the split. What is there already is left as it is.
"""

import argparse
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from timbre_training import bowing, drumming, playing
from timbre_training.augment import RATE, change, load_mono
from timbre_training.manifest import read_manifest, write_manifest
from timbre_training.model_notes import play
from timbre_training.playing import Phrase
from timbre_training.progress import progress

STYLES = {
    "guitar": ("melody", "strum", "strum", "power", "picking", "arpeggio", "riff", "single"),
    "piano": ("melody", "chords", "chords", "two_hands", "arpeggio", "run", "single"),
    "violin": ("bowed", "bowed", "scale", "detache", "long", "double_stop"),
    "drums": ("strokes", "roll", "beat"),
}
#: Key of the recorded pitch, whatever it is, and how far from it notes are still believable.
HOME, REACH = 60, 9
FRAME = RATE // 100
SHORTEST_NOTE_SECONDS = 0.2


def onsets(sound):
    """Frames of 10 ms at which the level rises by 9 dB over the 50 ms before, at least `SHORTEST_NOTE_SECONDS` apart."""
    count = len(sound) // FRAME
    power = (sound[: count * FRAME].reshape(count, FRAME) ** 2).mean(axis=1)
    level = 10 * np.log10(np.convolve(power, np.ones(3) / 3, "same") + 1e-10)
    found = []
    for frame in range(count):
        before = level[frame - min(5, frame) : frame].min() if frame else -100.0
        apart = not found or (frame - found[-1]) * 0.01 >= SHORTEST_NOTE_SECONDS
        if level[frame] > before + 9 and level[frame] > level.max() - 35 and apart:
            found.append(frame)
    return found


def notes_in(sound):
    """The pieces between onsets that are long enough to be played; at least one."""
    starts = [frame * FRAME for frame in onsets(sound)] or [0]
    pieces = [sound[a:b] for a, b in zip(starts, [*starts[1:], len(sound)])]
    return [piece for piece in pieces if len(piece) >= SHORTEST_NOTE_SECONDS * RATE] or [max(pieces, key=len)]


class RecordedNote:
    """One recorded note as an instrument: `HOME` is its own pitch; keys out of reach stay silent."""

    def __init__(self, generator, recording, tuned=True):
        self.recording, self.tuned = recording, tuned
        self.release_seconds, self.tuning = generator.uniform(0.01, 0.08), generator.uniform(-0.5, 0.5)

    def note(self, key, seconds, velocity):
        """The recording at the key's speed, faded out after `seconds`."""
        if self.tuned and abs(key - HOME) > REACH:
            return np.zeros(1)
        speed = 2 ** ((key - HOME + self.tuning) / 12) if self.tuned else 1.0
        samples = min(int((len(self.recording) - 1) / speed), int((seconds + 4 * self.release_seconds) * RATE))
        sound = np.interp(np.arange(samples) * speed, np.arange(len(self.recording)), self.recording)
        held = min(samples, int(seconds * RATE))
        sound[held:] *= np.exp(-np.arange(samples - held) / (self.release_seconds * RATE))
        edge = min(samples, 220)
        sound[samples - edge :] *= np.linspace(1, 0, edge)
        return sound * (velocity / 127) ** 1.2

    def finish(self, sound):
        """Nothing more."""
        return sound


def style_of(name):
    """The phrase maker of that name."""
    return next(getattr(module, name) for module in (playing, bowing, drumming) if hasattr(module, name))


def replayed(clip, seed):
    """A new phrase on one note of the clip, or None when nothing sounds."""
    rng, generator = random.Random(str(seed)), np.random.default_rng(seed)
    notes = notes_in(load_mono(clip.path))
    instrument = RecordedNote(generator, notes[generator.integers(len(notes))], clip.label != "drums")
    phrase = Phrase(HOME - rng.randint(3, 8), HOME + rng.randint(4, 8), rng.uniform(2.2, 4.5), rng.randint(50, 120), rng.uniform(0.28, 0.8))
    sound = play(instrument, style_of(rng.choice(STYLES[clip.label]))(rng, phrase), phrase.seconds)
    return change(generator, sound, clip.label, clip.detail) if np.abs(sound).max() > 1e-3 else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--from", dest="source", type=Path, default=Path("data/real"), help="folder with metadata.csv")
    parser.add_argument("--out", type=Path, default=Path("data/replayed"))
    parser.add_argument("--copies", type=int, default=5, help="phrases for each clip; of drums, half as many")
    parser.add_argument("--seed", type=int, default=33)
    options = parser.parse_args()
    clips, rows = [clip for clip in read_manifest(options.source) if clip.detail.startswith("note")], []
    for number, clip in enumerate(progress(clips, "replay")):
        for copy in range(options.copies // (2 if clip.label == "drums" else 1)):
            target = options.out / clip.label / f"{clip.path.stem}-r{copy}.flac"
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                sound = replayed(clip, [options.seed, number, copy])
                if sound is None:
                    continue
                soundfile.write(target, np.clip(sound, -1, 1), RATE, subtype="PCM_16")
            rows.append(replace(clip, path=target))
    write_manifest(options.out, rows)


if __name__ == "__main__":
    main()
