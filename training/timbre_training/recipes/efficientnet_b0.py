"""Recipe 3: EfficientNet-B0 on the same image as recipe 6. `python3 -m timbre_training.recipes.efficientnet_b0`"""

from timbre_training.feature_augment import augment_log_mel
from timbre_training.networks_image import efficientnet_b0
from timbre_training.recipes.mel_image import SPEC
from timbre_training.recipes.research import Study, run

STUDY = Study(
    model_id="efficientnet-b0",
    title="EfficientNet-B0 (whole clip as 128×128)",
    spec=SPEC,
    network=efficientnet_b0,
    augment=augment_log_mel,
    epochs=2,
    windows=3200,
    batch=32,
    rate=2e-3,
    seed=3,
    share=0.15,
    large=True,
)

if __name__ == "__main__":
    run(STUDY)
