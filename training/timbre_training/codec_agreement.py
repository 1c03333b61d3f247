"""How often a clip keeps its decision through lossy formats: `python3 -m timbre_training.codec_agreement`.

Every clip of the chosen split is encoded by ffmpeg as WAV (16 bit), MP3 at 128 kbit/s, Opus at 48 and AAC in MP4 at 128, and
each file goes through Timbre's own decoders and preprocess (`timbre features`) and the graph (onnxruntime, as in `parity`).
Prints the share of clips that are decided as their source file is.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

from timbre_training.manifest import read_manifest
from timbre_training.parity import load_models, score, with_packs
from timbre_training.progress import progress

FORMATS = {
    "wav": ["-c:a", "pcm_s16le"],
    "mp3": ["-c:a", "libmp3lame", "-b:a", "128k"],
    "opus": ["-c:a", "libopus", "-b:a", "48k"],
    "m4a": ["-c:a", "aac", "-b:a", "128k"],
}


def encode(source, target):
    """One file in the format that the target's ending names. Raises CalledProcessError when ffmpeg refuses."""
    quiet = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", str(source)]
    subprocess.run([*quiet, *FORMATS[target.suffix[1:]], str(target)], check=True)


def agreement(model, clips, scratch):
    """`{format: {"kept": …, "clips": …, "changed": [name: from → to]}}`."""
    (originals,) = with_packs(model, clips, score)
    copies = {}
    for number, clip in enumerate(progress(list(originals), "encode")):
        for form in FORMATS:
            target = Path(scratch) / f"{number}.{form}"
            encode(clip, target)
            copies[target] = clip
    (scored,) = with_packs(model, list(copies), score)
    table = {}
    for form in FORMATS:
        pairs = [(clip, originals[clip]["decision"], scored[copy]["decision"]) for copy, clip in copies.items() if copy.suffix[1:] == form]
        changed = [f"{clip.parent.name}/{clip.name}: {before} → {after}" for clip, before, after in pairs if before != after]
        table[form] = {"kept": len(pairs) - len(changed), "clips": len(pairs), "changed": changed}
    return table


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("data/real"), help="folder with metadata.csv")
    parser.add_argument("--split", default="test")
    parser.add_argument("--model", type=Path, default=Path("runs/timbre-s-twin"), help="folder with model.json and model.onnx")
    parser.add_argument("--out", type=Path, default=Path("../docs/evaluations/codec-agreement.json"))
    options = parser.parse_args()
    clips = [clip.path for clip in read_manifest(options.data) if clip.split == options.split]
    (model,) = load_models([options.model.resolve()])
    with tempfile.TemporaryDirectory() as scratch:
        formats = agreement(model, clips, scratch)
    kept, total = sum(row["kept"] for row in formats.values()), sum(row["clips"] for row in formats.values())
    for form, row in formats.items():
        print(f"{form:5s} {row['kept']} of {row['clips']} clips keep their decision", *row["changed"], sep="\n  ")
    print(f"all   {kept} of {total}: {kept / total:.1%}")
    report = {"model": model.card["id"], "modelDigest": model.digest, "split": options.split, "kept": kept, "of": total, "formats": formats}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
