import tempfile
import unittest
from pathlib import Path
from unittest import mock

import numpy as np
import soundfile

from timbre_training import codec_agreement


class AgreementTest(unittest.TestCase):
    def test_it_counts_kept_decisions_for_each_format_and_names_the_changed(self):
        def decided(model, clips, function):
            # As if Opus alone had turned the second clip into an unknown sound.
            answers = [(c, "unknown" if c.name == "1.opus" else "piano") for c in clips]
            return [{clip: {"decision": decision} for clip, decision in answers}]

        with tempfile.TemporaryDirectory() as folder:
            clips = [Path(folder) / name for name in ("a.flac", "b.flac")]
            for clip in clips:
                soundfile.write(clip, 0.1 * np.sin(np.arange(22050) / 9), 22050)
            with mock.patch.object(codec_agreement, "with_packs", decided):
                table = codec_agreement.agreement(None, clips, folder)
            self.assertTrue(all((Path(folder) / f"1.{form}").stat().st_size > 500 for form in codec_agreement.FORMATS))
        self.assertEqual({form: row["kept"] for form, row in table.items()}, {"wav": 2, "mp3": 2, "opus": 1, "m4a": 2})
        self.assertEqual(table["opus"]["changed"], [f"{Path(folder).name}/b.flac: piano → unknown"])


if __name__ == "__main__":
    unittest.main()
