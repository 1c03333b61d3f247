"""The banks beyond General MIDI that some of the soundfonts carry: other kits, other takes of the same instruments, and
recorded noises of the street, the house and nature. A voice that a font lacks is passed over."""

from timbre_training.programs import _BLOWN, _BOWED, _HELD, _KEYS, _PLUCKED, _ROCK, _STRUCK, Voice

#: csound's font repeats the sounds of an older synthesiser in this bank, MuseScore's has expressive ones in 17.
OLDER, EXPRESSIVE = 127, 17
_NOISE = ("single", "long")

VARIED = {
    "guitar": [
        *[Voice(p, 1, 40, 84, _PLUCKED, 8) for p in (25, 26, 27)],
        Voice(28, 1, 40, 80, ("riff", "melody", "single", "picking"), 8),
        Voice(30, 1.5, 40, 86, _ROCK, 8),
        *[Voice(p, 1.5, 40, 84, _PLUCKED, OLDER) for p in (59, 60, 61, 62)],
        *[Voice(p, 1, 40, 84, _PLUCKED) for p in (24, 25, 26, 27)],
        *[Voice(p, 1, 40, 86, _ROCK) for p in (29, 30)],
    ],
    "piano": [
        Voice(0, 2, 28, 100, _KEYS, 8),
        *[Voice(p, 1.5, 33, 92, _KEYS, 8) for p in (4, 5)],
        *[Voice(p, 1.5, 28, 100, _KEYS, OLDER) for p in (0, 1, 2, 7)],
        *[Voice(p, 1, 33, 92, _KEYS, OLDER) for p in (3, 4, 5, 6)],
        *[Voice(p, 1, 28, 100, _KEYS) for p in (0, 1, 2, 3, 4)],
    ],
    "violin": [
        *[Voice(p, 2, 55, 96, _BOWED, EXPRESSIVE) for p in (40, 110)],
        Voice(40, 2, 55, 96, ("long", "bowed", "scale"), 8),
        *[Voice(p, 1.5, 55, 96, _BOWED, OLDER) for p in (52, 53)],
        *[Voice(p, 1.5, 55, 96, _BOWED) for p in (40, 110)],
    ],
    "unknown": [
        *[Voice(p, 2, 48, 72, _NOISE, b) for b in range(1, 10) for p in range(122, 128) if (b, p) != (2, 127)],
        *[Voice(p, 1, 36, 88, _HELD, OLDER) for p in (*range(8, 16), 33, 34, 36, 42, 47)],
        *[Voice(p, 1, 36, 90, _STRUCK, OLDER) for p in (16, 17, 22, 23, 57, 58, 63, 97, 98, 99, 101, 102, 103, 104, 105)],
        *[Voice(p, 1, 48, 88, _BLOWN, OLDER) for p in (*range(72, 94), 106, 107, 108, 110, 111)],
        *[Voice(p, 1, 26, 52, ("riff", "melody", "single"), OLDER) for p in (28, 30, 64, 65, 66, 67, 68, 70, 71)],
        *[Voice(p, 2, 36, 60, _BOWED, OLDER) for p in (54, 55)],
        *[Voice(p, 1, 50, 88, _BLOWN, EXPRESSIVE) for p in (*range(56, 62), *range(64, 80))],
        *[Voice(p, 1, 45, 84, _HELD, EXPRESSIVE) for p in (16, 18, 19, 20, 21, 22, 23, 52, 53, 54, 80, 81, 89, 90)],
        *[Voice(p, 2, 36, 62, _BOWED, EXPRESSIVE) for p in (42, 43)],
        *[Voice(p, 1, 36, 88, _HELD, 8) for p in (16, 17, 19, 21, 61, 62, 63, 80)],
        *[Voice(p, 1, 40, 84, _STRUCK, 8) for p in (6, 14, 107)],
        *[Voice(p, 1.5, 36, 60, _BOWED, 40) for p in (48, 49)],
    ],
}
#: Standard, room, power, electronic, jazz, brush and orchestra kits with their numbered variants.
VARIED_KITS = (*range(0, 20), 24, 25, *range(32, 37), 40, 41, 42, 48)
