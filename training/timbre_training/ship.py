"""Makes a model trained on every source fit to ship: `python3 -m timbre_training.ship --model DIR --twin DIR --out DIR`.

A model that learned from all recordings cannot be judged on them. Its twin, the same recipe trained without the held-out
sources, is judged instead; the shipped card carries the twin's figures for real recordings, and says so.
"""

import argparse
import json
import shutil
from pathlib import Path

REAL_SET = "held-out real recordings, by source"


def ship(card, twin):
    """The shipped card: its own figures, with those for real recordings taken from the twin."""
    own = [dict(entry) for entry in card["metrics"] if entry["set"] != REAL_SET]
    small = [dict(entry, set="the recordings of samples/") for entry in card["metrics"] if entry["set"] == REAL_SET]
    judged = [
        dict(entry, note="measured on the twin: the same recipe trained without these sources; the shipped model learned from them")
        for entry in twin["metrics"]
        if entry["set"] == REAL_SET
    ]
    provenance = dict(card["provenance"], twinOnnxSha256=twin["onnxSha256"], twinCommand=twin["metrics"][0]["command"])
    return dict(card, metrics=[*own, *judged, *small], provenance=provenance)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="folder of the model trained on every source")
    parser.add_argument("--twin", type=Path, required=True, help="folder of the model trained without the held-out sources")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    card = json.loads((options.model / "model.json").read_text())
    twin = json.loads((options.twin / "model.json").read_text())
    options.out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(options.model / "model.onnx", options.out / "model.onnx")
    (options.out / "model.json").write_text(json.dumps(ship(card, twin), indent=2) + "\n")


if __name__ == "__main__":
    main()
