"""Seeded phrases for bowed and blown instruments: swells, vibrato, slides and legato over the styles of `playing`."""

from timbre_training.playing import SCALES, Phrase, _note, _velocity, _walk

EXPRESSION, VIBRATO = 11, 1
BEND_CENTRE = 8192


def _swell(rng, events, start, length):
    """A loudness curve over one note: rise, hold, fall, each of random depth."""
    low, high = rng.randint(45, 95), rng.randint(100, 127)
    rise, steps = rng.uniform(0.1, 0.6), max(3, int(length / 0.04))
    for index in range(steps):
        part = index / steps
        level = low + (high - low) * (part / rise if part < rise else 1 - 0.6 * (part - rise) / (1 - rise))
        events.append((start + part * length, ("control", EXPRESSION, int(level))))


def _vibrato(rng, events, start, length):
    """Vibrato that sets in after the attack, as players do."""
    events.append((start, ("control", VIBRATO, 0)))
    if length > 0.25 and rng.random() < 0.75:
        events.append((start + min(0.3, length * 0.4), ("control", VIBRATO, rng.randint(25, 110))))


def _slide(rng, events, start):
    """Arrives at the pitch from up to a semitone away within 80 ms (bend range is two semitones)."""
    offset = rng.choice((-1, 1)) * rng.uniform(0.3, 1.0)
    for index in range(5):
        bend = int(BEND_CENTRE + offset * (1 - index / 4) * BEND_CENTRE / 2)
        events.append((start + index * 0.02, ("bend", bend)))


def bowed(rng, phrase):
    """Legato melody with swells, vibrato and an occasional slide."""
    events, at, keys = [], rng.uniform(0, 0.1), _walk(rng, phrase)
    overlap = rng.uniform(0.95, 1.08)
    while at < phrase.seconds:
        length = phrase.beat * rng.choice((0.5, 0.5, 1, 1, 1.5, 2))
        _swell(rng, events, at, length)
        _vibrato(rng, events, at, length)
        if rng.random() < 0.15:
            _slide(rng, events, at)
        _note(events, at, length * overlap, next(keys), _velocity(rng, phrase))
        at += length
    return events


def long(rng, phrase):
    """One or two held notes."""
    events, count = [], rng.choice((1, 1, 2))
    for index in range(count):
        at, length = phrase.seconds * index / count + 0.05, phrase.seconds / count * rng.uniform(0.6, 0.98)
        _swell(rng, events, at, length)
        _vibrato(rng, events, at, length)
        _note(events, at, length, rng.randint(phrase.low, phrase.high), _velocity(rng, phrase))
    return events


def scale(rng, phrase):
    """An even scale up or down, slurred or separate."""
    steps, tonic = rng.choice(SCALES), rng.randint(phrase.low, max(phrase.low, phrase.high - 14))
    keys = [tonic + i + octave for octave in (0, 12) for i in steps if tonic + i + octave <= phrase.high]
    keys = keys if rng.random() < 0.5 else keys[::-1]
    events, at, step, gate = [], rng.uniform(0, 0.1), phrase.beat * rng.choice((0.25, 0.5)), rng.uniform(0.6, 1.05)
    while at < phrase.seconds:
        for key in keys:
            _note(events, at, step * gate, key, _velocity(rng, phrase))
            at += step
        keys = keys[::-1]
    return events


def detache(rng, phrase):
    """Separate strokes, from staccato to full length."""
    events, at, keys, gate = [], rng.uniform(0, 0.1), _walk(rng, phrase), rng.uniform(0.25, 0.85)
    while at < phrase.seconds:
        length = phrase.beat * rng.choice((0.25, 0.25, 0.5, 0.5, 1))
        _note(events, at, length * gate, next(keys), _velocity(rng, phrase))
        at += length
    return events


def double_stop(rng, phrase):
    """Two strings at once: thirds to octaves under a slow melody."""
    events = bowed(rng, Phrase(phrase.low, max(phrase.low + 7, phrase.high - 12), phrase.seconds, phrase.velocity, phrase.beat))
    interval = rng.choice((3, 4, 5, 7, 8, 9, 12))
    for at, event in list(events):
        if event[0] in ("on", "off"):
            events.append((at, (event[0], event[1] + interval) + event[2:]))
    return events
