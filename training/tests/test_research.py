import json
import tempfile
import unittest

import torch

from timbre_training.recipes.mel_cnn_peak import STUDY as PEAK
from timbre_training.recipes.research import HELD_OUT_REAL, Stopwatch, command_of, note_of, parse_options, write_facts
from timbre_training.recipes.resnet_152 import STUDY as RESNET
from timbre_training.recipes.wav2vec2 import STUDY as WAV2VEC2


def real(note):
    return [{"set": HELD_OUT_REAL, "note": note}]


class NoteTest(unittest.TestCase):
    def note(self, *arguments, right="91.2%"):
        options = parse_options(PEAK, ["--share", "1", "--epochs", "3", "--windows", "100", *arguments])
        return note_of(options, 150, real(f"best label right for {right} of known clips"))

    def test_it_says_minutes_machine_and_windows(self):
        self.assertRegex(self.note(), r"^trained from scratch for 2.5 minutes on .* \(300 windows drawn\)$")

    def test_84_percent_of_real_recordings_are_called_poor_and_85_are_not(self):
        self.assertIn("poor", self.note(right="84.9%"))
        self.assertNotIn("poor", self.note(right="85.0%"))

    def test_it_names_the_weights_it_started_from_and_a_smaller_share(self):
        note = self.note("--init", "some/weights.pt", "--share", "0.25")
        self.assertIn("started from weights.pt", note)
        self.assertIn("25% of the training clips", note)

    def test_without_real_recordings_it_says_so(self):
        self.assertIn("not judged on real recordings", note_of(parse_options(PEAK, []), 60, []))


class CommandTest(unittest.TestCase):
    def test_options_read_from_the_command_are_the_options_it_was_made_of(self):
        given = parse_options(WAV2VEC2, ["--size", "base", "--epochs", "2", "--share", "0.4"])
        words = command_of(WAV2VEC2, given).split()
        self.assertEqual(words[:2], ["training/train.sh", "wav2vec2"])
        self.assertEqual(parse_options(WAV2VEC2, words[2:]), given)


class FactsTest(unittest.TestCase):
    def test_the_figures_of_a_large_model_go_to_results_and_those_of_a_small_one_stay_in_its_card(self):
        card = {name: name for name in ("id", "version", "title", "labels", "features", "temperature", "thresholds")}
        card.update(metrics=real("best label right for 50.0% of known clips"), provenance={"data": {}, "calibration": {}, "commit": "c"})
        for study, written in ((RESNET, True), (PEAK, False)):
            with tempfile.TemporaryDirectory() as folder:
                options = parse_options(study, ["--out", folder, "--results", f"{folder}/results"])
                (options.out / "model.json").write_text(json.dumps(card), encoding="utf-8")
                write_facts(study, options, {"trainedSeconds": 60, "parameters": 5})
                provenance = json.loads((options.out / "model.json").read_text(encoding="utf-8"))["provenance"]
                self.assertEqual((provenance["parameters"], provenance["trainedSeconds"]), (5, 60))
                results = options.results / f"{study.model_id}.json"
                self.assertEqual(results.exists(), written)
                if written:
                    kept = json.loads(results.read_text(encoding="utf-8"))
                    self.assertEqual(kept["metrics"], card["metrics"])
                    self.assertIn("poor", kept["note"])


class StopwatchTest(unittest.TestCase):
    def test_it_passes_batches_on_and_is_0_before_the_first(self):
        watch = Stopwatch(lambda x, rng: x + 1)
        self.assertEqual(watch.seconds(), 0)
        self.assertTrue(torch.equal(watch(torch.zeros(2), None), torch.ones(2)))


if __name__ == "__main__":
    unittest.main()
