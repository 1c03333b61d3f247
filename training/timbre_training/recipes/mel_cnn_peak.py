"""Recipe 2: a CNN on the log-mel of the loudest two seconds at 16 kHz. `python3 -m timbre_training.recipes.mel_cnn_peak`"""

from timbre_training.feature_augment import augment_log_mel
from timbre_training.networks_mel import mel_cnn
from timbre_training.recipes.research import Study, run

SPEC = {
    "version": 1,
    "sampleRateHz": 16000,
    "crop": {"kind": "peak", "beforeSeconds": 1, "afterSeconds": 1},
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
    model_id="mel-cnn-peak",
    title="Mel CNN (loudest two seconds)",
    spec=SPEC,
    network=mel_cnn,
    augment=augment_log_mel,
    epochs=8,
    windows=8192,
    rate=4e-3,
    seed=2,
    share=0.15,
)

if __name__ == "__main__":
    run(STUDY)
