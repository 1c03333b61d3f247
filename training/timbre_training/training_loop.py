"""Trains a window classifier: balanced draws, feature-domain augmentation, mixup, cosine rate, averaged weights."""

import copy
import os
import sys
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import nn


@dataclass(frozen=True)
class Schedule:
    """`windows_per_epoch` draws in each of `epochs`; rate peaks at `rate`; `mixup` is the share of mixed batches; `half`
    allows bfloat16 on processors that compute with it, which halves the time."""

    epochs: int
    windows_per_epoch: int
    batch: int = 64
    rate: float = 2e-3
    weight_decay: float = 0.02
    smoothing: float = 0.05
    mixup: float = 0.3
    average: float = 0.998
    seed: int = 1
    half: bool = False


@lru_cache
def computes_in_bfloat16():
    """Whether the processor has instructions for bfloat16; without them it would be slower, not faster."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def device():
    """CUDA where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def draw_weights(window_set, classes, shares, emphasis):
    """Draw probability of every window: classes by `shares`, clips within a class by `emphasis(clip)`, windows of one clip
    alike; windows 40 dB under the loudest of their clip, or under -62 dBFS, are never drawn."""
    labels = np.array([classes.index(clip.label) for clip in window_set.clips])
    loudest = np.full(len(window_set.clips), -200.0)
    np.maximum.at(loudest, window_set.clip, window_set.rms_dbfs)
    usable = (window_set.rms_dbfs > loudest[window_set.clip] - 40) & (window_set.rms_dbfs > -62)
    per_clip = np.bincount(window_set.clip[usable], minlength=len(window_set.clips)).clip(1)
    clip_weight = np.array([emphasis(clip) for clip in window_set.clips], dtype=float)
    weight = usable * (clip_weight / np.sqrt(per_clip))[window_set.clip]
    owner = labels[window_set.clip]
    for index, share in enumerate(shares):
        weight[owner == index] *= share / max(1e-12, weight[owner == index].sum())
    return torch.as_tensor(weight), torch.as_tensor(owner)


def _batches(window_set, weights, schedule, generator):
    draws = torch.multinomial(weights, schedule.windows_per_epoch, replacement=True, generator=generator)
    for start in range(0, len(draws) - schedule.batch + 1, schedule.batch):
        rows = draws[start : start + schedule.batch]
        yield rows, torch.from_numpy(window_set.windows[rows.numpy()].astype(np.float32))


def _loss(network, x, target, schedule, classes, rng):
    """Cross-entropy of the network, or the mean over members when it gives the logits of several."""
    one_hot = nn.functional.one_hot(target, classes).float()
    one_hot = one_hot * (1 - schedule.smoothing) + schedule.smoothing / classes
    if rng.random() < schedule.mixup:
        share, order = float(rng.beta(0.4, 0.4)), torch.randperm(len(x))
        x, one_hot = share * x + (1 - share) * x[order], share * one_hot + (1 - share) * one_hot[order]
    with torch.autocast(x.device.type, torch.bfloat16, enabled=schedule.half and x.device.type == "cpu" and computes_in_bfloat16()):
        logits = network(x)
    parts = logits if isinstance(logits, tuple) else (logits,)
    return sum(-(one_hot * torch.log_softmax(part.float(), dim=1)).sum(dim=1).mean() for part in parts) / len(parts)


@torch.no_grad()
def _average_into(averaged, network, decay):
    for kept, new in zip(averaged.state_dict().values(), network.state_dict().values()):
        if kept.dtype.is_floating_point:
            kept.mul_(decay).add_(new, alpha=1 - decay)
        else:
            kept.copy_(new)


def train(network, window_set, classes, weights, augment, schedule, watch=None):
    """Trains and returns the network with averaged weights. `augment(x, rng)` changes a batch `[n, 1, rows, frames]`;
    `watch(network, epoch)` sees the averaged network after each epoch and may return True to stop."""
    torch.manual_seed(schedule.seed)
    rng, generator = np.random.default_rng(schedule.seed), torch.Generator().manual_seed(schedule.seed)
    draw_weight, owner = weights
    place = device()
    if place.type == "cpu":
        # Threads of small convolutions mostly wait for each other: with 2 of them on 2 busy cores an epoch took 3 times as long.
        torch.set_num_threads(max(1, (os.cpu_count() or 2) // 2))
    network = network.to(place, memory_format=torch.channels_last)
    averaged = copy.deepcopy(network).eval()
    steps = schedule.epochs * (schedule.windows_per_epoch // schedule.batch)
    optimiser = torch.optim.AdamW(network.parameters(), lr=schedule.rate, weight_decay=schedule.weight_decay)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, schedule.rate, total_steps=steps, pct_start=0.15)
    done, started = 0, time.monotonic()
    for epoch in range(schedule.epochs):
        network.train()
        total = 0.0
        for rows, x in _batches(window_set, draw_weight, schedule, generator):
            x, target = augment(x.to(place), rng), owner[rows].to(place)
            loss = _loss(network, x, target, schedule, len(classes), rng)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            rate.step()
            done += 1
            total += float(loss.detach())
            # Short memory at first, so that the untrained weights are soon forgotten.
            _average_into(averaged, network, min(schedule.average, (done + 1) / (done + 20)))
        elapsed = time.monotonic() - started
        mean = total / (schedule.windows_per_epoch // schedule.batch)
        sys.stderr.write(f"epoch {epoch + 1}/{schedule.epochs} loss {mean:.4f} {elapsed:.0f} s\n")
        if watch is not None and watch(averaged, epoch + 1):
            break
    return averaged.eval()


@torch.no_grad()
def logits_of(network, windows, batch=256):
    """Logits `[n, classes]` as float64 numpy of float16 windows."""
    network.eval()
    place, parts = next(network.parameters()).device, []
    for start in range(0, len(windows), batch):
        x = torch.from_numpy(windows[start : start + batch].astype(np.float32)).to(place)
        parts.append(network(x).double().cpu().numpy())
    return np.concatenate(parts)
