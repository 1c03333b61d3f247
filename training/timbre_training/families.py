"""Which family of instruments a clip of `unknown` belongs to, by what its manifest says it was made of.

Families that are told by ear and by many programs are here; the rest (harps, harpsichords, accordions, plucked strings of
the east, noises, speech) stays `unknown`.
"""

import re
from dataclasses import replace

from timbre_training.features import WindowSet
from timbre_training.varied_programs import OLDER

FAMILIES = ["bass", "brass", "cello", "drums", "guitar", "mallets", "organ", "piano", "synth", "violin", "voice", "woodwind"]
#: By General MIDI program, from 0.
_GENERAL = {
    "mallets": range(8, 15),
    "organ": range(16, 21),
    "bass": range(32, 40),
    "cello": (42, 43),
    "voice": (52, 53, 54),
    "brass": range(56, 64),
    "woodwind": range(64, 80),
    "synth": range(80, 102),
}
#: The same in the bank of an older synthesiser.
_OLDER = {
    "mallets": (22, 23, 97, 98, 99, 101, 102, 103, 104),
    "organ": range(8, 15),
    "bass": (28, 30, *range(64, 72)),
    "cello": (54, 55),
    "voice": (34,),
    "brass": range(88, 97),
    "woodwind": (*range(72, 87), 107, 110),
    "synth": (33, 36, 42, 47),
}
_MODELLED = {"Flute": "woodwind", "Clarinet": "woodwind", "Brass": "brass", "LowBowed": "cello"}
#: Programs of other banks are those of General MIDI, but for these, which are sections of strings.
_SECTIONS = 40


def family_of(clip):
    """The label of the clip among `FAMILIES`, or `unknown`."""
    if clip.label != "unknown":
        return clip.label
    if clip.source.startswith("modelled:"):
        return _MODELLED.get(clip.source.partition(":")[2], "unknown")
    if clip.source == "synthetic":
        return "voice" if clip.detail == "singing" else "unknown"
    found = re.search(r"(?:bank (\d+) )?program (\d+)\b", clip.detail)
    if not found or found[1] == str(_SECTIONS):
        return "unknown"
    table = _OLDER if found[1] == str(OLDER) else _GENERAL
    return next((family for family, programs in table.items() if int(found[2]) in programs), "unknown")


def by_family(window_set):
    """The same windows with families as labels."""
    clips = [replace(clip, label=family_of(clip)) for clip in window_set.clips]
    return WindowSet(window_set.windows, window_set.clip, window_set.rms_dbfs, clips)
