"""Seeded phrases for tuned instruments: lists of timed events for `FluidSynth.play`, one function for each style.

Every function takes a `random.Random` and a `Phrase` (range, length, dynamics) and returns `[(seconds, event), …]`. All
musical chance comes from that generator, so a seed names a clip.
"""

from dataclasses import dataclass

SCALES = [(0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 3, 5, 7, 9, 10), (0, 3, 5, 7, 10), (0, 2, 4, 7, 9)]
CHORDS = [(0, 4, 7), (0, 3, 7), (0, 4, 7, 10), (0, 3, 7, 10), (0, 4, 7, 11), (0, 5, 7), (0, 4, 7, 12, 16), (0, 7, 12)]
GUITAR_SHAPES = [(0, 7, 12, 16, 19, 24), (0, 7, 12, 15, 19, 24), (0, 7, 12, 16, 19), (0, 7, 10, 16, 19), (0, 5, 10, 15, 19)]


@dataclass(frozen=True)
class Phrase:
    """What a style needs to know: key range (MIDI), length in seconds, loudness 0..127 and seconds for one beat."""

    low: int
    high: int
    seconds: float
    velocity: int
    beat: float


def _velocity(rng, phrase, spread=18):
    return max(12, min(127, int(phrase.velocity + rng.gauss(0, spread / 2))))


def _note(events, at, length, key, velocity):
    if 0 <= key <= 127:
        events.append((at, ("on", key, velocity)))
        events.append((at + max(0.03, length), ("off", key)))


def _walk(rng, phrase):
    """Endless melody: scale steps with some leaps, kept inside the range."""
    scale, tonic = rng.choice(SCALES), rng.randrange(12)
    keys = [k for k in range(phrase.low, phrase.high + 1) if (k - tonic) % 12 in scale]
    index = rng.randrange(len(keys))
    while True:
        yield keys[index]
        step = rng.choice((-2, -1, -1, 1, 1, 2)) if rng.random() < 0.8 else rng.randint(-6, 6)
        index = min(len(keys) - 1, max(0, index + step))


def melody(rng, phrase):
    """One voice, mixed note values, some rests."""
    events, at, keys = [], rng.uniform(0, 0.15), _walk(rng, phrase)
    while at < phrase.seconds:
        length = phrase.beat * rng.choice((0.25, 0.5, 0.5, 0.5, 1, 1, 1.5))
        if rng.random() < 0.92:
            _note(events, at, length * rng.uniform(0.6, 1.05), next(keys), _velocity(rng, phrase))
        at += length
    return events


def chords(rng, phrase):
    """Block chords, slightly spread, in the middle of the range."""
    events, at = [], rng.uniform(0, 0.15)
    while at < phrase.seconds:
        root = rng.randint(phrase.low, max(phrase.low, phrase.high - 18))
        length, spread = phrase.beat * rng.choice((1, 1, 2, 2, 4)), rng.choice((0, 0.004, 0.012))
        for order, interval in enumerate(rng.choice(CHORDS)):
            _note(events, at + order * spread, length * rng.uniform(0.7, 1), root + interval, _velocity(rng, phrase))
        at += length
    return events


def strum(rng, phrase):
    """Guitar shapes struck down and up, strings 8 to 35 ms apart, ringing until the next stroke."""
    events, at = [], rng.uniform(0, 0.1)
    root, shape = rng.randint(phrase.low, phrase.low + 12), rng.choice(GUITAR_SHAPES)
    gap = rng.uniform(0.008, 0.035)
    while at < phrase.seconds:
        if rng.random() < 0.25:
            root, shape = rng.randint(phrase.low, phrase.low + 12), rng.choice(GUITAR_SHAPES)
        length = phrase.beat * rng.choice((0.5, 0.5, 1, 1, 2))
        strings = list(shape) if rng.random() < 0.65 else list(reversed(shape))[: rng.randint(3, 5)]
        for order, interval in enumerate(strings):
            _note(events, at + order * gap, max(0.05, length - order * gap), root + interval, _velocity(rng, phrase))
        at += length
    return events


def power(rng, phrase):
    """Rock fifths, sustained or chugging."""
    events, at = [], rng.uniform(0, 0.1)
    root = rng.randint(phrase.low, phrase.low + 14)
    while at < phrase.seconds:
        if rng.random() < 0.3:
            root = rng.randint(phrase.low, phrase.low + 14)
        chug = rng.random() < 0.5
        for _ in range(rng.choice((2, 4, 8)) if chug else 1):
            length = phrase.beat * (0.25 if chug else rng.choice((1, 2, 4)))
            for interval in rng.choice(((0, 7), (0, 7, 12))):
                _note(events, at, length * (0.6 if chug else 0.97), root + interval, _velocity(rng, phrase))
            at += length
    return events


def arpeggio(rng, phrase):
    """Broken chords; half of the time the notes ring on."""
    events, at = [], rng.uniform(0, 0.1)
    step, ring = phrase.beat * rng.choice((0.25, 0.5, 0.5)), rng.random() < 0.5
    while at < phrase.seconds:
        root = rng.randint(phrase.low, max(phrase.low, phrase.high - 24))
        pattern = [root + i for i in rng.choice(CHORDS)] + [root + 12]
        pattern = pattern if rng.random() < 0.6 else pattern + pattern[-2:0:-1]
        for key in pattern * rng.choice((1, 1, 2)):
            _note(events, at, step * (len(pattern) if ring else 0.95), key, _velocity(rng, phrase))
            at += step
    return events


def picking(rng, phrase):
    """Finger picking: alternating bass under a pattern of higher strings."""
    events, at, step = [], rng.uniform(0, 0.1), phrase.beat * 0.5
    root, shape, beat = rng.randint(phrase.low, phrase.low + 12), rng.choice(GUITAR_SHAPES), 0
    while at < phrase.seconds:
        if beat % 8 == 0 and rng.random() < 0.6:
            root, shape = rng.randint(phrase.low, phrase.low + 12), rng.choice(GUITAR_SHAPES)
        interval = shape[(beat // 2) % 2] if beat % 2 == 0 else rng.choice(shape[2:])
        _note(events, at, step * rng.uniform(1, 4), root + interval, _velocity(rng, phrase))
        at, beat = at + step, beat + 1
    return events


def riff(rng, phrase):
    """A short figure in the low half, repeated."""
    events, at = [], rng.uniform(0, 0.1)
    low_half = Phrase(phrase.low, (phrase.low + phrase.high) // 2, phrase.seconds, phrase.velocity, phrase.beat)
    keys = _walk(rng, low_half)
    figure = [(next(keys), phrase.beat * rng.choice((0.25, 0.5, 0.5, 1))) for _ in range(rng.randint(3, 8))]
    while at < phrase.seconds:
        for key, length in figure:
            _note(events, at, length * rng.uniform(0.5, 1), key, _velocity(rng, phrase))
            at += length
    return events


def single(rng, phrase):
    """One to three separate notes left to ring."""
    events, count = [], rng.choice((1, 1, 2, 3))
    for index in range(count):
        at = phrase.seconds * index / count + rng.uniform(0, 0.2)
        length = phrase.seconds / count * rng.uniform(0.4, 1)
        _note(events, at, length, rng.randint(phrase.low, phrase.high), _velocity(rng, phrase))
    return events


def run(rng, phrase):
    """Fast scales up and down."""
    events, at, step = [], rng.uniform(0, 0.1), rng.uniform(0.06, 0.16)
    scale = rng.choice(SCALES)
    key, direction = rng.randint(phrase.low, phrase.high), 1
    while at < phrase.seconds:
        if key % 12 in scale:
            _note(events, at, step * 1.1, key, _velocity(rng, phrase))
            at += step
        key += direction
        if not phrase.low < key < phrase.high or rng.random() < 0.04:
            direction, key = -direction, min(phrase.high - 1, max(phrase.low + 1, key))
    return events


def two_hands(rng, phrase):
    """A melody in the upper half over chords or single notes in the lower; often with the pedal down."""
    middle = (phrase.low + phrase.high) // 2
    upper = Phrase(middle, phrase.high, phrase.seconds, phrase.velocity, phrase.beat)
    lower = Phrase(phrase.low, middle, phrase.seconds, max(20, phrase.velocity - 12), phrase.beat)
    events = melody(rng, upper) + rng.choice((chords, arpeggio))(rng, lower)
    if rng.random() < 0.6:
        events.append((0.0, ("control", 64, 127)))
    return events
