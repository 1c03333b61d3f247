"""Amplifiers, pedals, speed and level: changes a player or an engineer makes. Mono float arrays at 44.1 kHz."""

from fractions import Fraction

import numpy as np
from scipy.signal import butter, resample_poly, sosfilt

RATE = 44100


def guitar_amplifier(generator, sound):
    """Pre-amplifier drive from edge-of-break-up to high gain, asymmetric clipping, tone stack and a speaker cabinet."""
    peak = np.abs(sound).max() + 1e-9
    drive = float(np.exp(generator.uniform(np.log(2), np.log(150))))
    tight = sosfilt(butter(1, generator.uniform(60, 300), "highpass", fs=RATE, output="sos"), sound / peak)
    # Twice oversampled, because clipping makes harmonics beyond the band that would fold back.
    up = resample_poly(tight, 2, 1)
    clipped = np.tanh(drive * up + generator.uniform(0, 0.3)) if generator.random() < 0.7 else np.clip(drive * up, -1, 0.8)
    shaped = resample_poly(clipped - clipped.mean(), 1, 2)
    high = generator.uniform(3200, 7000)
    cabinet = butter(generator.integers(2, 5), [generator.uniform(70, 130), high], "bandpass", fs=RATE, output="sos")
    presence = butter(1, [generator.uniform(1500, 2200), generator.uniform(2800, 4000)], "bandpass", fs=RATE, output="sos")
    wet = sosfilt(cabinet, shaped)
    return wet + generator.uniform(0, 1.2) * sosfilt(presence, wet)


def saturation(generator, sound):
    """Tape or converter overload."""
    peak = np.abs(sound).max() + 1e-9
    drive = generator.uniform(1.2, 6)
    return np.tanh(drive * sound / peak) if generator.random() < 0.7 else np.clip(drive * sound / peak, -1, 1)


def modulation(generator, sound):
    """Chorus, tremolo, slap-back delay or wah, as on electric guitars and electric pianos."""
    time, kind = np.arange(len(sound)) / RATE, generator.integers(4)
    if kind == 0:
        delay = (0.012 + 0.004 * np.sin(2 * np.pi * generator.uniform(0.3, 3) * time)) * RATE
        index = np.maximum(0, np.arange(len(sound)) - delay)
        return sound + generator.uniform(0.4, 1) * np.interp(index, np.arange(len(sound)), sound)
    if kind == 1:
        return sound * (1 - generator.uniform(0.2, 0.9) * (0.5 + 0.5 * np.sin(2 * np.pi * generator.uniform(2, 9) * time)))
    if kind == 2:
        gap, level, out = int(generator.uniform(0.08, 0.45) * RATE), generator.uniform(0.2, 0.6), sound.copy()
        for echo in range(1, 5):
            if echo * gap < len(sound):
                out[echo * gap :] += level**echo * sound[: len(sound) - echo * gap]
        return out
    centre = generator.uniform(400, 1800)
    band = sosfilt(butter(1, [centre * 0.7, centre * 1.4], "bandpass", fs=RATE, output="sos"), sound)
    return band * generator.uniform(1, 3) + 0.3 * sound


def change_speed(generator, sound, most=0.12):
    """Faster and higher, or slower and lower, by up to `most`."""
    ratio = Fraction(1 + generator.uniform(-most, most)).limit_denominator(60)
    return resample_poly(sound, ratio.denominator, ratio.numerator)


def partial_silence(generator, sound):
    """Silence before, after or inside the take, or a late entry into it."""
    kind, gap = generator.integers(4), np.zeros(int(generator.uniform(0.2, 1.5) * RATE))
    if kind == 0:
        return np.concatenate([gap, sound])
    if kind == 1:
        return np.concatenate([sound, gap])
    middle = generator.integers(len(sound) // 4, 3 * len(sound) // 4)
    if kind == 2:
        return np.concatenate([sound[:middle], gap, sound[middle:]])
    return sound[min(middle, int(0.7 * RATE)) :]


def set_level(generator, sound, low_db=-38.0, high_db=-0.5):
    """Scales to a peak between `low_db` and `high_db` dBFS."""
    peak = np.abs(sound).max()
    return sound * (10 ** (generator.uniform(low_db, high_db) / 20) / peak) if peak > 1e-6 else sound
