"""Blown and low bowed instruments by the model, as foreign sounds: every clip has pipes and lips of its own, so that
`unknown` is not only what soundfonts know. The interface is that of `string_models`."""

import numpy as np
from scipy.signal import butter, sosfilt

from timbre_training.string_models import RATE, BowedString, frequency_of


class _Blown:
    """A held tone of harmonics with vibrato, breath and swells; subclasses say how strong each harmonic is."""

    def __init__(self, generator):
        self.rng = generator
        self.vibrato, self.vibrato_hz = generator.choice([0, generator.uniform(0.001, 0.012)]), generator.uniform(4, 6.5)
        self.breath, self.attack = generator.uniform(0.003, 0.06), generator.uniform(0.015, 0.15)
        self.tremble = generator.uniform(0, 0.25)
        self.breath_hz = np.exp(generator.uniform(np.log(500), np.log(4000)))
        self.colour_db = generator.normal(0, 3, 64)

    def _level(self, k, frequency, force):
        """Level of harmonic `k`, `force` 0..1 for each sample."""
        raise NotImplementedError

    def note(self, key, seconds, velocity):
        """A breath of `seconds`."""
        samples = int((seconds + 0.08) * RATE)
        time, base = np.arange(samples) / RATE, frequency_of(key)
        swell = np.interp(time, np.linspace(0, time[-1], 6), self.rng.uniform(0.55, 1, 6)) * velocity / 127
        beat = np.sin(2 * np.pi * self.vibrato_hz * time) * np.clip(time / 0.4, 0, 1)
        pitch = base * (1 + self.vibrato * beat - 0.01 * np.exp(-time * 40))
        phase, force = 2 * np.pi * np.cumsum(pitch) / RATE, swell * (1 + self.tremble * self.vibrato * 40 * beat)
        sound = np.zeros(samples)
        for k in range(1, 30):
            if k * base > 11000:
                break
            sound += self._level(k, k * base, force) * 10 ** (self.colour_db[k] / 20) * np.sin(k * phase + k)
        band = [self.breath_hz * 0.6, self.breath_hz * 1.8]
        noise = sosfilt(butter(1, band, "bandpass", fs=RATE, output="sos"), self.rng.standard_normal(samples))
        sound = sound / (np.abs(sound).max() + 1e-9) + self.breath * noise * (1 + 3 * np.exp(-time * 30))
        envelope = np.minimum(1, time / self.attack) * swell
        envelope[int(seconds * RATE) :] *= np.exp(-np.arange(samples - int(seconds * RATE)) / (0.025 * RATE))
        return sound * envelope

    def finish(self, sound):
        """Nothing more."""
        return sound


class Flute(_Blown):
    """Few harmonics and much breath."""

    def __init__(self, generator):
        super().__init__(generator)
        self.slope, self.breath = generator.uniform(4, 14), generator.uniform(0.02, 0.25)

    def _level(self, k, frequency, force):
        return 10 ** (-self.slope * (k - 1) / 20) * force ** (k * 0.5)


class Clarinet(_Blown):
    """Odd harmonics above even ones."""

    def __init__(self, generator):
        super().__init__(generator)
        self.vibrato, self.even = generator.choice([0, 0.002]), generator.uniform(0.02, 0.4)
        self.cutoff = generator.uniform(1200, 3000)

    def _level(self, k, frequency, force):
        return (1 if k % 2 else self.even * min(1, frequency / 2500)) / (1 + (frequency / self.cutoff) ** 2) * force ** (0.3 * k)


class Brass(_Blown):
    """Trumpets, trombones and saxophones: the louder, the brighter, with a formant or two."""

    def __init__(self, generator):
        super().__init__(generator)
        self.formants = np.exp(generator.uniform(np.log(350), np.log(2500), 2))
        self.bite = generator.uniform(900, 4500)

    def _level(self, k, frequency, force):
        formant = sum(1 / (1 + ((frequency - f) / (0.4 * f)) ** 2) for f in self.formants)
        return (0.15 + formant) * np.exp(-frequency / (self.bite * (0.3 + force)))


class LowBowed(BowedString):
    """Celli and basses: the violin's motion in a body two to four times as large."""

    def __init__(self, generator):
        super().__init__(generator)
        size = generator.uniform(2, 4)
        self.modes = [(centre / size, width / size, depth) for centre, width, depth in self.modes]
        self.rolloff, self.attack = generator.uniform(1500, 5000), generator.uniform(0.04, 0.25)
