"""Recipe 4: ResNet-152 on a log-mel image of the loudest two seconds at 44.1 kHz.
`python3 -m timbre_training.recipes.resnet_152`"""

from timbre_training.feature_augment import augment_log_mel
from timbre_training.networks_image import resnet_152
from timbre_training.recipes.research import Study, run
from timbre_training.spectrum_specs import LOUDEST_TWO_SECONDS, log_mel

SPEC = log_mel(44100, LOUDEST_TWO_SECONDS, bands=96, n_fft=2048, image=96)

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
