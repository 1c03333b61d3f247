import json
import struct
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch

from timbre_training.initial_weights import load_weights, read_state_dict
from timbre_training.networks_image import EfficientNetB0, efficientnet_b0
from timbre_training.networks_wav2vec2 import SIZES, Wav2Vec2, wav2vec2


class InitialWeightsTest(unittest.TestCase):
    def load(self, network, state):
        with tempfile.TemporaryDirectory() as folder:
            torch.save(state, Path(folder) / "weights.pt")
            return load_weights(network, Path(folder) / "weights.pt")

    def test_a_published_state_dict_fills_all_but_a_last_layer_of_another_size(self):
        published = EfficientNetB0(1000)
        network = efficientnet_b0(5)
        self.assertEqual(self.load(network, published.state_dict()), len(published.state_dict()) - 2)
        name = "features.0.0.weight"
        self.assertTrue(torch.equal(network.backbone.state_dict()[name], published.state_dict()[name]))

    def test_a_prefix_before_the_names_is_dropped(self):
        published = Wav2Vec2(SIZES["small"]).state_dict()
        fitted = self.load(wav2vec2(5), {f"wav2vec2.{name}": value for name, value in published.items()})
        self.assertEqual(fitted, len(published))

    def test_a_name_of_a_newer_checkpoint_is_known(self):
        network = wav2vec2(5)
        lengths = torch.full((1, 1, 128), 3.0)
        name = "wav2vec2.encoder.pos_conv_embed.conv.parametrizations.weight.original0"
        self.assertEqual(self.load(network, {name: lengths}), 1)
        self.assertTrue(torch.equal(network.backbone.encoder.pos_conv_embed.conv.weight_g.data, lengths))

    def test_a_half_precision_safetensors_file_can_be_read(self):
        header = json.dumps({"__metadata__": {}, "fc.bias": {"dtype": "F16", "shape": [2], "data_offsets": [0, 4]}}).encode()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "weights.safetensors"
            path.write_bytes(struct.pack("<Q", len(header)) + header + np.array([1.5, -2], "<f2").tobytes())
            self.assertEqual(read_state_dict(path)["fc.bias"].tolist(), [1.5, -2])

    def test_a_state_dict_of_something_else_is_refused(self):
        with self.assertRaises(SystemExit):
            self.load(efficientnet_b0(5), {"weight": torch.zeros(3)})


if __name__ == "__main__":
    unittest.main()
