"""Rooms, microphones and noise: what stands between an instrument and a file. Mono float arrays at 44.1 kHz."""

import numpy as np
from scipy.signal import fftconvolve

RATE = 44100


def room_response(generator, rt60_seconds, direct_share):
    """A synthetic room: a direct sound, a few early reflections and a noise tail that loses its treble first.

    `rt60_seconds` is the time in which the tail falls by 60 dB; `direct_share` (0..1) the direct sound's part of the energy.
    """
    samples = int(RATE * min(2.5, rt60_seconds * 1.1)) + 1
    time = np.arange(samples) / RATE
    tail = generator.standard_normal(samples) * 10 ** (-3 * time / rt60_seconds)
    dull = generator.standard_normal(samples) * 10 ** (-3 * time / (rt60_seconds * 0.35))
    smooth = np.convolve(tail, np.ones(6) / 6, "same")
    tail = smooth + 0.6 * dull
    tail[: int(generator.uniform(0.002, 0.02) * RATE)] = 0
    for _ in range(generator.integers(2, 8)):
        tail[int(generator.uniform(0.002, 0.06) * RATE) % samples] += generator.choice([-1, 1]) * generator.uniform(0.5, 3)
    tail /= np.sqrt((tail**2).sum()) + 1e-12
    response = tail * np.sqrt(1 - direct_share)
    response[0] += np.sqrt(direct_share)
    return response


def add_room(generator, sound):
    """Puts the sound in a random room, from a dead studio to a church; keeps the length."""
    rt60 = float(np.exp(generator.uniform(np.log(0.12), np.log(2.2))))
    return fftconvolve(sound, room_response(generator, rt60, generator.uniform(0.25, 0.95)))[: len(sound)]


def add_curve(generator, sound, depth_db=9.0):
    """A smooth random equaliser over eight points of a logarithmic axis, plus now and then the band limits of a small
    microphone, a telephone or an old recorder."""
    spectrum = np.fft.rfft(sound)
    frequency = np.maximum(np.fft.rfftfreq(len(sound), 1 / RATE), 10.0)
    points = np.linspace(np.log(40), np.log(18000), 8)
    gain_db = np.interp(np.log(frequency), points, generator.uniform(-depth_db, depth_db, 8))
    if generator.random() < 0.35:
        low, high = np.exp(generator.uniform(np.log(40), np.log(350))), np.exp(generator.uniform(np.log(3000), np.log(16000)))
        order = generator.integers(2, 6)
        gain_db -= 10 * np.log10(1 + (low / frequency) ** (2 * order)) + 10 * np.log10(1 + (frequency / high) ** (2 * order))
    return np.fft.irfft(spectrum * 10 ** (gain_db / 20), len(sound))


def add_noise(generator, sound, snr_db):
    """Coloured background noise, with mains hum now and then, at `snr_db` below the sound's RMS."""
    spectrum = np.fft.rfft(generator.standard_normal(len(sound)))
    frequency = np.maximum(np.fft.rfftfreq(len(sound), 1 / RATE), 20.0)
    noise = np.fft.irfft(spectrum * frequency ** -generator.uniform(0, 1.1), len(sound))
    noise /= noise.std() + 1e-12
    if generator.random() < 0.25:
        time = np.arange(len(sound)) / RATE
        base = generator.choice([50.0, 60.0])
        noise = 0.5 * noise + sum(np.sin(2 * np.pi * base * k * time) / k for k in range(1, 8))
    return sound + noise / (noise.std() + 1e-12) * sound.std() * 10 ** (-snr_db / 20)
