"""Recipe 1: a CNN on the log-mel of the first ten seconds at 16 kHz. `python3 -m timbre_training.recipes.mel_cnn_head`"""

from timbre_training.feature_augment import augment_log_mel
from timbre_training.networks_mel import mel_cnn
from timbre_training.recipes.research import Study, run
from timbre_training.spectrum_specs import log_mel

SPEC = log_mel(16000, {"kind": "head", "seconds": 10}, bands=64)

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
