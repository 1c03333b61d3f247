"""Recipe 2: a CNN on the log-mel of the loudest two seconds at 16 kHz. `python3 -m timbre_training.recipes.mel_cnn_peak`"""

from timbre_training.feature_augment import augment_log_mel
from timbre_training.networks_mel import mel_cnn
from timbre_training.recipes.research import Study, run
from timbre_training.spectrum_specs import LOUDEST_TWO_SECONDS, log_mel

SPEC = log_mel(16000, LOUDEST_TWO_SECONDS, bands=64)

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
