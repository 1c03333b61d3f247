import unittest
from pathlib import Path

from timbre_training.families import FAMILIES, family_of
from timbre_training.manifest import Clip
from timbre_training.programs import FOREIGN


def family(detail, source="rendered:x", label="unknown"):
    return family_of(Clip(Path("a.wav"), label, source=source, detail=detail))


class FamiliesTest(unittest.TestCase):
    def test_programs_are_told_by_number_and_bank(self):
        self.assertEqual(family("program 73 bowed"), "woodwind")
        self.assertEqual(family("program 7 chords"), "unknown")
        self.assertEqual(family("bank 17 program 56 long"), "brass")
        self.assertEqual(family("bank 127 program 72 long"), "woodwind")
        self.assertEqual(family("bank 127 program 73 long"), "woodwind")
        self.assertEqual(family("bank 127 program 64 riff"), "bass")
        self.assertEqual(family("bank 40 program 48 bowed"), "unknown")

    def test_singing_models_and_labelled_clips_have_theirs_and_speech_has_none(self):
        self.assertEqual(family("singing", "synthetic"), "voice")
        self.assertEqual(family("speech", "synthetic"), "unknown")
        self.assertEqual(family("", "modelled:LowBowed"), "cello")
        self.assertEqual(family("program 24 strum", label="guitar"), "guitar")

    def test_every_family_is_among_the_foreign_programs_or_has_a_label_of_its_own(self):
        met = {family(f"program {voice.program} melody") for voice in FOREIGN} | {"drums", "guitar", "piano", "violin"}
        self.assertEqual(met - {"unknown"}, set(FAMILIES))


if __name__ == "__main__":
    unittest.main()
