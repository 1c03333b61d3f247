"""Starts a network from published weights: state dicts that `torch.save` wrote, or safetensors files."""

import json
import struct

import numpy as np
import torch

#: Newer checkpoints name the two parts of a weight-normalised convolution by place, older ones (and we) by letter.
RENAMED = {"parametrizations.weight.original0": "weight_g", "parametrizations.weight.original1": "weight_v"}
_DTYPES = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "F64": np.dtype("<f8")}


def read_state_dict(path):
    """`{name: tensor}` of a `.safetensors` file (its F16, F32 and F64 entries) or of a file of `torch.save`."""
    if path.suffix != ".safetensors":
        return torch.load(path, map_location="cpu", weights_only=True)
    data = path.read_bytes()
    (header_length,) = struct.unpack("<Q", data[:8])
    header, body = json.loads(data[8 : 8 + header_length]), memoryview(data)[8 + header_length :]
    state = {}
    for name, entry in header.items():
        if entry.get("dtype") in _DTYPES:
            start, stop = entry["data_offsets"]
            array = np.frombuffer(body[start:stop], _DTYPES[entry["dtype"]]).reshape(entry["shape"])
            state[name] = torch.from_numpy(array.copy())
    return state


def load_weights(network, path):
    """Fills the backbone (the whole network when it has none) with every entry of a state dict that fits by name and shape.
    Returns how many did; raises SystemExit when none does."""
    target = getattr(network, "backbone", network)
    own = target.state_dict()
    named = _named_as(own, read_state_dict(path))
    fitting = {name: value for name, value in named.items() if value.shape == own[name].shape}
    if not fitting:
        raise SystemExit(f"{path}: no entry fits this network")
    target.load_state_dict(fitting, strict=False)
    return len(fitting)


def _named_as(own, loaded):
    """Entries of `loaded` under our names: what stands before our name, `wav2vec2.` or `network.backbone.`, is dropped."""
    named = {}
    for name, value in loaded.items():
        for newer, older in RENAMED.items():
            name = name.replace(newer, older)
        parts = name.split(".")
        ours = next((tail for tail in (".".join(parts[i:]) for i in range(len(parts))) if tail in own), None)
        if ours is not None:
            named.setdefault(ours, value)
    return named
