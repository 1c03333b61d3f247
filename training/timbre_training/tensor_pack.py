"""Reads tensor packs, the safetensors objects that Timbre's preprocess writes (`shared/src/tensor-pack.ts`)."""

import json
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_DTYPES = {"F32": "<f4", "F64": "<f8"}


@dataclass(frozen=True)
class TensorPack:
    """Windows of one clip: `windows [n, …]`, `offsets [n, 2]` in seconds, `rms_dbfs [n]`, and the facts as a dict."""

    windows: np.ndarray
    offsets: np.ndarray
    rms_dbfs: np.ndarray
    facts: dict


def read_tensor_pack(path):
    """Parses and checks one pack. Raises ValueError when it is damaged."""
    data = Path(path).read_bytes()
    if len(data) < 8:
        raise ValueError(f"{path}: shorter than its prefix")
    (header_length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + header_length])
    facts = json.loads(header.pop("__metadata__")["timbre"])
    body = data[8 + header_length :]
    if zlib.crc32(body) != facts["dataCrc32"]:
        raise ValueError(f"{path}: the data does not match its CRC")
    arrays = {}
    for name, entry in header.items():
        start, stop = entry["data_offsets"]
        arrays[name] = np.frombuffer(body[start:stop], _DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return TensorPack(arrays["windows"], arrays["offsets"], arrays["rmsDbfs"], facts)
