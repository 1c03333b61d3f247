"""Plucked, struck and bowed notes from physical and spectral models with random bodies: timbres that no soundfont has.

Every maker returns one note as mono float64 at 44.1 kHz. An `Instrument` draws its body once for each clip, so all notes of
a clip come from one instrument, and no two clips from the same.
"""

import numpy as np
from scipy.signal import butter, fftconvolve, lfilter, sosfilt

RATE = 44100


def frequency_of(key):
    """Equal temperament, key 69 at 440 Hz."""
    return 440.0 * 2 ** ((key - 69) / 12)


def body_response(generator, lowest_hz, modes, tail_seconds):
    """Impulse response of a wooden body: decaying modes from `lowest_hz` upwards plus the direct sound."""
    time = np.arange(int(tail_seconds * RATE)) / RATE
    response = np.zeros(len(time))
    for index in range(modes):
        frequency = lowest_hz * (1 + index * generator.uniform(0.4, 1.1)) * generator.uniform(0.9, 1.1)
        decay = generator.uniform(25, 120) * (1 + frequency / 2000)
        response += generator.uniform(0.2, 1) / (1 + index * 0.15) * np.sin(2 * np.pi * frequency * time) * np.exp(-decay * time)
    response *= generator.uniform(0.1, 0.5) / (np.sqrt((response**2).sum()) + 1e-9)
    response[0] += 1
    return response


class PluckedString:
    """Guitar strings (Karplus and Strong 1983, with pick position after Jaffe and Smith 1983): wooden or with a pickup."""

    def __init__(self, generator):
        self.rng = generator
        self.electric = generator.random() < 0.5
        self.damping = generator.uniform(0.01, 0.2)
        self.ring_seconds = np.exp(generator.uniform(np.log(0.8), np.log(7)))
        self.pick, self.softness = generator.uniform(0.06, 0.45), np.exp(generator.uniform(np.log(400), np.log(8000)))
        self.body = body_response(generator, generator.uniform(85, 125), generator.integers(6, 18), 0.12)
        self.pickup, self.cutoff = generator.uniform(0.05, 0.3), generator.uniform(2200, 7000)

    def note(self, key, seconds, velocity):
        """A pluck that rings for `seconds`, then is damped."""
        period = max(8, int(round(RATE / frequency_of(key))))
        samples = int((seconds + 0.08) * RATE)
        burst = np.zeros(samples)
        noise = self.rng.uniform(-1, 1, period)
        burst[:period] = sosfilt(butter(1, self.softness * (0.4 + velocity / 127), fs=RATE, output="sos"), noise)[:samples]
        offset = max(1, int(self.pick * period))
        burst[offset:] -= burst[:-offset]
        gain = 10 ** (-3 * period / (RATE * self.ring_seconds * (frequency_of(key) / 200) ** -0.35))
        feedback = np.zeros(period + 2)
        feedback[0] = 1
        feedback[period - 1 : period + 2] = -gain * np.array([self.damping, 1 - 2 * self.damping, self.damping])
        sound = lfilter([1.0], feedback, burst)
        sound[int(seconds * RATE) :] *= np.exp(-np.arange(samples - int(seconds * RATE)) / (0.012 * RATE))
        return sound * (velocity / 127) ** 1.5

    def finish(self, sound):
        """Body or pickup."""
        if not self.electric:
            return fftconvolve(sound, self.body)[: len(sound)]
        delay = max(1, int(self.pickup * RATE / 200))
        combed = sound - 0.7 * np.concatenate([np.zeros(delay), sound[:-delay]])
        return sosfilt(butter(2, self.cutoff, fs=RATE, output="sos"), combed)


class StruckString:
    """Piano strings: stiff partials, two detuned strings, fast then slow decay, hammer noise (after Fletcher and Rossing)."""

    def __init__(self, generator):
        self.rng = generator
        self.stiffness = np.exp(generator.uniform(np.log(6e-5), np.log(8e-4)))
        self.brightness, self.slope = generator.uniform(500, 3000), generator.uniform(0.3, 1.1)
        self.strike, self.detune_hz = generator.uniform(0.07, 0.16), generator.uniform(0.05, 1.2)
        self.ring_seconds = generator.uniform(2.5, 12)
        self.board_db = generator.normal(0, 4, 200)
        self.thump, self.body = generator.uniform(0, 0.25), body_response(generator, generator.uniform(60, 110), 14, 0.1)

    def note(self, key, seconds, velocity):
        """A strike that is held for `seconds`, then damped."""
        base, samples = frequency_of(key), int((seconds + 0.15) * RATE)
        time, sound = np.arange(samples) / RATE, np.zeros(samples)
        stiffness = self.stiffness * 2 ** ((key - 60) / 10)
        for k in range(1, 33):
            frequency = k * base * np.sqrt(1 + stiffness * k * k)
            if frequency > 10000:
                break
            level = np.exp(-frequency / (self.brightness * (0.4 + 1.6 * velocity / 127))) + 0.02 * k**-self.slope
            level *= abs(np.sin(np.pi * k * self.strike)) * 10 ** (self.board_db[int(frequency / 50) % 200] / 20)
            fast = 6.9 / (self.ring_seconds * 0.25 * (base / 260) ** -0.6) * (1 + frequency / 3000)
            envelope = 0.75 * np.exp(-fast * time) + 0.25 * np.exp(-fast * 0.22 * time)
            phase, apart = self.rng.uniform(0, 6.28), self.detune_hz * k**0.5
            tone = np.sin(2 * np.pi * frequency * time + phase) + 0.7 * np.sin(2 * np.pi * (frequency + apart) * time + phase)
            sound += level * envelope * tone
        hammer = sosfilt(butter(1, 900, fs=RATE, output="sos"), self.rng.standard_normal(samples)) * np.exp(-time * 60)
        sound = sound / (np.abs(sound).max() + 1e-9) + self.thump * hammer
        sound *= np.minimum(1, time / 0.0015)
        sound[int(seconds * RATE) :] *= np.exp(-np.arange(samples - int(seconds * RATE)) / (0.04 * RATE))
        return sound * (velocity / 127) ** 1.5

    def finish(self, sound):
        """Soundboard."""
        return fftconvolve(sound, self.body)[: len(sound)]


class Tine:
    """Electric piano: a struck tine or reed over a pickup, with a short bell-like overtone, and tremolo now and then."""

    def __init__(self, generator):
        self.rng = generator
        self.overtone, self.bell = generator.uniform(4, 9), generator.uniform(0.05, 0.6)
        self.offset, self.bite = generator.uniform(0.1, 0.7), generator.uniform(0.5, 3)
        self.ring_seconds, self.tremolo = generator.uniform(2, 8), generator.choice([0, 0, generator.uniform(0.2, 0.8)])
        self.tremolo_hz = generator.uniform(2, 8)

    def note(self, key, seconds, velocity):
        """A strike held for `seconds`."""
        base, samples = frequency_of(key), int((seconds + 0.1) * RATE)
        time, force = np.arange(samples) / RATE, (velocity / 127) ** 1.3
        decay = 6.9 / (self.ring_seconds * (base / 260) ** -0.5)
        motion = force * np.exp(-decay * time) * np.sin(2 * np.pi * base * time)
        motion += force * self.bell * np.exp(-(decay * 6 + 6) * time) * np.sin(2 * np.pi * base * self.overtone * time)
        # The pickup's field falls off with distance, which bends the wave the more the harder the note is struck.
        sound = np.exp(-self.bite * (motion - self.offset) ** 2)
        sound = np.diff(sound, prepend=sound[0]) * RATE / (2 * np.pi * base)
        sound[int(seconds * RATE) :] *= np.exp(-np.arange(samples - int(seconds * RATE)) / (0.03 * RATE))
        return sound

    def finish(self, sound):
        """Tremolo."""
        time = np.arange(len(sound)) / RATE
        return sound * (1 - self.tremolo * (0.5 + 0.5 * np.sin(2 * np.pi * self.tremolo_hz * time)))


class BowedString:
    """A sawtooth of bowed motion with vibrato, bow noise and uneven pressure, through a violin-like body."""

    def __init__(self, generator):
        self.rng = generator
        self.vibrato_hz, self.vibrato = generator.uniform(4.5, 7), generator.choice([0, generator.uniform(0.002, 0.018)], p=[0.2, 0.8])
        self.rough, self.attack = generator.uniform(0.005, 0.12), generator.uniform(0.02, 0.18)
        centres = np.array([280, 460, 560, 1000, 2500, 4500]) * generator.uniform(0.85, 1.18, 6)
        self.modes = list(zip(centres, generator.uniform(60, 900, 6) * (1, 1, 1, 1.5, 2, 2), generator.uniform(2, 14, 6)))
        self.rolloff = generator.uniform(3500, 9000)

    def note(self, key, seconds, velocity):
        """A stroke of `seconds`."""
        samples = int((seconds + 0.1) * RATE)
        time = np.arange(samples) / RATE
        onset = np.clip((time - 0.15) / 0.3, 0, 1)
        drift = np.interp(time, np.linspace(0, time[-1], 8), self.rng.normal(0, 0.0015, 8))
        pitch = frequency_of(key) * (1 + drift + self.vibrato * onset * np.sin(2 * np.pi * self.vibrato_hz * time))
        phase, step = np.cumsum(pitch) / RATE % 1, pitch / RATE
        saw = 2 * phase - 1
        # PolyBLEP (Välimäki and Huovilainen 2007): takes the aliasing out of the sawtooth's jump.
        saw -= np.where(phase < step, 2 * phase / step - (phase / step) ** 2 - 1, 0)
        back = (phase - 1) / step
        saw -= np.where(phase > 1 - step, back**2 + 2 * back + 1, 0)
        noise = self.rng.standard_normal(samples) * self.rough * (0.4 + np.abs(saw))
        swell = np.interp(time, np.linspace(0, time[-1], 6), self.rng.uniform(0.45, 1, 6))
        envelope = np.minimum(1, time / self.attack) * swell
        envelope[int(seconds * RATE) :] *= np.exp(-np.arange(samples - int(seconds * RATE)) / (0.03 * RATE))
        return (saw + noise) * envelope * (velocity / 127)

    def finish(self, sound):
        """Body: resonances over a falling slope."""
        frequency = np.maximum(np.fft.rfftfreq(len(sound), 1 / RATE), 1)
        gain_db = sum(depth / (1 + ((frequency - centre) / width) ** 2) for centre, width, depth in self.modes)
        gain_db = gain_db - 12 * np.log2(1 + (frequency / self.rolloff) ** 2) - 10 * np.log10(1 + (180 / frequency) ** 4)
        return np.fft.irfft(np.fft.rfft(sound) * 10 ** (gain_db / 20), len(sound))
