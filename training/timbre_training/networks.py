"""The networks that are small enough to live in the repository.

Both take the tensor of their feature spec and end in one logit for each label. Inside they tell one class more, "none of
them", learnt from foreign sounds; `WithoutOther` spreads its probability evenly over the labels before the graph ends, so
a foreign sound leaves with a flat score and falls under the card's `unknown` threshold.
"""

import torch
from torch import nn


class LevelFreeLogMel(nn.Module):
    """`[n, 1, mels, frames]` in dB → two channels that a change of input level leaves as they are.

    First channel: dB below the loudest cell of the window. Second: the same less each band's mean over time, which a
    fixed equaliser or microphone leaves as it is too.
    """

    def forward(self, decibels):
        below_peak = decibels - decibels.amax(dim=(2, 3), keepdim=True)
        return torch.cat([below_peak / 20 + 2, (below_peak - below_peak.mean(dim=3, keepdim=True)) / 10], dim=1)


class LevelFreeMfcc(nn.Module):
    """`[n, 1, coefficients, frames]` → standardised; the level, which is all in coefficient 0, is taken out there."""

    def __init__(self, mean, deviation):
        super().__init__()
        self.register_buffer("mean", torch.as_tensor(mean, dtype=torch.float32).reshape(1, 1, -1, 1))
        self.register_buffer("deviation", torch.as_tensor(deviation, dtype=torch.float32).reshape(1, 1, -1, 1))

    def forward(self, coefficients):
        first, rest = coefficients[:, :, :1], coefficients[:, :, 1:]
        level_free = torch.cat([first - first.amax(dim=3, keepdim=True), rest], dim=2)
        return (level_free - self.mean) / self.deviation


def _convolution(inputs, outputs, kernel=3, stride=1):
    padding = tuple(k // 2 for k in kernel) if isinstance(kernel, tuple) else kernel // 2
    layers = [nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers)


class Residual(nn.Module):
    """Two 3×3 convolutions, the second around a shortcut."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.first = _convolution(inputs, outputs)
        self.second = nn.Sequential(nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        x = self.first(x)
        return torch.relu(x + self.second(x))


class MeanAndPeak(nn.Module):
    """Mean over bands, then mean and maximum over time, side by side."""

    def forward(self, x):
        x = x.mean(dim=2)
        return torch.cat([x.mean(dim=2), x.amax(dim=2)], dim=1)


def mfcc_cnn(classes, mean, deviation):
    """Recipe 5: 15 MFCCs of two seconds at 44.1 kHz, 0.1 M parameters."""
    return nn.Sequential(
        LevelFreeMfcc(mean, deviation),
        _convolution(1, 24, (3, 5), (1, 2)),
        _convolution(24, 48, 3, 2),
        nn.MaxPool2d((1, 2)),
        _convolution(48, 72),
        nn.MaxPool2d((2, 2)),
        _convolution(72, 128),
        MeanAndPeak(),
        nn.Dropout(0.3),
        nn.Linear(256, classes),
    )


def log_mel_cnn(classes, width=16):
    """Our own model: residual blocks over level-free log-mel, 0.8 M parameters at the default width."""
    w = width
    return nn.Sequential(
        LevelFreeLogMel(),
        _convolution(2, w, 5, 2),
        Residual(w, 2 * w),
        nn.MaxPool2d(2),
        Residual(2 * w, 4 * w),
        nn.MaxPool2d(2),
        Residual(4 * w, 8 * w),
        nn.MaxPool2d((2, 1)),
        Residual(8 * w, 12 * w),
        MeanAndPeak(),
        nn.Dropout(0.3),
        nn.Linear(24 * w, classes),
    )


class WithoutOther(nn.Module):
    """Turns logits of `labels + 1` classes into logits of the labels, sharing out the last class's probability."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        probabilities = torch.softmax(self.network(x), dim=1)
        labels, other = probabilities[:, :-1], probabilities[:, -1:]
        return torch.log(labels + other / labels.shape[1] + 1e-7)
