"""Rivals of the feature kernel in Python: torchaudio and librosa on one thread, for bench/kernel.ts.

Reads one JSON request a line, writes one JSON answer a line. `load` takes a case (feature spec and a file of float32
samples) and answers the versions and the first result of each rival; `run` answers the processor seconds of `iterations`
passes over the clip. Everything that does not depend on the clip is prepared outside the measured time.
"""

import base64
import json
import sys
import time

rivals = {}


def torchaudio_rival(spec, samples):
    import torch
    import torchaudio

    torch.set_num_threads(1)
    t = spec["transform"]
    mel = torchaudio.transforms.MelSpectrogram(
        sample_rate=spec["sampleRateHz"], n_fft=t["nFft"], win_length=t["winLength"], hop_length=t["hopLength"],
        f_min=t["fMinHz"], f_max=t["fMaxHz"], n_mels=t["nMels"], power=t["power"], center=t["center"],
        norm=None, mel_scale="htk",
    )
    decibels = torchaudio.transforms.AmplitudeToDB("power", t["log"]["topDb"])
    waveform = torch.from_numpy(samples)[None]
    if t["kind"] == "mfcc":
        settings = dict(n_fft=t["nFft"], hop_length=t["hopLength"], n_mels=t["nMels"])
        transform = torchaudio.transforms.MFCC(spec["sampleRateHz"], t["coefficients"], melkwargs=settings)
    else:
        transform = torch.nn.Sequential(mel, decibels)

    def run():
        with torch.inference_mode():
            return transform(waveform)

    return f"torchaudio {torchaudio.__version__}", run, lambda result: result[0].numpy()


def librosa_rival(spec, samples):
    import librosa
    import numpy as np
    import scipy.fft

    t = spec["transform"]
    basis = librosa.filters.mel(
        sr=spec["sampleRateHz"], n_fft=t["nFft"], n_mels=t["nMels"], fmin=t["fMinHz"], fmax=t["fMaxHz"], htk=True, norm=None
    )

    def run():
        spectrum = np.abs(librosa.stft(samples, n_fft=t["nFft"], hop_length=t["hopLength"], pad_mode="reflect")) ** 2
        image = librosa.power_to_db(basis @ spectrum, amin=1e-10, top_db=t["log"]["topDb"])
        return scipy.fft.dct(image, axis=0, type=2, norm="ortho")[: t["coefficients"]] if t["kind"] == "mfcc" else image

    return f"librosa {librosa.__version__}", run, lambda result: result


def load(request):
    rivals.clear()
    answer = {}
    try:
        import numpy as np
    except ImportError as error:
        return {"absent": [str(error)]}
    samples = np.fromfile(request["file"], dtype=np.float32)
    for make in (torchaudio_rival, librosa_rival):
        try:
            name, run, image = make(request["spec"], samples)
        except ImportError as error:
            answer.setdefault("absent", []).append(str(error))
            continue
        rivals[name] = run
        values = np.ascontiguousarray(image(run()), dtype=np.float32)
        answer.setdefault("results", {})[name] = base64.b64encode(values.tobytes()).decode()
    return answer


def run(request):
    work = rivals[request["name"]]
    before = time.process_time()
    for _ in range(request["iterations"]):
        work()
    return {"cpuSeconds": time.process_time() - before}


if __name__ == "__main__":
    for line in sys.stdin:
        request = json.loads(line)
        answer = load(request) if request["action"] == "load" else run(request)
        print(json.dumps(answer), flush=True)
