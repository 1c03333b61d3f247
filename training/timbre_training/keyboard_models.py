"""Electric pianos and upright pianos by the model, each clip an instrument of its own; the interface is that of
`string_models`: `note(key, seconds, velocity)` gives one note, `finish(sound)` what the whole clip passes."""

import numpy as np
from scipy.signal import butter, fftconvolve, sosfilt

from timbre_training.effects import modulation
from timbre_training.string_models import RATE, StruckString, body_response, frequency_of


def _damped(sound, seconds, release_seconds):
    """Lets the note die away after `seconds`."""
    held = int(seconds * RATE)
    sound[held:] *= np.exp(-np.arange(len(sound) - held) / (release_seconds * RATE))
    return sound


class StruckMetal:
    """Tine and reed pianos: a nearly pure bar whose motion a pickup bends, the more the harder it is struck."""

    def __init__(self, generator):
        self.rng = generator
        self.reed = generator.random() < 0.4
        self.asymmetry = generator.uniform(0.3, 1.2) if self.reed else generator.uniform(0.02, 0.6)
        self.gap = generator.uniform(0.9, 1.6)
        self.bell, self.bell_ratio = generator.uniform(0, 0.25), generator.uniform(5.5, 8.5)
        self.ring_seconds = generator.uniform(1, 4) if self.reed else generator.uniform(2, 10)
        self.thump, self.key_noise = generator.uniform(0, 0.12), generator.uniform(0, 0.02)
        self.drive = generator.choice([0, 0, generator.uniform(1, 6)])
        self.tone_hz, self.effect = generator.uniform(1500, 9000), generator.random() < 0.35

    def note(self, key, seconds, velocity):
        """A strike that is held for `seconds`, then damped."""
        base, samples = frequency_of(key), int((seconds + 0.15) * RATE)
        time, force = np.arange(samples) / RATE, (velocity / 127) ** 1.2
        decay = 6.9 / (self.ring_seconds * (base / 260) ** -0.6)
        bar = np.sin(2 * np.pi * base * time) * np.exp(-decay * time) * np.minimum(1, time / 0.002)
        position = self.asymmetry + force * 0.9 * bar
        field = 1 / (self.gap**2 + position**2)
        sound = np.diff(field, prepend=field[0]) * RATE / (2 * np.pi * base)
        bell = np.sin(2 * np.pi * base * self.bell_ratio * time) * np.exp(-(decay * 8 + 8) * time)
        noise = self.rng.standard_normal(samples) * np.exp(-time * 90)
        sound += force * (self.bell * bell + self.thump * sosfilt(butter(1, 500, fs=RATE, output="sos"), noise))
        return _damped(sound + self.key_noise * force * noise, seconds, 0.05)

    def finish(self, sound):
        """Pre-amplifier, speaker and now and then chorus, tremolo, delay or wah."""
        sound = sosfilt(butter(1, self.tone_hz, fs=RATE, output="sos"), sound)
        if self.drive:
            sound = np.tanh(self.drive * sound / (np.abs(sound).max() + 1e-9))
        return modulation(self.rng, sound) if self.effect else sound


class FrequencyModulation:
    """Digital electric pianos of the eighties: two carriers, each with a modulator that fades (Chowning 1973)."""

    def __init__(self, generator):
        self.rng = generator
        self.ratio, self.index = generator.choice([1, 1, 2]), generator.uniform(0.3, 2)
        self.bell_ratio, self.bell_index = generator.choice([9, 11, 13, 14]), generator.uniform(0.2, 1.5)
        self.bell, self.detune = generator.uniform(0.1, 0.6), generator.uniform(0, 0.004)
        self.ring_seconds, self.effect = generator.uniform(2, 7), generator.random() < 0.4

    def note(self, key, seconds, velocity):
        """A strike that is held for `seconds`, then damped."""
        base, samples = frequency_of(key), int((seconds + 0.2) * RATE)
        time, force = np.arange(samples) / RATE, velocity / 127
        decay = 6.9 / (self.ring_seconds * (base / 260) ** -0.4)
        phase = 2 * np.pi * base * time
        body = np.sin(phase + force * self.index * np.exp(-decay * time) * np.sin(self.ratio * phase))
        body += np.sin(phase * (1 + self.detune) + force * self.index * np.exp(-decay * time) * np.sin(self.ratio * phase))
        bell = np.sin(phase + force * self.bell_index * np.exp(-6 * decay * time) * np.sin(self.bell_ratio * phase))
        sound = 0.5 * body * np.exp(-decay * time) + self.bell * bell * np.exp(-2 * decay * time)
        return _damped(sound * np.minimum(1, time / 0.002) * force**1.3, seconds, 0.06)

    def finish(self, sound):
        """Chorus, tremolo or delay now and then."""
        return modulation(self.rng, sound) if self.effect else sound


class UprightString(StruckString):
    """A small or neglected piano: strings apart in pitch, quick decay, a boxy body, the key's knock."""

    def __init__(self, generator):
        super().__init__(generator)
        self.detune_hz, self.ring_seconds = generator.uniform(0.3, 4), generator.uniform(1, 5)
        self.brightness, self.thump = generator.uniform(300, 2200), generator.uniform(0.1, 0.6)
        self.box = body_response(generator, generator.uniform(90, 250), int(generator.integers(8, 24)), 0.15)
        self.tuning = generator.normal(0, 0.12, 128)

    def note(self, key, seconds, velocity):
        """A strike, out of tune by what this key of this piano is."""
        return super().note(key + self.tuning[key], seconds, velocity)

    def finish(self, sound):
        """Soundboard in its box."""
        return fftconvolve(super().finish(sound), self.box)[: len(sound)]
