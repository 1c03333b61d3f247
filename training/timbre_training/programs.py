"""Which General MIDI programs stand for which label, how often, in which range and played how.

Families so close to a label that a listener would argue (viola, string sections, dulcimer, clavinet, toms as melody) are
in neither side: they would teach the model noise.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Voice:
    """A program (0-based), its share within the label, key range, the styles of `playing` that suit it, and its bank."""

    program: int
    weight: float
    low: int
    high: int
    styles: tuple
    bank: int = 0


_PLUCKED = ("melody", "arpeggio", "strum", "single", "riff", "picking")
_ROCK = ("melody", "power", "riff", "single", "strum")
_KEYS = ("melody", "chords", "arpeggio", "two_hands", "single", "run")
_BOWED = ("bowed", "bowed", "bowed", "scale", "double_stop", "long", "detache")
_BLOWN = ("bowed", "scale", "long", "detache", "melody")
_HELD = ("chords", "melody", "long", "two_hands")
_STRUCK = ("melody", "arpeggio", "single", "run")

VOICES = {
    "guitar": [
        Voice(24, 3, 40, 81, _PLUCKED),
        Voice(25, 3, 40, 83, _PLUCKED),
        Voice(26, 2, 40, 84, _PLUCKED),
        Voice(27, 3, 40, 86, _PLUCKED),
        Voice(28, 1.2, 40, 80, ("riff", "melody", "single", "picking")),
        Voice(29, 2, 40, 86, _ROCK),
        Voice(30, 2.5, 40, 88, _ROCK),
        Voice(31, 0.7, 52, 88, ("single", "melody", "arpeggio")),
    ],
    "piano": [
        Voice(0, 4, 28, 100, _KEYS),
        Voice(1, 3, 28, 100, _KEYS),
        Voice(2, 1, 30, 96, _KEYS),
        Voice(3, 1, 36, 96, _KEYS),
        Voice(4, 1.6, 33, 92, _KEYS),
        Voice(5, 1.2, 33, 92, _KEYS),
    ],
    "violin": [
        Voice(40, 6, 55, 96, _BOWED),
        Voice(110, 2.5, 55, 93, _BOWED),
        Voice(44, 0.5, 62, 93, ("long", "scale", "bowed")),
        Voice(45, 0.7, 57, 86, ("melody", "single", "scale")),
    ],
}

FOREIGN = (
    [Voice(p, 1, 36, 90, _STRUCK) for p in (6,)]
    + [Voice(p, 0.8, 48, 96, _STRUCK) for p in (8, 9, 10, 11, 12, 13, 14)]
    + [Voice(p, 1, 36, 88, _HELD) for p in (16, 17, 18, 19, 20)]
    + [Voice(p, 1, 45, 88, _HELD) for p in (21, 22, 23)]
    + [Voice(p, 0.8, 24, 50, ("riff", "melody", "single")) for p in (32, 33, 34, 35, 36, 38, 39)]
    + [Voice(42, 2, 36, 62, _BOWED), Voice(43, 1.5, 28, 50, _BOWED), Voice(46, 1, 36, 90, ("arpeggio", "run"))]
    + [Voice(p, 1, 45, 80, _HELD + ("bowed",)) for p in (52, 53, 54)]
    + [Voice(56, 2.5, 54, 86, _BLOWN), Voice(57, 1.5, 40, 72, _BLOWN), Voice(58, 1, 29, 55, _BLOWN)]
    + [Voice(p, 1, 45, 80, _BLOWN) for p in (59, 60, 61, 62)]
    + [Voice(64, 1.5, 56, 88, _BLOWN), Voice(65, 1.5, 49, 81, _BLOWN), Voice(66, 2, 44, 76, _BLOWN)]
    + [Voice(67, 1, 37, 69, _BLOWN), Voice(68, 1.5, 58, 91, _BLOWN), Voice(69, 1, 52, 81, _BLOWN)]
    + [Voice(70, 1.2, 34, 72, _BLOWN), Voice(71, 2.5, 50, 91, _BLOWN)]
    + [Voice(72, 1, 74, 105, _BLOWN), Voice(73, 3, 60, 96, _BLOWN), Voice(74, 1.5, 60, 93, _BLOWN)]
    + [Voice(p, 0.8, 60, 93, _BLOWN) for p in (75, 76, 77, 78, 79)]
    + [Voice(p, 0.5, 45, 90, _HELD) for p in (80, 81, 82, 84, 85, 87, 88, 89, 90, 91, 94, 95, 97, 99, 101)]
    + [Voice(p, 0.9, 45, 84, _PLUCKED) for p in (104, 106, 107)]
    + [Voice(108, 0.6, 52, 88, _STRUCK), Voice(109, 1, 55, 84, _BLOWN), Voice(111, 1, 58, 86, _BLOWN)]
    + [Voice(112, 0.5, 60, 96, _STRUCK), Voice(114, 0.8, 52, 86, _STRUCK)]
    + [Voice(p, 0.8, 48, 72, ("single", "long")) for p in (121, 122, 123, 124, 125, 126)]
)
