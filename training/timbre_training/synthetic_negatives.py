"""Foreign sounds made from nothing: noises, hum, tones, chirps, knocks, engines, singing and (with espeak-ng) speech.

They teach `unknown`, and nothing here imitates one of the four instruments. Each maker takes a numpy generator and a
length in seconds and returns mono float32 at 44.1 kHz of any level; the caller sets loudness.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import butter, lfilter, resample_poly, sosfilt

RATE = 44100
VOICES = ("en", "en-us", "de", "fr", "es", "it", "pl", "ru", "sv", "pt", "nl")
WORDS = "rain tomorrow seven open the window quickly because music never stops in our old town please remember every name ".split()
VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410))


def _band(generator, samples, low, high):
    sos = butter(2, [max(20, low), min(RATE * 0.45, high)], "bandpass", fs=RATE, output="sos")
    return sosfilt(sos, generator.standard_normal(samples))


def noise(generator, seconds):
    """Coloured noise, steady or slowly moving: wind, water, tape, traffic."""
    samples = int(seconds * RATE)
    spectrum = np.fft.rfft(generator.standard_normal(samples))
    frequency = np.maximum(np.fft.rfftfreq(samples, 1 / RATE), 20)
    sound = np.fft.irfft(spectrum * frequency ** -generator.uniform(0, 1.2), samples)
    moving = np.interp(np.arange(samples), np.linspace(0, samples, 12), generator.uniform(0.2, 1, 12))
    return sound * (moving if generator.random() < 0.7 else 1)


def hum(generator, seconds):
    """Mains hum with its harmonics, over a little noise."""
    time, base = np.arange(int(seconds * RATE)) / RATE, generator.choice([50, 60]) * generator.uniform(0.99, 1.01)
    harmonics = range(1, generator.integers(3, 20))
    sound = sum(np.sin(2 * np.pi * base * k * time + generator.uniform(0, 6)) * generator.random() / k for k in harmonics)
    return sound + generator.uniform(0, 0.05) * generator.standard_normal(len(time))


def tones(generator, seconds):
    """Beeps, sirens and dial tones: pure or square, steady, stepped or swept."""
    samples = int(seconds * RATE)
    frequency = np.repeat(generator.uniform(200, 4000, 40), samples // int(generator.integers(4, 40)) + 1)[:samples]
    if len(frequency) < samples or generator.random() < 0.5:
        frequency = np.interp(np.arange(samples), np.linspace(0, samples, 6), generator.uniform(150, 4000, 6))
    sound = np.sin(2 * np.pi * np.cumsum(frequency) / RATE)
    sound = np.sign(sound) if generator.random() < 0.3 else sound
    gate = (np.arange(samples) / RATE % generator.uniform(0.1, 1)) < generator.uniform(0.05, 0.6)
    return sound * (gate if generator.random() < 0.6 else 1)


def chirps(generator, seconds):
    """Birds, insects and small animals: short frequency sweeps with a random envelope."""
    sound = np.zeros(int(seconds * RATE))
    for _ in range(generator.integers(3, 40)):
        samples = int(generator.uniform(0.02, 0.35) * RATE)
        start, points = generator.integers(0, max(1, len(sound) - samples)), generator.integers(2, 6)
        frequency = np.interp(np.arange(samples), np.linspace(0, samples, points), generator.uniform(700, 9000, points))
        piece = np.sin(2 * np.pi * np.cumsum(frequency) / RATE) * np.hanning(samples) * generator.random()
        sound[start : start + len(piece)] += piece[: len(sound) - start]
    return sound + 0.01 * generator.standard_normal(len(sound))


def impacts(generator, seconds):
    """Knocks, drops, clinks, typing, footsteps: struck modes and noise puffs at uneven times (no groove)."""
    sound, material = np.zeros(int(seconds * RATE)), generator.uniform(80, 2500)
    noisy, decay = generator.random(), generator.uniform(8, 120)
    for _ in range(generator.integers(1, 25)):
        time = np.arange(int(0.6 * RATE)) / RATE
        modes = material * (1 + generator.random(5) * generator.uniform(0.5, 8))
        piece = sum(np.sin(2 * np.pi * m * time) * np.exp(-decay * time * (1 + i)) for i, m in enumerate(modes)) * (1 - noisy)
        piece += noisy * 3 * _band(generator, len(time), material, material * 4) * np.exp(-decay * 2 * time)
        start = generator.integers(0, len(sound))
        sound[start : start + len(piece)] += generator.random() * piece[: len(sound) - start]
    return sound


def engine(generator, seconds):
    """Motors, saws, helicopters: pulse trains with jitter through resonances, plus noise."""
    samples = int(seconds * RATE)
    rate = np.interp(np.arange(samples), np.linspace(0, samples, 5), generator.uniform(12, 140) * generator.uniform(0.8, 1.2, 5))
    phase = np.cumsum(rate * (1 + 0.05 * generator.standard_normal(samples))) / RATE
    pulses = np.diff(np.floor(phase), prepend=0) + 0.02 * generator.standard_normal(samples)
    sound = sum(_resonate(pulses, generator.uniform(60, 3000), generator.uniform(40, 600)) for _ in range(4))
    return sound / (np.abs(sound).max() + 1e-9) + generator.uniform(0, 0.2) * noise(generator, seconds)[:samples]


def _resonate(signal, frequency, bandwidth):
    radius = np.exp(-np.pi * bandwidth / RATE)
    return lfilter([1 - radius], [1, -2 * radius * np.cos(2 * np.pi * frequency / RATE), radius**2], signal)


def singing(generator, seconds):
    """Sung vowels: glottal pulses with vibrato and glides through three formants, breath between phrases."""
    samples = int(seconds * RATE)
    points = max(2, int(seconds * generator.uniform(0.7, 4)))
    base, size = generator.uniform(90, 420), generator.uniform(0.85, 1.25)
    steps = base * 2 ** (generator.integers(-5, 8, points) / 12)
    pitch = np.repeat(steps, samples // points + 1)[:samples]
    pitch = lfilter([0.002], [1, -0.998], pitch - pitch[0]) + pitch[0]
    time = np.arange(samples) / RATE
    pitch = pitch * (1 + generator.uniform(0, 0.02) * np.sin(2 * np.pi * generator.uniform(4.5, 7) * time))
    phase = np.cumsum(pitch) / RATE % 1
    source = np.where(phase < 0.6, np.sin(np.pi * phase / 0.6) ** 2, 0) - 0.3 + 0.03 * generator.standard_normal(samples)
    source = np.diff(source, prepend=0)
    sound = np.zeros(samples)
    for start in range(0, samples, samples // points + 1):
        stop = min(samples, start + samples // points + 1)
        vowel = VOWELS[generator.integers(len(VOWELS))]
        part = sum(_resonate(source[start:stop], f * size, 90 + 40 * i) * 0.7**i for i, f in enumerate(vowel))
        edge = np.minimum(1, np.minimum(np.arange(stop - start), np.arange(stop - start)[::-1]) / (0.03 * RATE))
        sound[start:stop] = part * edge * generator.uniform(0.3, 1)
    return sound


def speech(generator, seconds):
    """Words read by espeak-ng in a random voice, pitch and pace; falls back to `singing` without the program."""
    if not shutil.which("espeak-ng"):
        return singing(generator, seconds)
    text = " ".join(generator.choice(WORDS, int(seconds * 4) + 4))
    voice = f"{generator.choice(VOICES)}+{generator.choice(['m1', 'm3', 'm7', 'f1', 'f2', 'f4', 'croak', 'whisper'])}"
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "speech.wav"
        pace, pitch = str(generator.integers(110, 230)), str(generator.integers(10, 90))
        command = ["espeak-ng", "-v", voice, "-s", pace, "-p", pitch, "-w", str(target), text]
        subprocess.run(command, check=True, capture_output=True)
        sound, rate = soundfile.read(target)
    sound = resample_poly(sound, RATE // 50, rate // 50)
    start = generator.integers(0, max(1, len(sound) - int(seconds * RATE)))
    return sound[start : start + int(seconds * RATE)]


def crowd(generator, seconds):
    """Several voices at once."""
    parts = [speech(generator, seconds) for _ in range(generator.integers(3, 6))]
    sound = np.zeros(int(seconds * RATE))
    for part in parts:
        sound[: len(part)] += part
    return sound


def bells(generator, seconds):
    """Church bells, glasses, alarms: few inharmonic partials with long decays."""
    sound = np.zeros(int(seconds * RATE))
    base = np.exp(generator.uniform(np.log(150), np.log(3500)))
    ratios = np.array([0.5, 1, 1.19, 1.5, 2, 2.7, 3.8, 5.4]) * generator.uniform(0.97, 1.03, 8)
    for start in np.sort(generator.uniform(0, seconds, generator.integers(1, 6))):
        time = np.arange(len(sound) - int(start * RATE)) / RATE
        piece = sum(
            generator.random() * np.sin(2 * np.pi * base * r * time) * np.exp(-generator.uniform(0.5, 6) * r * time)
            for r in ratios
            if base * r < 15000
        )
        sound[int(start * RATE) :] += piece
    return sound


def barks(generator, seconds):
    """Dogs, crows, cats, babies: voiced bursts whose pitch rises and falls, through two resonances."""
    sound = 0.003 * generator.standard_normal(int(seconds * RATE))
    base, length = np.exp(generator.uniform(np.log(120), np.log(900))), generator.uniform(0.08, 0.9)
    formants, at = generator.uniform(400, 3000, 2), generator.uniform(0, 0.4)
    while at < seconds:
        samples = int(length * RATE * generator.uniform(0.7, 1.3))
        bow = np.sin(np.pi * np.linspace(0.1, 1, samples))
        phase = np.cumsum(base * (0.7 + 0.6 * bow) * (1 + 0.02 * generator.standard_normal(samples))) / RATE % 1
        source = (2 * phase - 1) + generator.uniform(0.05, 0.8) * generator.standard_normal(samples)
        piece = sum(_resonate(source, f, generator.uniform(80, 500)) for f in formants) * bow
        first = int(at * RATE)
        sound[first : first + samples] += piece[: len(sound) - first]
        at += length + generator.uniform(0.05, 1.2)
    return sound


def patter(generator, seconds):
    """Rain, fire, applause, frying, typing: many short puffs at random times, each through a band of its own."""
    sound = generator.uniform(0, 0.05) * noise(generator, seconds)
    low, wide = np.exp(generator.uniform(np.log(200), np.log(4000))), generator.uniform(1.3, 5)
    for start in generator.integers(0, len(sound), int(np.exp(generator.uniform(np.log(8), np.log(220))) * seconds)):
        samples = int(generator.uniform(0.002, 0.03) * RATE)
        puff = generator.standard_normal(samples) * np.exp(-np.arange(samples) / (samples / 4)) * generator.random() ** 2
        sound[start : start + samples] += puff[: len(sound) - start]
    sos = butter(1, [low, min(RATE * 0.45, low * wide)], "bandpass", fs=RATE, output="sos")
    return sosfilt(sos, sound)


def drips(generator, seconds):
    """Drops and bubbles: very short rising tones."""
    sound = np.zeros(int(seconds * RATE))
    for start in generator.integers(0, len(sound), generator.integers(2, 30)):
        time = np.arange(int(generator.uniform(0.02, 0.12) * RATE)) / RATE
        rise = np.exp(generator.uniform(np.log(300), np.log(3000))) * (1 + generator.uniform(0, 20) * time)
        piece = np.sin(2 * np.pi * rise * time) * np.exp(-time * generator.uniform(30, 120)) * generator.random()
        sound[start : start + len(piece)] += piece[: len(sound) - start]
    return sound + 0.01 * noise(generator, seconds)


MAKERS = {
    "noise": (noise, 2.0),
    "hum": (hum, 0.7),
    "tones": (tones, 1.0),
    "chirps": (chirps, 1.5),
    "impacts": (impacts, 2.5),
    "engine": (engine, 1.5),
    "singing": (singing, 3.0),
    "speech": (speech, 3.0),
    "crowd": (crowd, 0.8),
    "bells": (bells, 1.2),
    "barks": (barks, 2.0),
    "patter": (patter, 2.0),
    "drips": (drips, 0.8),
}
