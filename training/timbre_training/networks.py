"""The networks that are small enough to live in the repository.

Both take the tensor of their feature spec and end in one logit for each label. Inside they tell one class more, "none of
them", learnt from foreign sounds; `WithoutOther` spreads its probability evenly over the labels before the graph ends, so
a foreign sound leaves with a flat score and falls under the card's `unknown` threshold.
"""

import math

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


class LevelFreeCepstrum(nn.Module):
    """`[n, 1, mels, frames]` in dB → `[n, 1, coefficients, frames]`: the DCT-II of each frame, standardised.

    The dB are first taken relative to the loudest cell of the window, so the input's level is gone. The DCT keeps the shape
    of the spectrum and drops single harmonics, which soundfonts and rooms differ
    in. `statistics` are mean and deviation of each coefficient, see `cepstrum_statistics`.
    """

    def __init__(self, mels, coefficients, statistics=None):
        super().__init__()
        band = torch.arange(mels, dtype=torch.float32) + 0.5
        rows = [torch.cos(math.pi / mels * k * band) * math.sqrt((2 if k else 1) / mels) for k in range(coefficients)]
        self.register_buffer("transform", torch.stack(rows))
        mean, deviation = statistics or (torch.zeros(coefficients), torch.ones(coefficients))
        self.register_buffer("mean", torch.as_tensor(mean, dtype=torch.float32).reshape(1, 1, -1, 1))
        self.register_buffer("deviation", torch.as_tensor(deviation, dtype=torch.float32).reshape(1, 1, -1, 1))

    def forward(self, decibels):
        below_peak = decibels - decibels.amax(dim=(2, 3), keepdim=True)
        # In full precision also where the rest is trained in half: sums of 64 bands up to 80 dB each would be coarse.
        with torch.autocast(decibels.device.type, enabled=False):
            return (torch.matmul(self.transform, below_peak) - self.mean) / self.deviation


@torch.no_grad()
def cepstrum_statistics(windows, coefficients):
    """Mean and deviation of every coefficient over about 3000 of the windows `[n, 1, mels, frames]`."""
    sample = torch.from_numpy(windows[:: max(1, len(windows) // 3000)].astype("float32"))
    cepstrum = LevelFreeCepstrum(sample.shape[2], coefficients)(sample)
    return cepstrum.mean(dim=(0, 1, 3)), cepstrum.std(dim=(0, 1, 3)) + 1e-3


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


class MeanAndPeak(nn.Module):
    """Mean over bands, then mean and maximum over time, side by side."""

    def forward(self, x):
        x = x.mean(dim=2)
        return torch.cat([x.mean(dim=2), x.amax(dim=2)], dim=1)


def _collapse(inputs, outputs, rows):
    """One convolution over all rows at once: unlike places in an image, coefficients are not interchangeable."""
    layers = [nn.Conv2d(inputs, outputs, (rows, 3), 1, (0, 1), bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers)


def mfcc_cnn(classes, mean, deviation):
    """Recipe 5: 15 MFCCs of two seconds at 44.1 kHz, 0.2 M parameters."""
    return nn.Sequential(
        LevelFreeMfcc(mean, deviation),
        _convolution(1, 24, (3, 5), (1, 2)),
        _convolution(24, 48, 3, 2),
        nn.MaxPool2d((1, 2)),
        _convolution(48, 72),
        nn.MaxPool2d((2, 2)),
        _collapse(72, 128, 4),
        MeanAndPeak(),
        nn.Dropout(0.3),
        nn.Linear(256, classes),
    )


def cepstral_cnn(classes, mels, coefficients, statistics=None):
    """Our own model: log-mel in, smooth spectra inside, 0.4 M parameters at 24 coefficients."""
    return nn.Sequential(
        LevelFreeCepstrum(mels, coefficients, statistics),
        _convolution(1, 32, (3, 5)),
        nn.MaxPool2d((1, 2)),
        _convolution(32, 48, 3, 2),
        _convolution(48, 72),
        nn.MaxPool2d((2, 2)),
        _collapse(72, 160, coefficients // 4),
        _convolution(160, 160, (1, 3)),
        MeanAndPeak(),
        nn.Dropout(0.3),
        nn.Linear(320, classes),
    )


class ShapeAndDetail(nn.Module):
    """Two views of one log-mel, joined along time: the smooth shape of each spectrum (cepstrum) and what the smooth shape
    leaves over, the fine structure of harmonics and strokes."""

    def __init__(self, mels, coefficients, statistics=None):
        super().__init__()
        self.cepstrum = LevelFreeCepstrum(mels, coefficients, statistics)
        self.shape = nn.Sequential(
            _convolution(1, 32, (3, 5)),
            nn.MaxPool2d((1, 2)),
            _convolution(32, 48, 3, 2),
            _convolution(48, 72),
            nn.MaxPool2d((2, 2), ceil_mode=True),
            _collapse(72, 144, coefficients // 4),
        )
        self.detail = nn.Sequential(
            _convolution(1, 16, 5, 2),
            _convolution(16, 32, 3, 2),
            _convolution(32, 64),
            nn.MaxPool2d((2, 2), ceil_mode=True),
            _collapse(64, 96, mels // 8),
        )

    def forward(self, decibels):
        below_peak = decibels - decibels.amax(dim=(2, 3), keepdim=True)
        transform = self.cepstrum.transform
        smooth = torch.matmul(transform.t(), torch.matmul(transform, below_peak))
        return torch.cat([self.shape(self.cepstrum(decibels)), self.detail((below_peak - smooth) / 6)], dim=1)


def shape_and_detail_cnn(classes, mels, coefficients, statistics=None):
    """Our own model: shape and fine structure of log-mel, 0.7 M parameters at 64 bands and 24 coefficients."""
    return nn.Sequential(
        ShapeAndDetail(mels, coefficients, statistics),
        nn.Dropout2d(0.1),
        _convolution(240, 160, (1, 3)),
        MeanAndPeak(),
        nn.Dropout(0.3),
        nn.Linear(320, classes),
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
