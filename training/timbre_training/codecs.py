"""Lossy codecs at low rates: vorbis and opus in process, mp3 and aac through ffmpeg."""

import io
import subprocess

import numpy as np
import soundfile
from scipy.signal import resample_poly

RATE = 44100
FFMPEG_CODECS = {"mp3": ("libmp3lame", "mp3", (40, 48, 64, 96, 128)), "aac": ("aac", "adts", (40, 48, 64, 96))}


def _in_process(sound, rate, subtype):
    memory = io.BytesIO()
    soundfile.write(memory, np.clip(sound, -1, 1), rate, format="OGG", subtype=subtype)
    memory.seek(0)
    return soundfile.read(memory)[0]


def opus(sound):
    """Opus as libsndfile sets it, through its 24 kHz mode."""
    return resample_poly(_in_process(resample_poly(sound, 80, 147), 24000, "OPUS"), 147, 80)


def vorbis(sound):
    """Ogg Vorbis at libsndfile's default quality, half of the bandwidth."""
    return resample_poly(_in_process(resample_poly(sound, 1, 2), RATE // 2, "VORBIS"), 2, 1)


def through_ffmpeg(sound, codec, kilobits):
    """Encodes with `codec` (`mp3` or `aac`) and decodes again. Raises CalledProcessError when ffmpeg refuses."""
    encoder, container, _ = FFMPEG_CODECS[codec]
    raw = ["-f", "f32le", "-ar", str(RATE), "-ac", "1"]
    quiet = ["ffmpeg", "-nostdin", "-v", "error"]
    encode = quiet + raw + ["-i", "pipe:0", "-c:a", encoder, "-b:a", f"{kilobits}k", "-f", container, "pipe:1"]
    decode = quiet + ["-f", container.replace("adts", "aac"), "-i", "pipe:0"] + raw + ["pipe:1"]
    coded = subprocess.run(encode, input=sound.astype("<f4").tobytes(), capture_output=True, check=True).stdout
    return np.frombuffer(subprocess.run(decode, input=coded, capture_output=True, check=True).stdout, "<f4").astype(float)


def random_codec(generator, sound):
    """One codec by chance; the ones that cost a process are rarer."""
    draw = generator.random()
    if draw < 0.4:
        return vorbis(sound)
    if draw < 0.75:
        return opus(sound)
    codec = "mp3" if draw < 0.9 else "aac"
    return through_ffmpeg(sound, codec, int(generator.choice(FFMPEG_CODECS[codec][2])))
