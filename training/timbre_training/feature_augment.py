"""Augmentation of features while training: changes that are exact in the feature domain and cost almost nothing there.

Batches are `[n, 1, rows, frames]` tensors in dB (log-mel) or MFCC; functions return new tensors.
"""

import torch
from torch.nn import functional


def _smooth_curves(count, points, length, depth):
    curves = depth * torch.randn(count, 1, points)
    return functional.interpolate(curves, size=length, mode="linear", align_corners=True)


def _cut_blocks(x, rng, dimension, widest, fill):
    """Sets one random block of rows (dimension 2) or frames (3) to `fill`, its width up to `widest`."""
    size = x.shape[dimension]
    width = torch.from_numpy(rng.integers(0, widest + 1, len(x))).to(x.device)
    start = torch.from_numpy(rng.integers(0, size, len(x))).to(x.device)
    index = torch.arange(size, device=x.device)
    hit = (index[None] >= start[:, None]) & (index[None] < (start + width)[:, None])
    shape = (len(x), 1, size, 1) if dimension == 2 else (len(x), 1, 1, size)
    return torch.where(hit.reshape(shape), fill, x)


def augment_log_mel(x, rng, equaliser_db=3.5):
    """Equaliser curves, pitch shift by whole bands, time shift, a noise floor of random height, and masked blocks."""
    count, _, bands, frames = x.shape
    curve = _smooth_curves(count, 6, bands, equaliser_db).to(x.device)
    x = x + curve.unsqueeze(3)
    peak = x.amax(dim=(2, 3), keepdim=True)
    x = torch.maximum(x, peak - 80)
    # Background noise adds in power, so in dB it is a soft maximum with a floor of its own colour.
    floor_db = peak - torch.from_numpy(rng.uniform(32, 130, (count, 1, 1, 1))).float().to(x.device)
    floor = floor_db + _smooth_curves(count, 4, bands, 6.0).to(x.device).unsqueeze(3) + 2.5 * torch.randn_like(x)
    x = 10 * torch.log10(10 ** (x / 10) + 10 ** (floor / 10) + 1e-20)
    if rng.random() < 0.5:
        x = torch.roll(x, int(rng.integers(-12, 13)), dims=3)
    peak = x.amax(dim=(2, 3), keepdim=True)
    low = peak - 80
    x = _cut_blocks(x, rng, 3, frames // 6, low)
    return _cut_blocks(x, rng, 2, bands // 9, low)


def augment_mfcc(x, rng, deviation):
    """A fixed equaliser adds a constant to each coefficient; noise shrinks them; frames are shifted and masked."""
    count, _, rows, frames = x.shape
    offset = 0.35 * deviation.reshape(1, 1, -1, 1) * torch.randn(count, 1, rows, 1)
    offset[:, :, 0] = 0
    shrink = 1 + 0.1 * torch.randn(count, 1, 1, 1)
    x = x * shrink + offset.to(x.device) + 0.05 * deviation.reshape(1, 1, -1, 1) * torch.randn_like(x)
    if rng.random() < 0.5:
        x = torch.roll(x, int(rng.integers(-30, 31)), dims=3)
    return _cut_blocks(x, rng, 3, frames // 6, x.mean(dim=3, keepdim=True))
