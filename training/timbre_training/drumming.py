"""Seeded drum playing on General MIDI keys: beats, fills, single strokes, rolls and cymbals."""

from timbre_training.playing import _note, _velocity

KICK, SNARES, SIDE_STICK, CLOSED, PEDAL, OPEN = (35, 36), (38, 40), 37, 42, 44, 46
TOMS, CRASHES, RIDES = (41, 43, 45, 47, 48, 50), (49, 57, 55, 52), (51, 59, 53)


def _hit(rng, events, at, key, phrase, ghost=False):
    velocity = _velocity(rng, phrase, 26)
    _note(events, max(0.0, at + rng.gauss(0, 0.006)), 0.2, key, max(10, velocity // 3) if ghost else velocity)


def beat(rng, phrase):
    """A groove of eighths or sixteenths: hats or ride, kick pattern, back beat, ghosts, crash and fill."""
    events, step = [], phrase.beat / rng.choice((2, 2, 4))
    hat, snare, kick = rng.choice((CLOSED, CLOSED, OPEN, PEDAL) + RIDES), rng.choice(SNARES + (SIDE_STICK,)), rng.choice(KICK)
    bar = 8 if rng.random() < 0.7 else 16
    kicks = {0} | {i for i in range(bar) if rng.random() < 0.2}
    backs = {bar // 4, 3 * bar // 4} if rng.random() < 0.85 else {bar // 2}
    omit_hat, fill_from = rng.random() < 0.12, rng.uniform(0.6, 1.3) * phrase.seconds
    for index in range(int(phrase.seconds / step) + 1):
        at, place = index * step + 0.03, index % bar
        if at > fill_from:
            _hit(rng, events, at, rng.choice(TOMS + SNARES), phrase)
            continue
        if place in kicks:
            _hit(rng, events, at, kick, phrase)
        if place in backs:
            _hit(rng, events, at, snare, phrase)
        elif rng.random() < 0.08:
            _hit(rng, events, at, snare, phrase, ghost=True)
        if not omit_hat and rng.random() < 0.92:
            _hit(rng, events, at, OPEN if rng.random() < 0.06 else hat, phrase)
        if place == 0 and rng.random() < 0.2:
            _hit(rng, events, at, rng.choice(CRASHES), phrase)
    return events


def fill(rng, phrase):
    """Toms and snare in runs, closed by a crash."""
    events, at = [], 0.03
    while at < phrase.seconds * 0.8:
        step, key = phrase.beat / rng.choice((2, 3, 4, 4)), rng.choice(TOMS + SNARES)
        for _ in range(rng.choice((1, 2, 4))):
            _hit(rng, events, at, key, phrase)
            at += step
    _hit(rng, events, at, rng.choice(CRASHES), phrase)
    _hit(rng, events, at, rng.choice(KICK), phrase)
    return events


def strokes(rng, phrase):
    """One drum or cymbal, struck a few times with long gaps."""
    events, at = [], rng.uniform(0, 0.2)
    key = rng.choice(KICK + KICK + SNARES + SNARES + (CLOSED, OPEN, PEDAL) + TOMS + CRASHES + RIDES + (SIDE_STICK,))
    while at < phrase.seconds:
        _hit(rng, events, at, key, phrase)
        at += rng.choice((0.25, 0.5, 1, 2, 4)) * rng.uniform(0.8, 1.2)
    return events


def roll(rng, phrase):
    """A snare roll or a fast hat, swelling or fading."""
    events, at, step = [], 0.02, rng.uniform(0.04, 0.11)
    key, rising = rng.choice(SNARES + SNARES + (CLOSED,) + RIDES), rng.random() < 0.5
    while at < phrase.seconds:
        part = at / phrase.seconds
        level = 0.4 + 0.6 * (part if rising else 1 - part)
        _note(events, at, 0.1, key, max(10, int(_velocity(rng, phrase) * level)))
        at += step * (1 + rng.gauss(0, 0.05))
    return events
