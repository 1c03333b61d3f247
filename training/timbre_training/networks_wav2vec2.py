"""A wav2vec 2.0 network (Baevski et al. 2020) with a classifier on its mean: recipe 7 of the original research.

Convolutions turn the 16 kHz waveform into 50 frames a second, a transformer relates them, their mean is classified.
Parameters are named as in Hugging Face's checkpoints, so that a published `wav2vec2-base` state dict can be given to
`--init` with size `base`.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

KERNELS = (10, 3, 3, 3, 3, 2, 2)
STRIDES = (5, 2, 2, 2, 2, 2, 2)
POSITION_KERNEL, POSITION_GROUPS = 128, 16


@dataclass(frozen=True)
class Size:
    """Channels of the convolutions; width, layers and heads of the transformer, whose inner layers are 4 times as wide."""

    channels: int
    width: int
    layers: int
    heads: int


SIZES = {"small": Size(128, 192, 4, 4), "base": Size(512, 768, 12, 12)}


class ConvolutionLayer(nn.Module):
    """One strided convolution; the first has its channels normalised over time."""

    def __init__(self, inputs, outputs, kernel, stride, normalised):
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, kernel, stride, bias=False)
        self.layer_norm = nn.GroupNorm(outputs, outputs) if normalised else None

    def forward(self, x):
        x = self.conv(x)
        return functional.gelu(x if self.layer_norm is None else self.layer_norm(x))


class FeatureExtractor(nn.Module):
    """`[n, samples]` → `[n, channels, frames]`, a frame every 320 samples."""

    def __init__(self, channels):
        super().__init__()
        inputs = [1] + [channels] * (len(KERNELS) - 1)
        shapes = zip(inputs, KERNELS, STRIDES)
        self.conv_layers = nn.ModuleList(
            ConvolutionLayer(n, channels, kernel, stride, index == 0) for index, (n, kernel, stride) in enumerate(shapes)
        )

    def forward(self, samples):
        x = samples.unsqueeze(1)
        for layer in self.conv_layers:
            x = layer(x)
        return x


class FeatureProjection(nn.Module):
    def __init__(self, channels, width):
        super().__init__()
        self.layer_norm, self.projection = nn.LayerNorm(channels), nn.Linear(channels, width)

    def forward(self, x):
        return self.projection(self.layer_norm(x))


class WeightNormConvolution(nn.Module):
    """A grouped convolution with its weight split into length (for each tap) and direction (Salimans and Kingma 2016)."""

    def __init__(self, width):
        super().__init__()
        weight = torch.randn(width, width // POSITION_GROUPS, POSITION_KERNEL)
        weight *= (4 / (POSITION_KERNEL * width)) ** 0.5
        self.weight_v = nn.Parameter(weight)
        self.weight_g = nn.Parameter(weight.pow(2).sum(dim=(0, 1), keepdim=True).sqrt())
        self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, x):
        length = self.weight_v.pow(2).sum(dim=(0, 1), keepdim=True).sqrt()
        weight = self.weight_v * (self.weight_g / length)
        return functional.conv1d(x, weight, self.bias, padding=POSITION_KERNEL // 2, groups=POSITION_GROUPS)


class PositionEmbedding(nn.Module):
    """Where a frame stands, told by a wide convolution over its neighbours."""

    def __init__(self, width):
        super().__init__()
        self.conv = WeightNormConvolution(width)

    def forward(self, x):
        # The even kernel gives one frame too many.
        return functional.gelu(self.conv(x.transpose(1, 2))[:, :, :-1]).transpose(1, 2)


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.depth = heads, width // heads
        self.q_proj, self.k_proj = nn.Linear(width, width), nn.Linear(width, width)
        self.v_proj, self.out_proj = nn.Linear(width, width), nn.Linear(width, width)

    def _split(self, x):
        return x.reshape(x.shape[0], x.shape[1], self.heads, self.depth).transpose(1, 2)

    def forward(self, x):
        query, key, value = (self._split(project(x)) for project in (self.q_proj, self.k_proj, self.v_proj))
        weight = torch.softmax(query @ key.transpose(2, 3) * self.depth**-0.5, dim=3)
        return self.out_proj((weight @ value).transpose(1, 2).reshape(x.shape))


class FeedForward(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.intermediate_dense, self.output_dense = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        return self.output_dense(functional.gelu(self.intermediate_dense(x)))


class EncoderLayer(nn.Module):
    """Attention and feed-forward, each normalised after its shortcut, as in the base network."""

    def __init__(self, width, heads):
        super().__init__()
        self.attention, self.layer_norm = Attention(width, heads), nn.LayerNorm(width)
        self.feed_forward, self.final_layer_norm = FeedForward(width), nn.LayerNorm(width)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x):
        x = self.layer_norm(x + self.dropout(self.attention(x)))
        return self.final_layer_norm(x + self.dropout(self.feed_forward(x)))


class Encoder(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.pos_conv_embed, self.layer_norm = PositionEmbedding(size.width), nn.LayerNorm(size.width)
        self.layers = nn.ModuleList(EncoderLayer(size.width, size.heads) for _ in range(size.layers))

    def forward(self, x):
        x = self.layer_norm(x + self.pos_conv_embed(x))
        for layer in self.layers:
            x = layer(x)
        return x


class Wav2Vec2(nn.Module):
    """`[n, samples]` → `[n, frames, width]`."""

    def __init__(self, size):
        super().__init__()
        self.feature_extractor = FeatureExtractor(size.channels)
        self.feature_projection = FeatureProjection(size.channels, size.width)
        self.encoder = Encoder(size)

    def forward(self, samples):
        return self.encoder(self.feature_projection(self.feature_extractor(samples).transpose(1, 2)))


class Wav2Vec2Classifier(nn.Module):
    """Takes mean and level out of the waveform, then wav2vec 2.0, mean over time, logits `[n, classes]`."""

    def __init__(self, classes, size):
        super().__init__()
        self.backbone = Wav2Vec2(size)
        self.head = nn.Linear(size.width, classes)

    def forward(self, samples):
        centred = samples - samples.mean(dim=1, keepdim=True)
        level = (centred.pow(2).mean(dim=1, keepdim=True) + 1e-7).sqrt()
        return self.head(self.backbone(centred / level).mean(dim=1))


def wav2vec2(classes, size="small"):
    """2.5 M parameters as `small`, 94 M as `base`."""
    return Wav2Vec2Classifier(classes, SIZES[size])
