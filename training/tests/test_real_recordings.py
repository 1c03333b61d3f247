import unittest

from timbre_training.real_recordings import assembled_role, full_role, group_recordings, role_of


def row(name, path, upstream="", detail=""):
    return {"file_name": name, "original_path": path, "upstream": upstream, "detail": detail, "source": "s"}


class GroupsTest(unittest.TestCase):
    def test_two_cuts_of_one_recording_are_one_group(self):
        rows = [row("a.flac", "x/00112233.wav"), row("b.flac", "x/00112233.wav"), row("c.flac", "x/44556677.wav")]
        groups = group_recordings(rows)
        self.assertEqual(groups["a.flac"], groups["b.flac"])
        self.assertNotEqual(groups["a.flac"], groups["c.flac"])

    def test_uploads_30_numbers_apart_are_one_group_and_31_apart_are_two(self):
        rows = [row(f"{n}.flac", f"x/{n:08d}.wav", f"freesound.org/s/{n}") for n in (100, 130, 161)]
        groups = group_recordings(rows)
        self.assertEqual(groups["100.flac"], groups["130.flac"])
        self.assertNotEqual(groups["130.flac"], groups["161.flac"])

    def test_phrases_with_a_note_in_common_are_one_group_whatever_folder_the_single_note_names(self):
        paths = ["S/green/*/a4_rr1.wav+b4_rr1.wav", "S/green/ord/b4_rr1.wav", "S/black/*/b4_rr1.wav", "p/{a,b}.mp3", "p/b.mp3"]
        groups = group_recordings([row(f"{n}.flac", path) for n, path in enumerate(paths)])
        self.assertEqual(groups["0.flac"], groups["1.flac"])
        self.assertNotEqual(groups["0.flac"], groups["2.flac"])
        self.assertEqual(groups["3.flac"], groups["4.flac"])

    def test_when_every_source_may_teach_only_fsd_calibrates_and_the_samples_stay_out(self):
        self.assertEqual(full_role(row("violin/vsco2-violin_001.flac", ""), "test", "g"), "train")
        self.assertEqual(full_role(row("violin/vsco2-violin_029.flac", ""), "test", "g"), "test")
        roles = [full_role(row("guitar/fsd-acoustic-guitar_001.flac", ""), "validation", str(group)) for group in range(99)]
        self.assertEqual(set(roles), {"train", "validation"})
        self.assertEqual(full_role(row("guitar/fsd-acoustic-guitar_001.flac", ""), "test", "g"), "test")

    def test_a_groove_of_parts_from_train_and_test_is_left_out(self):
        groove = row("g.flac", "00112233.wav+44556677.wav", detail="groove sequenced from one kick+snare+hat of the set")
        self.assertIsNone(assembled_role(groove, {"00112233.wav": "train", "44556677.wav": "test"}))
        self.assertEqual(assembled_role(groove, {"00112233.wav": "train", "44556677.wav": "train"}), "train")

    def test_the_recordings_of_the_samples_are_always_test(self):
        self.assertEqual(role_of(row("piano/splendid-ff_001.flac", ""), "g", {"g"}), "test")


if __name__ == "__main__":
    unittest.main()
