"""Golden feature vectors from torchaudio, for services/preprocess/src/features.

Each case is a feature spec of ours; this script computes the same thing with torchaudio (in double precision, so the
numbers are the definition rather than one rounding of it) and writes `<name>.json`. Beside the values it records how far
torchaudio's own single precision and librosa stray from them, in the norm the test uses: largest absolute difference
over largest absolute value.

    python3 -m venv .venv && .venv/bin/pip install torch==2.11.0 torchaudio==2.11.0 librosa==0.11.0
    .venv/bin/python training/golden/make_feature_golden.py services/preprocess/src/features/golden
"""

import json
import math
import sys
from pathlib import Path

import librosa
import numpy as np
import torch
import torchaudio

RESEARCH = dict(nFft=1024, hopLength=512, winLength=1024, nMels=64, fMinHz=0, fMaxHz=None, melScale="htk", melNorm="none", power=2, center=True)
DB80 = dict(kind="db", topDb=80)
DB = dict(kind="db", topDb=None)


def spec(rate, seconds, kind, resize=None, crop=None, **changes):
    transform = {"kind": kind, **RESEARCH, **changes}
    made = {"version": 1, "sampleRateHz": rate, "crop": crop or {"kind": "head", "seconds": seconds}, "transform": transform}
    if resize:
        made["resize"] = {"rows": resize[0], "frames": resize[1]}
    return made


# name: (spec, seconds of signal)
CASES = {
    "mel-44100": (spec(44100, 0.25, "mel"), 0.25),
    "mel-16000": (spec(16000, 0.5, "mel"), 0.5),
    "log-mel-44100": (spec(44100, 0.25, "logMel", log=DB80), 0.25),
    "log-mel-16000-ln": (spec(16000, 0.5, "logMel", log=dict(kind="ln", offset=1e-6)), 0.5),
    "mfcc-44100": (spec(44100, 2, "mfcc", log=DB80, coefficients=15), 2),
    "mfcc-16000": (spec(16000, 0.5, "mfcc", log=DB, coefficients=15), 0.5),
    "mfcc-16000-ln": (spec(16000, 0.5, "mfcc", log=dict(kind="ln", offset=1e-6), coefficients=40), 0.5),
    "mfcc-padded": (spec(44100, 0.3, "mfcc", log=DB80, coefficients=15), 0.21),
    "win-400-in-512": (spec(16000, 0.2, "mel", nFft=512, winLength=400, hopLength=160), 0.2),
    "win-401-in-512": (spec(16000, 0.1, "mel", nFft=512, winLength=401, hopLength=160, nMels=20), 0.1),
    "slaney": (spec(22050, 0.2, "mel", melScale="slaney", melNorm="slaney", nMels=40, fMinHz=60, fMaxHz=7600), 0.2),
    "slaney-scale-only": (spec(22050, 0.2, "logMel", melScale="slaney", nMels=40, log=DB), 0.2),
    "not-centred": (spec(44100, 0.25, "logMel", center=False, log=DB80), 0.25),
    "magnitude": (spec(16000, 0.4, "logMel", power=1, log=DB80), 0.4),
    "fft-400": (spec(16000, 0.15, "logMel", nFft=400, winLength=400, hopLength=160, nMels=40, log=DB), 0.15),
    "fft-441-odd": (spec(44100, 0.05, "logMel", nFft=441, winLength=441, hopLength=147, nMels=32, log=DB), 0.05),
    "fft-1102": (spec(44100, 0.1, "mel", nFft=1102, winLength=1102, hopLength=441, nMels=40), 0.1),
    "fft-2048": (spec(44100, 0.2, "mel", nFft=2048, winLength=2048, hopLength=512, nMels=64), 0.2),
    "rate-11025": (spec(11025, 0.3, "mel", nFft=256, winLength=256, hopLength=128, nMels=32), 0.3),
    "resize-down": (spec(44100, 0, "logMel", resize=(32, 24), crop={"kind": "full"}, log=DB80), 1.5),
    "resize-up": (spec(16000, 0, "mfcc", resize=(20, 40), crop={"kind": "full"}, log=DB80, coefficients=15), 0.4),
}


def make_signal(rate, seconds):
    """Three decaying partials, noise from a 32-bit linear congruential generator, and a stretch of digital silence."""
    count = round(rate * seconds)
    signal = np.zeros(count, dtype=np.float32)
    state = 1
    for i in range(count):
        state = (1664525 * state + 1013904223) % 2**32
        t = i / rate
        tone = sum(math.exp(-3 * t * k) / k * math.sin(2 * math.pi * 220 * k * k * t) for k in (1, 2, 3))
        noise = state / 2**32 - 0.5
        signal[i] = 0 if count // 2 <= i < count // 2 + count // 10 else 0.4 * tone + 0.02 * noise
    return signal


def crop(case, signal):
    if case["crop"]["kind"] == "full":
        return signal
    samples = round(case["crop"]["seconds"] * case["sampleRateHz"])
    return np.pad(signal, (0, max(0, samples - len(signal))))[:samples]


def with_torchaudio(case, signal, dtype):
    t = case["transform"]
    mel = torchaudio.transforms.MelSpectrogram(
        sample_rate=case["sampleRateHz"], n_fft=t["nFft"], win_length=t["winLength"], hop_length=t["hopLength"],
        f_min=t["fMinHz"], f_max=t["fMaxHz"], n_mels=t["nMels"], power=t["power"], center=t["center"],
        norm=None if t["melNorm"] == "none" else t["melNorm"], mel_scale=t["melScale"],
    ).to(dtype)
    image = mel(torch.from_numpy(signal).to(dtype)[None])
    if t["kind"] != "mel":
        log = t["log"]
        if log["kind"] == "ln":
            image = torch.log(image + log["offset"])
        else:
            stype = "power" if t["power"] == 2 else "magnitude"
            image = torchaudio.transforms.AmplitudeToDB(stype, log["topDb"])(image)
    if t["kind"] == "mfcc":
        dct = torchaudio.functional.create_dct(t["coefficients"], t["nMels"], "ortho").to(dtype)
        image = torch.matmul(image.transpose(-1, -2), dct).transpose(-1, -2)
    if "resize" in case:
        size = (case["resize"]["rows"], case["resize"]["frames"])
        image = torch.nn.functional.interpolate(image[None], size=size, mode="bilinear", align_corners=False)[0]
    return image[0].numpy()


def with_torchaudio_mfcc(case, signal):
    """The MFCC class as users call it; only with settings it knows."""
    t = case["transform"]
    mel = dict(n_fft=t["nFft"], hop_length=t["hopLength"], n_mels=t["nMels"])
    return torchaudio.transforms.MFCC(case["sampleRateHz"], t["coefficients"], log_mels=t["log"]["kind"] == "ln", melkwargs=mel)(torch.from_numpy(signal)[None])[0].numpy()


def with_librosa(case, signal):
    """Mel cases only: librosa agrees on those; its decibels and MFCCs have other references and defaults."""
    t = case["transform"]
    return librosa.feature.melspectrogram(
        y=signal, sr=case["sampleRateHz"], n_fft=t["nFft"], hop_length=t["hopLength"], win_length=t["winLength"],
        center=t["center"], pad_mode="reflect", power=t["power"], n_mels=t["nMels"], fmin=t["fMinHz"],
        fmax=t["fMaxHz"], htk=t["melScale"] == "htk", norm=None if t["melNorm"] == "none" else t["melNorm"],
    )


def deviation(values, reference):
    return float(f"{np.max(np.abs(values - reference)) / np.max(np.abs(reference)):.2g}")


def main(folder):
    tool = f"torchaudio {torchaudio.__version__.split('+')[0]}, torch {torch.__version__.split('+')[0]}, float64"
    for name, (case, seconds) in CASES.items():
        signal = make_signal(case["sampleRateHz"], seconds)
        cropped = crop(case, signal)
        values = with_torchaudio(case, cropped, torch.float64)
        deviations = {"torchaudioFloat32": deviation(with_torchaudio(case, cropped, torch.float32), values)}
        if name in ("mfcc-44100", "mfcc-16000-ln"):
            deviations["torchaudioMfccClass"] = deviation(with_torchaudio_mfcc(case, cropped), values)
        if case["transform"]["kind"] == "mel":
            deviations[f"librosa {librosa.__version__}"] = deviation(with_librosa(case, cropped), values)
        golden = {
            "tool": tool, "script": "training/golden/make_feature_golden.py", "spec": case, "signalSeconds": seconds,
            "signalChecksum": float(np.sum(np.abs(signal.astype(np.float64)))), "deviations": deviations,
            "shape": list(values.shape), "values": [float(f"{value:.8g}") for value in values.ravel()],
        }
        (Path(folder) / f"{name}.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
        print(name, values.shape, deviations)


if __name__ == "__main__":
    main(sys.argv[1])
