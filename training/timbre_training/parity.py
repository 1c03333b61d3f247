"""Scores clips in Python (onnxruntime on packs of `timbre features`), to be compared with what the running system answers.

`python3 -m timbre_training.parity` writes the scores of the bundled samples for every model to
`test/e2e/golden/model-scores.json`, with which `test/e2e/parity.test.ts` holds the system to 1e-4. Run it after a model has
changed. `--against OUT` compares the scores in the folder that `timbre evaluate FOLDER --out OUT` has written instead.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from timbre_training.decisions import clip_scores, decide
from timbre_training.features import COMMAND, PROJECT, WindowSet, read_index
from timbre_training.manifest import Clip
from timbre_training.tensor_pack import read_tensor_pack

GOLDEN = PROJECT / "test/e2e/golden/model-scores.json"
TOLERANCE = 1e-4
# Cards as the services read them (with defaults), and their digests, from the services' own code.
_DESCRIBE = """
Promise.all([import('@timbre/shared/contracts/model-card'), import('@timbre/shared/models/model-catalog')])
  .then(([{ modelCardSchema }, { modelDigestOf }]) => process.argv.slice(1).map((path) => {
    const card = modelCardSchema.parse(JSON.parse(require('node:fs').readFileSync(path, 'utf8')));
    return { card, digest: modelDigestOf(card) };
  })).then((models) => console.log(JSON.stringify(models)));
"""


@dataclass(frozen=True)
class Model:
    """A model folder: its card with all defaults, the digest results carry, and its graph, loaded."""

    folder: Path
    card: dict
    digest: str
    session: object


def load_models(folders):
    """Reads cards and graphs. Raises SystemExit when onnxruntime is not there."""
    # Before it is imported: it would report its use to its maker.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    try:
        import onnxruntime
    except ImportError:
        sys.exit(
            "onnxruntime is missing. With an environment of its own:\n"
            "  python3 -m venv .venv && .venv/bin/pip install onnxruntime numpy && PYTHON=.venv/bin/python npm run parity"
        )
    command = ["node", "-e", _DESCRIBE, *[str(folder / "model.json") for folder in folders]]
    described = json.loads(subprocess.run(command, cwd=PROJECT / "cli", check=True, capture_output=True, text=True).stdout)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    sessions = [
        onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
        for folder in folders
    ]
    return [Model(f, d["card"], d["digest"], s) for f, d, s in zip(folders, described, sessions)]


def extract(model, clips, out):
    """`{clip path: pack path}`, by the preprocess that serves; clips that it refuses are missing."""
    names = Path(out) / "clips.txt"
    names.write_text("".join(f"{clip.resolve()}\n" for clip in clips), encoding="utf-8")
    command = [*COMMAND, "--spec", str(model.folder / "model.json"), "--out", str(out), str(names)]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return read_index(out)


def score(model, pack_path):
    """Scores, decision and best label of one clip, by the rules that `decisions.py` states on its own."""
    card, pack = model.card, read_tensor_pack(pack_path)
    (outputs,) = model.session.run([card["output"]["name"]], {card["input"]["name"]: pack.windows})
    # Where the graph answers probabilities, their logarithms are logits of the same scores.
    is_logits = card["output"]["kind"] == "logits"
    logits = outputs.astype(np.float64) if is_logits else np.log(np.maximum(outputs, 1e-30)).astype(np.float64)
    temperature = card["temperature"] if is_logits else 1.0
    windows = WindowSet(pack.windows, np.zeros(len(outputs), int), pack.rms_dbfs, [Clip(Path(pack_path), "")])
    clips = clip_scores(logits, windows, temperature, card["silenceGate"]["rmsDbfs"], card["clipRule"])
    (decision,) = decide(clips, card["labels"], card["thresholds"]["unknown"])
    scores = {label: round(float(value), 7) for label, value in zip(card["labels"], clips.scores[0])}
    return {"decision": decision, "windows": len(outputs), "scores": scores}


def milliseconds(model, pack_path, runs=20):
    """The graph's time for all windows of one clip on one thread; the best of some runs, as others use the machine too."""
    feed, times = {model.card["input"]["name"]: read_tensor_pack(pack_path).windows}, []
    for _ in range(runs):
        started = time.perf_counter()
        model.session.run(None, feed)
        times.append(time.perf_counter() - started)
    return 1000 * min(times)


def with_packs(model, clips, *functions):
    """For each function its `{clip: function(model, pack)}`, for the clips that the preprocess takes."""
    with tempfile.TemporaryDirectory() as scratch:
        packs = extract(model, clips, scratch)
        taken = [clip for clip in clips if clip.resolve() in packs]
        return [{clip: function(model, packs[clip.resolve()]) for clip in taken} for function in functions]


def tools():
    """What computed the scores, and on what."""
    import onnxruntime

    versions = {"python": platform.python_version(), "onnxruntime": onnxruntime.__version__, "numpy": np.__version__}
    return {**versions, "processor": processor()}


def processor():
    """The processor's name where the system tells it, else its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def write_golden(target, folders):
    """Scores of all bundled samples by every model, and the graph's time for one of them on average."""
    clips = sorted(PROJECT / "samples" / name for name in json.loads((PROJECT / "samples/expected.json").read_text()))
    models = {}
    for model in load_models(folders):
        scored, times = with_packs(model, clips, score, milliseconds)
        models[model.card["id"]] = {
            "modelDigest": model.digest,
            "millisecondsPerClip": round(float(np.mean(list(times.values()))), 3),
            "clips": {clip.name: scored[clip] for clip in clips},
        }
        print(f"{model.card['id']}: {len(scored)} clips")
    target.parent.mkdir(parents=True, exist_ok=True)
    golden = {"command": "npm run parity", "tools": tools(), "models": models}
    target.write_text(json.dumps(golden, indent=1) + "\n", encoding="utf-8")


def compare(out, folder, models_folder):
    """The largest difference between an evaluation's scores and Python's, and how many clips were compared."""
    report = json.loads((out / "report.json").read_text())
    (model,) = load_models([models_folder / report["model"]["id"]])
    if model.digest != report["model"]["modelDigest"]:
        sys.exit(f"{report['model']['id']} has changed since {out} was written: evaluate again")
    rows = [json.loads(line) for line in (out / "clips.jsonl").read_text().splitlines()]
    served = {folder / row["name"]: row for row in rows if "scores" in row}
    worst, decisions = 0.0, 0
    (scored,) = with_packs(model, list(served), score)
    for clip, ours in scored.items():
        theirs = served[clip]
        worst = max([worst, *[abs(theirs["scores"][label] - value) for label, value in ours["scores"].items()]])
        decisions += theirs["decision"] != ours["decision"]
    print(f"{len(scored)} of {len(served)} clips: scores differ by {worst:.2e} at most, {decisions} decisions differ")
    return worst, len(scored)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=GOLDEN, help="where the scores of the samples go")
    parser.add_argument("--models", type=Path, default=PROJECT / "models")
    parser.add_argument("--against", type=Path, metavar="OUT", help="a folder that timbre evaluate --out has written")
    parser.add_argument("--folder", type=Path, help="the folder that was evaluated, for --against")
    options = parser.parse_args()
    if options.against:
        if options.folder is None:
            parser.error("--against needs --folder")
        worst, compared = compare(options.against, options.folder, options.models)
        sys.exit(0 if compared and worst <= TOLERANCE else 1)
    cards = sorted(options.models.glob("*/model.json"))
    write_golden(options.out, [card.parent for card in cards if (card.parent / "model.onnx").exists()])


if __name__ == "__main__":
    main()
