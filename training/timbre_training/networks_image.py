"""ResNet-152 and EfficientNet-B0 over log-mel images: recipes 4 and 3 of the original research.

Written from the papers. Parameters are named as in torchvision, so that a state dict published for torchvision can be
given to `--init`; the last layer never fits four instruments and is left as it is.
"""

import torch
from torch import nn
from torch.nn import functional

from timbre_training.networks import LevelFreeLogMel


class LogMelImage(nn.Module):
    """`[n, 1, mels, frames]` in dB → three channels: the two that are free of level, and the change from frame to frame."""

    def __init__(self):
        super().__init__()
        self.level_free = LevelFreeLogMel()

    def forward(self, decibels):
        image = self.level_free(decibels)
        change = functional.pad(image[:, :1, :, 1:] - image[:, :1, :, :-1], (1, 0))
        return torch.cat([image, change], dim=1)


class ImageClassifier(nn.Module):
    """A log-mel image into an image network; `backbone` is the part that `--init` fills."""

    def __init__(self, backbone):
        super().__init__()
        self.image = LogMelImage()
        self.backbone = backbone

    def forward(self, decibels):
        return self.backbone(self.image(decibels))


class Bottleneck(nn.Module):
    """1×1, 3×3, 1×1 around a shortcut (He et al. 2015, with the stride at the 3×3)."""

    def __init__(self, inputs, width, stride):
        super().__init__()
        outputs = 4 * width
        self.conv1, self.bn1 = nn.Conv2d(inputs, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, outputs, 1, bias=False), nn.BatchNorm2d(outputs)
        # A block that starts as the identity: 50 of them in a row learn within few steps (Goyal et al. 2017, section 5.1).
        nn.init.zeros_(self.bn3.weight)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        x = torch.relu(self.bn1(self.conv1(x)))
        x = torch.relu(self.bn2(self.conv2(x)))
        return torch.relu(self.bn3(self.conv3(x)) + shortcut)


class ResNet(nn.Module):
    """Bottleneck ResNet; `depths` are the blocks of its four stages."""

    def __init__(self, depths, classes):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        channels = 64
        for number, depth in enumerate(depths, 1):
            width, stride = 32 * 2**number, 1 if number == 1 else 2
            blocks = [Bottleneck(channels, width, stride)]
            channels = 4 * width
            blocks += [Bottleneck(channels, width, 1) for _ in range(depth - 1)]
            setattr(self, f"layer{number}", nn.Sequential(*blocks))
        self.fc = nn.Linear(channels, classes)

    def forward(self, image):
        x = functional.max_pool2d(torch.relu(self.bn1(self.conv1(image))), 3, 2, 1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean(dim=(2, 3)))


def resnet_152(classes):
    """58 M parameters (He et al. 2015, table 1)."""
    return ImageClassifier(ResNet((3, 8, 36, 3), classes))


def _conv_norm(inputs, outputs, kernel, stride=1, groups=1, active=True):
    layers = [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, *([nn.SiLU()] if active else []))


class SqueezeExcitation(nn.Module):
    """Weighs channels by what the whole image holds (Hu et al. 2017)."""

    def __init__(self, channels, squeezed):
        super().__init__()
        self.fc1, self.fc2 = nn.Conv2d(channels, squeezed, 1), nn.Conv2d(squeezed, channels, 1)

    def forward(self, x):
        summary = functional.silu(self.fc1(x.mean(dim=(2, 3), keepdim=True)))
        return x * torch.sigmoid(self.fc2(summary))


class InvertedResidual(nn.Module):
    """Expand, depthwise convolution, squeeze and excitation, project; a shortcut where the shape stays."""

    def __init__(self, inputs, outputs, expansion, kernel, stride):
        super().__init__()
        wide = inputs * expansion
        layers = [_conv_norm(inputs, wide, 1)] if expansion != 1 else []
        layers += [_conv_norm(wide, wide, kernel, stride, groups=wide), SqueezeExcitation(wide, inputs // 4)]
        self.block = nn.Sequential(*layers, _conv_norm(wide, outputs, 1, active=False))
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.block(x) if self.shortcut else self.block(x)


#: Expansion, channels, blocks, stride and kernel of each stage of B0 (Tan and Le 2019, table 1).
_B0_STAGES = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)


class EfficientNetB0(nn.Module):
    """EfficientNet-B0 without stochastic depth."""

    def __init__(self, classes):
        super().__init__()
        channels, stages = 32, [_conv_norm(3, 32, 3, 2)]
        for expansion, outputs, depth, stride, kernel in _B0_STAGES:
            blocks = []
            for number in range(depth):
                blocks.append(InvertedResidual(channels, outputs, expansion, kernel, stride if number == 0 else 1))
                channels = outputs
            stages.append(nn.Sequential(*blocks))
        self.features = nn.Sequential(*stages, _conv_norm(channels, 1280, 1))
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, classes))

    def forward(self, image):
        return self.classifier(self.features(image).mean(dim=(2, 3)))


def efficientnet_b0(classes):
    """4.0 M parameters without the last layer."""
    return ImageClassifier(EfficientNetB0(classes))
