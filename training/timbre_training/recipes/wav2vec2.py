"""Recipe 7: wav2vec 2.0 on the waveform of the loudest two seconds at 16 kHz. `python3 -m timbre_training.recipes.wav2vec2`

`--size base` makes the published size, for which `--init` takes a published checkpoint.
"""

import torch

from timbre_training.networks_wav2vec2 import SIZES, wav2vec2
from timbre_training.recipes.research import Study, run

SPEC = {
    "version": 1,
    "sampleRateHz": 16000,
    "crop": {"kind": "peak", "beforeSeconds": 1, "afterSeconds": 1},
    "transform": {"kind": "waveform"},
}


def augment_waveform(samples, rng):
    """Turns waveforms `[n, samples]` round in time and sign, and adds white noise 20 to 70 dB under their level."""
    samples = torch.roll(samples, int(rng.integers(0, samples.shape[1])), dims=1) * (1 if rng.random() < 0.5 else -1)
    level = samples.pow(2).mean(dim=1, keepdim=True).sqrt()
    below = torch.from_numpy(10 ** (-rng.uniform(20, 70, (len(samples), 1)) / 20)).float().to(samples.device)
    return samples + level * below * torch.randn_like(samples)


STUDY = Study(
    model_id="wav2vec2",
    title="wav2vec 2.0 (waveform of the loudest two seconds)",
    spec=SPEC,
    network=wav2vec2,
    augment=augment_waveform,
    epochs=2,
    windows=1280,
    batch=32,
    rate=5e-4,
    seed=8,
    share=0.05,
    large=True,
    sizes=tuple(SIZES),
)

if __name__ == "__main__":
    run(STUDY)
