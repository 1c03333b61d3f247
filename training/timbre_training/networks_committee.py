"""Several small networks in one graph: each learns by itself, and the graph answers with the mean of what they think."""

import torch
from torch import nn

from timbre_training.networks import LevelFreeLogMel, MeanAndPeak, _collapse, _convolution


class Committee(nn.Module):
    """While training it gives the logits of every member, for each to have its own loss; else logarithms of the mean
    probability."""

    def __init__(self, members):
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, x):
        logits = tuple(member(x) for member in self.members)
        if self.training:
            return logits
        return torch.log(sum(torch.softmax(part, dim=1) for part in logits) / len(logits) + 1e-7)


def detail_cnn(classes, mels, width=24):
    """Log-mel with all its harmonics, where `cepstral_cnn` sees smooth spectra: 0.4 M parameters at 64 bands."""
    w = width
    return nn.Sequential(
        LevelFreeLogMel(),
        _convolution(2, w, 5, 2),
        _convolution(w, 2 * w, 3, 2),
        _convolution(2 * w, 3 * w),
        nn.MaxPool2d((2, 2), ceil_mode=True),
        _collapse(3 * w, 144, mels // 8),
        _convolution(144, 144, (1, 3)),
        MeanAndPeak(),
        nn.Dropout(0.3),
        nn.Linear(288, classes),
    )
