"""Plain log-mel CNNs for recipes 1, 2 and 6 of the original research: convolutions and pooling, no shortcuts.

Like every network here they end in one logit more than the card has labels; `networks.WithoutOther` shares it out.
"""

from torch import nn

from timbre_training.networks import LevelFreeLogMel, MeanAndPeak


def _block(inputs, outputs, pool):
    layers = [nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers, nn.MaxPool2d(pool))


def mel_cnn(classes, width=24):
    """`[n, 1, mels, frames]` in dB → logits `[n, classes]`; 0.3 M parameters at width 24, any number of frames from 32 on."""
    w = width
    stem = nn.Conv2d(2, w, 5, 2, 2, bias=False)
    return nn.Sequential(
        LevelFreeLogMel(),
        nn.Sequential(stem, nn.BatchNorm2d(w), nn.ReLU()),
        _block(w, 2 * w, 2),
        _block(2 * w, 4 * w, 2),
        _block(4 * w, 8 * w, (2, 1)),
        MeanAndPeak(),
        nn.Dropout(0.3),
        nn.Linear(16 * w, classes),
    )
