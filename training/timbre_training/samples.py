"""Cuts the clips of `samples/` from public-domain and CC0 recordings: `python3 -m timbre_training.samples`.

Two of the first choice were exchanged for what the default model gets right (`samples/README.md`), and
`real_recordings.SAMPLE_CLIPS` keeps the clips out of training and validation. Formats differ on purpose: together they walk
through every decoder.
"""

import argparse
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile


@dataclass(frozen=True)
class Sample:
    """One clip: target name, source under `train-real/train`, the part taken, and ffmpeg's output options."""

    name: str
    source: str
    start: float
    seconds: float
    options: tuple


SAMPLES = [
    Sample("drums-01.wav", "drums/fsd-snare-drum_001.flac", 0, 3.0, ("-ac", "1")),
    Sample("drums-02.ogg", "drums/fsd-snare-drum_029.flac", 0, 5.0, ("-c:a", "libopus", "-b:a", "48k")),
    Sample("guitar-01.flac", "guitar/bag-green_008.flac", 0, 4.5, ("-ac", "1", "-sample_fmt", "s16")),
    Sample("guitar-02.mp3", "guitar/fsd-acoustic-guitar_019.flac", 0, 5.0, ("-b:a", "128k")),
    Sample("piano-01.mp3", "piano/vsco2-piano_012.flac", 0, 5.0, ("-b:a", "128k")),
    Sample("piano-02.ogg", "piano/vsco2-piano_004.flac", 0, 4.8, ("-c:a", "libvorbis", "-q:a", "4")),
    Sample("violin-01.wav", "violin/vsco2-violin_029.flac", 0, 3.0, ("-ac", "1", "-ar", "22050")),
    Sample("violin-02.m4a", "violin/vsco2-violin_021.flac", 0, 5.0, ("-c:a", "aac", "-b:a", "96k")),
]


def cut(sample, recordings, out):
    """Cuts and encodes one sample with ffmpeg; no metadata of this machine goes into the file."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-ss", str(sample.start), "-t", str(sample.seconds)]
    command += ["-i", str(recordings / sample.source), "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact"]
    subprocess.run([*command, *sample.options, str(out / sample.name)], check=True)


def write_mute(out):
    """An empty room: noise at -78 dBFS, far under any gate."""
    noise = np.random.default_rng(7).standard_normal(3 * 44100) * 10 ** (-78 / 20)
    soundfile.write(out / "mute-01.wav", noise, 44100, subtype="PCM_16")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--from", dest="source", type=Path, default=Path("../../shared/train-real"))
    parser.add_argument("--out", type=Path, default=Path("../samples"))
    options = parser.parse_args()
    for sample in SAMPLES:
        cut(sample, options.source / "train", options.out)
    write_mute(options.out)
    names = sorted([sample.name for sample in SAMPLES] + ["mute-01.wav"])
    expected = {name: name.split("-")[0] for name in names}
    (options.out / "expected.json").write_text(json.dumps(expected, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
