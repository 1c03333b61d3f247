"""Recipe 1: a CNN on the log-mel of the first ten seconds at 16 kHz. `python3 -m timbre_training.recipes.mel_cnn_head`"""

from timbre_training.feature_augment import augment_log_mel
from timbre_training.networks_mel import mel_cnn
from timbre_training.recipes.research import Study, run

SPEC = {
    "version": 1,
    "sampleRateHz": 16000,
    "crop": {"kind": "head", "seconds": 10},
    "transform": {
        "kind": "logMel",
        "nFft": 1024,
        "hopLength": 512,
        "winLength": 1024,
        "nMels": 64,
        "fMinHz": 0,
        "fMaxHz": None,
        "melScale": "htk",
        "melNorm": "none",
        "power": 2,
        "center": True,
        "log": {"kind": "db", "topDb": 80},
    },
}

STUDY = Study(
    model_id="mel-cnn-head",
    title="Mel CNN (first ten seconds)",
    spec=SPEC,
    network=lambda classes: mel_cnn(classes, width=16),
    augment=augment_log_mel,
    epochs=5,
    windows=5120,
    rate=4e-3,
    seed=1,
    share=0.15,
    # Zeros that fill ten seconds up lower the level of short clips.
    silence_gate_dbfs=-65.0,
)

if __name__ == "__main__":
    run(STUDY)
