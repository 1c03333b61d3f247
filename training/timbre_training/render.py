"""Renders labelled clips with FluidSynth: `python3 -m timbre_training.render --out data/rendered`.

Writes `<out>/<label>/<name>.flac` (44.1 kHz, mono, 16 bit) and `<out>/metadata.csv`. Clips of the held-out soundfont are
marked `heldout` in the column `split`. The same seed gives the same clips, whatever the number of clips already there.
`--varied` plays the banks beyond General MIDI instead (`varied_programs`), of the fonts that may train.
"""

import argparse
import csv
import random
from pathlib import Path

import numpy as np
import soundfile

from timbre_training import bowing, drumming, playing, synthetic_negatives
from timbre_training.fluid_synth import SAMPLE_RATE_HZ, FluidSynth
from timbre_training.programs import FOREIGN, VOICES
from timbre_training.progress import progress
from timbre_training.soundfonts import SOUNDFONTS, require_installed
from timbre_training.varied_programs import VARIED, VARIED_KITS

COLUMNS = ["file_name", "label", "split", "source", "group", "licence", "detail"]
DRUM_STYLES = (drumming.beat, drumming.beat, drumming.beat, drumming.fill, drumming.strokes, drumming.strokes, drumming.roll)
DRUM_KITS = (0, 0, 8, 16, 24, 25, 32, 40, 48)
#: Share of each soundfont's clips by label; `unknown` covers many families and gets more.
SHARES = {"drums": 1.0, "guitar": 1.25, "piano": 1.1, "violin": 1.0, "unknown": 1.6}
GENERAL_MIDI = {**VOICES, "unknown": FOREIGN}


def _style(name):
    return getattr(playing, name, None) or getattr(bowing, name)


def _phrase(rng, voice):
    low = rng.randint(voice.low, max(voice.low, voice.high - 16))
    high = rng.randint(min(low + 12, voice.high), voice.high)
    return playing.Phrase(low, max(low + 8, high), rng.uniform(2.2, 5.5), rng.randint(40, 122), rng.uniform(0.28, 0.8))


def _shape_level(rng, sound):
    """Peak between -24 and -1 dBFS: takes differ in level, and the model must not care."""
    peak = np.abs(sound).max()
    return sound * (10 ** (rng.uniform(-24, -1) / 20) / peak) if peak > 1e-4 else None


def render_clip(synth, label, seed, voices_of=GENERAL_MIDI, kits_of=DRUM_KITS):
    """One clip for `label`: `(mono float32, description)`, or None when the font is silent there."""
    rng = random.Random(seed)
    if label == "drums":
        kits = [kit for kit in kits_of if synth.has_preset(128, kit)]
        kit, style = rng.choice(kits), rng.choice(DRUM_STYLES)
        phrase = playing.Phrase(35, 60, rng.uniform(1.5, 5.5), rng.randint(40, 122), rng.uniform(0.3, 0.8))
        synth.select(9, 128, kit)
        channel, events, name = 9, style(rng, phrase), f"kit {kit} {style.__name__}"
    else:
        voices = [v for v in voices_of[label] if not v.bank or synth.has_preset(v.bank, v.program)]
        voice = rng.choices(voices, [v.weight for v in voices])[0]
        phrase, style = _phrase(rng, voice), _style(rng.choice(voice.styles))
        synth.select(0, voice.bank, voice.program)
        bank = f"bank {voice.bank} " if voice.bank else ""
        channel, events, name = 0, style(rng, phrase), f"{bank}program {voice.program} {style.__name__}"
    reverb = rng.choice((0, 0, rng.randint(5, 90)))
    synth.send(channel, ("control", 91, reverb))
    events = [event for event in events if event[0] < phrase.seconds]
    sound = _shape_level(rng, synth.play(channel, events, phrase.seconds + rng.uniform(0, 0.6)))
    return None if sound is None else (sound.astype(np.float32), name)


def render_font(font, out, clips_per_label, seed, varied=False):
    """Renders every label with one font and yields metadata rows."""
    synth = FluidSynth(font.path)
    split = "heldout" if font.held_out else "train"
    for label, share in SHARES.items():
        for index in progress(range(int(clips_per_label * share)), f"{font.name} {label}"):
            chance = f"{seed}/{font.name}/{label}/{index}"
            clip = render_clip(synth, label, chance, VARIED, VARIED_KITS) if varied else render_clip(synth, label, chance)
            if clip is None:
                continue
            name = f"{label}/{font.name}-{index:04d}.flac"
            soundfile.write(out / name, clip[0], SAMPLE_RATE_HZ, subtype="PCM_16")
            group = f"{font.name}-{label}-{'varied-' if varied else ''}{index}"
            yield [name, label, split, f"rendered:{font.name}", group, font.licence, clip[1]]


def render_synthetic(out, count, seed):
    """Foreign sounds without a soundfont; one in five is kept out of training."""
    names = list(synthetic_negatives.MAKERS)
    weights = np.array([synthetic_negatives.MAKERS[name][1] for name in names])
    for index in progress(range(count), "synthetic unknown"):
        generator = np.random.default_rng([seed, index])
        kind = str(generator.choice(names, p=weights / weights.sum()))
        sound = synthetic_negatives.MAKERS[kind][0](generator, generator.uniform(2, 5))
        sound = _shape_level(random.Random(f"{seed}/synthetic/{index}"), np.asarray(sound))
        if sound is None:
            continue
        name = f"unknown/synthetic-{index:04d}.flac"
        soundfile.write(out / name, sound, SAMPLE_RATE_HZ, subtype="PCM_16")
        split = "heldout" if index % 5 == 4 else "train"
        yield [name, "unknown", split, "synthetic", f"synthetic-{index}", "CC0-1.0", kind]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("data/rendered"))
    parser.add_argument("--clips", type=int, default=360, help="clips for each label and soundfont")
    parser.add_argument("--heldout-clips", type=int, default=120, help="the same, for the held-out soundfont")
    parser.add_argument("--synthetic", type=int, default=900, help="foreign sounds made without a soundfont")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--varied", action="store_true", help="banks beyond General MIDI; neither held-out nor synthetic clips")
    options = parser.parse_args()
    require_installed()
    for label in SHARES:
        (options.out / label).mkdir(parents=True, exist_ok=True)
    with open(options.out / "metadata.csv", "w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(COLUMNS)
        for font in SOUNDFONTS:
            count = options.heldout_clips if font.held_out else options.clips
            if not (options.varied and font.held_out):
                writer.writerows(render_font(font, options.out, count, options.seed, options.varied))
        if not options.varied:
            writer.writerows(render_synthetic(options.out, options.synthetic, options.seed))


if __name__ == "__main__":
    main()
