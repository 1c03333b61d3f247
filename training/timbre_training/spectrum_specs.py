"""The feature specs of the recipes: what differs between them, on top of what they have in common."""

LOUDEST_TWO_SECONDS = {"kind": "peak", "beforeSeconds": 1, "afterSeconds": 1}
WHOLE_CLIP = {"kind": "full"}


def log_mel(rate_hz, crop, bands, n_fft=1024, low_hz=0, image=None):
    """Power spectra every 512 samples, `bands` HTK mel bands from `low_hz` to half the rate, in dB under the loudest 80;
    resized to `image` × `image` where that is given."""
    transform = {
        "kind": "logMel",
        "nFft": n_fft,
        "hopLength": 512,
        "winLength": n_fft,
        "nMels": bands,
        "fMinHz": low_hz,
        "fMaxHz": None,
        "melScale": "htk",
        "melNorm": "none",
        "power": 2,
        "center": True,
        "log": {"kind": "db", "topDb": 80},
    }
    size = {"resize": {"rows": image, "frames": image}} if image else {}
    return {"version": 1, "sampleRateHz": rate_hz, "crop": crop, "transform": transform, **size}


def mfcc(rate_hz, crop, bands, coefficients):
    """The first `coefficients` of the cepstrum of such bands."""
    spec = log_mel(rate_hz, crop, bands)
    return {**spec, "transform": {**spec["transform"], "kind": "mfcc", "coefficients": coefficients}}
