"""Recipe 6: a CNN on the log-mel of the whole clip at 16 kHz, resized to 128×128.
`python3 -m timbre_training.recipes.mel_image`"""

from timbre_training.feature_augment import augment_log_mel
from timbre_training.networks_mel import mel_cnn
from timbre_training.recipes.research import Study, run
from timbre_training.spectrum_specs import WHOLE_CLIP, log_mel

SPEC = log_mel(16000, WHOLE_CLIP, bands=128, n_fft=2048, image=128)

STUDY = Study(
    model_id="mel-image",
    title="Mel image CNN (whole clip as 128×128)",
    spec=SPEC,
    network=lambda classes: mel_cnn(classes, width=16),
    augment=augment_log_mel,
    epochs=5,
    windows=5120,
    rate=4e-3,
    seed=6,
    share=0.15,
)

if __name__ == "__main__":
    run(STUDY)
