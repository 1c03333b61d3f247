"""The soundfonts that rendering uses, all packaged by Debian; one of them never reaches training.

Fonts that share samples with an evaluation set of others (AVL drum kits) are deliberately not here. FluidR3Mono is left
out too: it is FluidR3 once more.
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Soundfont:
    """A font file: where Debian puts it, under which licence, and on which side of the split its clips go."""

    name: str
    path: Path
    package: str
    licence: str
    held_out: bool


SOUNDFONTS = [
    Soundfont("fluidr3", Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"), "fluid-soundfont-gm", "MIT", False),
    Soundfont(
        "musescore",
        Path("/usr/share/sounds/sf3/MuseScore_General_Full.sf3"),
        "musescore-general-soundfont",
        "MIT, parts CC0 or public domain",
        False,
    ),
    Soundfont("csound", Path("/usr/share/sounds/sf2/sf_GMbank.sf2"), "csound-soundfont", "LGPL-2.1+", False),
    Soundfont("timgm6mb", Path("/usr/share/sounds/sf2/TimGM6mb.sf2"), "timgm6mb-soundfont", "GPL-2", True),
]


def require_installed(fonts=SOUNDFONTS):
    """Raises SystemExit naming every Debian package whose font is absent."""
    missing = [font.package for font in fonts if not font.path.exists()]
    if missing:
        raise SystemExit("soundfonts are missing; run: apt install " + " ".join(missing))
