"""Recipe 4: ResNet-152 on a log-mel image of the loudest two seconds at 44.1 kHz.
`python3 -m timbre_training.recipes.resnet_152`"""

from timbre_training.feature_augment import augment_log_mel
from timbre_training.networks_image import resnet_152
from timbre_training.recipes.research import Study, run

SPEC = {
    "version": 1,
    "sampleRateHz": 44100,
    "crop": {"kind": "peak", "beforeSeconds": 1, "afterSeconds": 1},
    "transform": {
        "kind": "logMel",
        "nFft": 2048,
        "hopLength": 512,
        "winLength": 2048,
        "nMels": 96,
        "fMinHz": 0,
        "fMaxHz": None,
        "melScale": "htk",
        "melNorm": "none",
        "power": 2,
        "center": True,
        "log": {"kind": "db", "topDb": 80},
    },
    "resize": {"rows": 96, "frames": 96},
}

STUDY = Study(
    model_id="resnet-152",
    title="ResNet-152 (loudest two seconds at 44.1 kHz as 96×96)",
    spec=SPEC,
    network=resnet_152,
    augment=augment_log_mel,
    epochs=1,
    windows=1600,
    batch=16,
    rate=5e-4,
    seed=4,
    share=0.05,
    large=True,
)

if __name__ == "__main__":
    run(STUDY)
