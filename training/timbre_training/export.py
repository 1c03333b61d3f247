"""Writes `models/<id>/`: the ONNX graph with a free batch axis, and its card, checked by the services' own schema."""

import hashlib
import json
import subprocess
import warnings
from pathlib import Path

import onnx
import torch

PROJECT = Path(__file__).resolve().parents[2]
OPSET = 15
WARM_UP_FILL = -20.0
_VALIDATE = (
    "import('@timbre/shared/contracts/model-card').then(m => "
    "m.modelCardSchema.parse(JSON.parse(require('node:fs').readFileSync(process.argv[1], 'utf8'))))"
)


def write_onnx(network, shape, target):
    """Exports `[n, *shape]` → logits as `features` → `logits`. Returns the SHA-256 of the file."""
    network = network.cpu().eval()
    example = torch.full((2, *shape), WARM_UP_FILL)
    axes = {"features": {0: "windows"}, "logits": {0: "windows"}}
    names = {"input_names": ["features"], "output_names": ["logits"], "dynamic_axes": axes}
    newer = {"dynamo": False} if tuple(int(p) for p in torch.__version__.split(".")[:2]) >= (2, 5) else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(network, example, str(target), opset_version=OPSET, **names, **newer)
    onnx.checker.check_model(onnx.load(str(target)))
    return hashlib.sha256(target.read_bytes()).hexdigest()


@torch.no_grad()
def warm_up(network, shape):
    """What a loaded session must answer to an input filled with one number."""
    outputs = network(torch.full((1, *shape), WARM_UP_FILL))[0]
    return {"fill": WARM_UP_FILL, "outputs": [round(float(value), 6) for value in outputs]}


def write_model(network, shape, card, folder):
    """Writes graph and card into `folder`. Raises CalledProcessError when the card does not fit the schema."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    card = {
        **card,
        "input": {"name": "features", "dims": [None, *shape]},
        "output": {"name": "logits", "kind": "logits"},
        "warmUp": warm_up(network, shape),
        "onnxSha256": write_onnx(network, shape, folder / "model.onnx"),
    }
    target = folder / "model.json"
    target.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    subprocess.run(["node", "-e", _VALIDATE, str(target.resolve())], cwd=PROJECT / "cli", check=True)


def commit():
    """The commit this working copy is at."""
    command = ["git", "rev-parse", "--short=12", "HEAD"]
    return subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout.strip()
