"""Augmentation of log-mel windows for our own model: everything a microphone, a room or a cut does to the spectrum that is
exact, or nearly, in decibels. Batches are `[n, 1, bands, frames]`; a new tensor is returned."""

import torch

from timbre_training.feature_augment import _cut_blocks, _smooth_curves


def _per_clip(rng, low, high, x):
    return torch.from_numpy(rng.uniform(low, high, (len(x), 1, 1, 1))).float().to(x.device)


def _some(rng, share, x):
    return torch.from_numpy(rng.random((len(x), 1, 1, 1)) < share).to(x.device)


def shift_bands(x, shift):
    """Moves each window up by `shift [n, 1, 1, 1]` bands (-2 to 2, broken numbers too); the edge bands are repeated."""
    bands = x.shape[2]
    place = torch.arange(bands, device=x.device).reshape(1, 1, -1, 1) - shift
    below = place.floor().clamp(0, bands - 1)
    part = (place - below).clamp(0, 1)
    index = below.long().expand(-1, 1, -1, x.shape[3])
    above = (index + 1).clamp(max=bands - 1)
    return x.gather(2, index) * (1 - part) + x.gather(2, above) * part


def cut_off(x, rng):
    """Ends the sound early, by a fade of 1 to 30 dB a frame: short notes, and takes cut for a sampler."""
    frames = x.shape[3]
    end = _per_clip(rng, frames * 0.08, frames * 0.8, x)
    slope = torch.exp(_per_clip(rng, 0.0, 3.4, x))
    past = (torch.arange(frames, device=x.device).reshape(1, 1, 1, -1) - end).clamp(min=0)
    return x - past * slope


def band_limit(x, rng):
    """A low pass and a high pass as small microphones, telephones and old recorders have: 2 to 15 dB a band."""
    bands = x.shape[2]
    band = torch.arange(bands, device=x.device).reshape(1, 1, -1, 1)
    above = (band - _per_clip(rng, bands * 0.45, bands, x)).clamp(min=0) * _per_clip(rng, 2, 15, x)
    below = (_per_clip(rng, 0, bands * 0.2, x) - band).clamp(min=0) * _per_clip(rng, 2, 10, x)
    return x - above - below


def augment_windows(x, rng):
    """Pitch of the whole, equaliser and tilt, band limits, early ends, background noise, shifts in time, masked blocks."""
    count, _, bands, frames = x.shape
    x = torch.where(_some(rng, 0.5, x), shift_bands(x, _per_clip(rng, -1.6, 1.6, x)), x)
    tilt = torch.linspace(-1, 1, bands, device=x.device).reshape(1, 1, -1, 1) * _per_clip(rng, -6, 6, x)
    x = x + tilt + _smooth_curves(count, 7, bands, 1.0).to(x.device).unsqueeze(3) * _per_clip(rng, 1, 6, x)
    x = torch.where(_some(rng, 0.2, x), band_limit(x, rng), x)
    x = torch.where(_some(rng, 0.15, x), cut_off(x, rng), x)
    peak = x.amax(dim=(2, 3), keepdim=True)
    x = torch.maximum(x, peak - 80)
    # Background noise adds in power, so in dB it is a soft maximum with a floor of its own colour.
    floor = peak - _per_clip(rng, 28, 130, x) + _smooth_curves(count, 4, bands, 6.0).to(x.device).unsqueeze(3)
    x = torch.logaddexp(x * 0.2302585, (floor + 2.5 * torch.randn_like(x)) * 0.2302585) / 0.2302585
    if rng.random() < 0.5:
        x = torch.roll(x, int(rng.integers(-12, 13)), dims=3)
    low = x.amax(dim=(2, 3), keepdim=True) - 80
    x = torch.maximum(x, low)
    x = _cut_blocks(x, rng, 3, frames // 6, low)
    return _cut_blocks(x, rng, 2, bands // 9, low)
