"""The kind of service Timbre grew out of: FastAPI, torchaudio and PyTorch, one process per core, one clip per call.

Run by `npm run bench -- rival`: `python -m uvicorn python_service:app --app-dir bench --workers N`. The same front end, crop
and network as `models/mfcc-cnn`; the weights are random, as they do not change what a clip costs. Decoding is libsndfile's,
the transforms are made once, and PyTorch has one thread for each process.
"""

import io
import sys
from pathlib import Path

import numpy
import soundfile
import torch
import torchaudio
from fastapi import FastAPI, File, UploadFile

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "training"))
from timbre_training.networks import WithoutOther, mfcc_cnn  # noqa: E402

LABELS = ["drums", "guitar", "piano", "violin"]
RATE = 44_100
torch.set_num_threads(1)
torch.manual_seed(0)
transform = torchaudio.transforms.MFCC(
    RATE, 15, melkwargs={"n_fft": 1024, "hop_length": 512, "n_mels": 64, "center": True, "power": 2.0}
)
network = WithoutOther(mfcc_cnn(len(LABELS) + 1, numpy.zeros(15, "float32"), numpy.ones(15, "float32"))).eval()
app = FastAPI()


def loudest_two_seconds(samples):
    """One second each side of the loudest sample, padded with silence."""
    peak = int(samples.abs().argmax())
    padded = torch.nn.functional.pad(samples, (RATE, RATE))
    return padded[peak : peak + 2 * RATE]


@app.post("/predict_instrument")
def predict_instrument(file: UploadFile = File(...)):
    data, rate = soundfile.read(io.BytesIO(file.file.read()), dtype="float32", always_2d=True)
    samples = torch.from_numpy(data.mean(axis=1))
    if rate != RATE:
        samples = torchaudio.functional.resample(samples, rate, RATE)
    with torch.inference_mode():
        features = transform(loudest_two_seconds(samples)[None, None])
        scores = torch.softmax(network(features), dim=1)[0]
    return {"predicted_class": LABELS[int(scores.argmax())]}
