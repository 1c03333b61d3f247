"""The few calls of libfluidsynth that offline rendering needs, through ctypes.

One `FluidSynth` holds one loaded soundfont, so that a font of 150 MB is read once for thousands of clips. Time does not
run by itself: sound exists only as far as `render` has been asked for it, which makes every clip reproducible.
"""

import ctypes
import ctypes.util

import numpy as np

SAMPLE_RATE_HZ = 44100


def _load_library():
    name = ctypes.util.find_library("fluidsynth") or "libfluidsynth.so.3"
    library = ctypes.CDLL(name)
    pointers = ["new_fluid_settings", "new_fluid_synth", "fluid_synth_get_sfont", "fluid_sfont_get_preset"]
    for function in pointers:
        getattr(library, function).restype = ctypes.c_void_p
    library.fluid_settings_setnum.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_double]
    library.fluid_settings_setint.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    library.fluid_synth_get_sfont.argtypes = [ctypes.c_void_p, ctypes.c_uint]
    library.fluid_sfont_get_preset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
    return library


class FluidSynth:
    """A synthesiser with one soundfont, played on channel 0 (tuned) and channel 9 (drums)."""

    def __init__(self, soundfont_path, gain=0.6):
        """Loads `soundfont_path` (.sf2 or .sf3). Raises OSError when it cannot be read."""
        self._lib = _load_library()
        # Quiet the library's warnings about presets that a small font lacks; they are asked for by `has_preset`.
        for level in range(1, 5):
            self._lib.fluid_set_log_function(level, None, None)
        settings = ctypes.c_void_p(self._lib.new_fluid_settings())
        self._lib.fluid_settings_setnum(settings, b"synth.sample-rate", float(SAMPLE_RATE_HZ))
        self._lib.fluid_settings_setnum(settings, b"synth.gain", float(gain))
        self._lib.fluid_settings_setint(settings, b"synth.reverb.active", 1)
        self._lib.fluid_settings_setint(settings, b"synth.chorus.active", 0)
        self._synth = ctypes.c_void_p(self._lib.new_fluid_synth(settings))
        self._font = self._lib.fluid_synth_sfload(self._synth, str(soundfont_path).encode(), 1)
        if self._font < 0:
            raise OSError(f"cannot load soundfont {soundfont_path}")

    def has_preset(self, bank, program):
        """Whether the font itself has this preset (no fallback to another one)."""
        font = self._lib.fluid_synth_get_sfont(self._synth, 0)
        return bool(self._lib.fluid_sfont_get_preset(font, bank, program))

    def select(self, channel, bank, program):
        """Silences everything, resets controllers and chooses a preset."""
        self._lib.fluid_synth_system_reset(self._synth)
        self._lib.fluid_synth_program_select(self._synth, channel, self._font, bank, program)

    def send(self, channel, event):
        """One event: `("on", key, velocity)`, `("off", key)`, `("control", number, value)` or `("bend", 0..16383)`."""
        kind = event[0]
        if kind == "on":
            self._lib.fluid_synth_noteon(self._synth, channel, event[1], event[2])
        elif kind == "off":
            self._lib.fluid_synth_noteoff(self._synth, channel, event[1])
        elif kind == "control":
            self._lib.fluid_synth_cc(self._synth, channel, event[1], event[2])
        else:
            self._lib.fluid_synth_pitch_bend(self._synth, channel, event[1])

    def render(self, frames):
        """The next `frames` samples, both channels mixed to mono float32."""
        stereo = np.zeros((frames, 2), dtype=np.float32)
        pointer = stereo.ctypes.data_as(ctypes.c_void_p)
        self._lib.fluid_synth_write_float(self._synth, frames, pointer, 0, 2, pointer, 1, 2)
        return stereo.mean(axis=1)

    def play(self, channel, events, seconds):
        """Plays timed events `[(seconds, event), …]` and returns `seconds` of mono sound."""
        total = int(round(seconds * SAMPLE_RATE_HZ))
        parts, position = [], 0
        for at, event in sorted(events, key=lambda item: item[0]):
            until = min(total, int(round(at * SAMPLE_RATE_HZ)))
            if until > position:
                parts.append(self.render(until - position))
                position = until
            self.send(channel, event)
        if position < total:
            parts.append(self.render(total - position))
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)
