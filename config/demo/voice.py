"""Narration by eSpeak NG, whose library and Chinese voice a wheel carries. No process, no download."""

import ctypes
import os
import wave
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import espeakng_loader

_RETRIEVAL = 1  # AUDIO_OUTPUT_RETRIEVAL: samples go to a callback and no device is opened
_UTF8 = 1
_RATE, _VOLUME = 1, 2  # parameters of espeak_SetParameter
_WORDS_A_MINUTE = 185

Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


@cache
def _engine() -> tuple[Any, int]:
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    folder = os.path.dirname(espeakng_loader.get_data_path())
    rate = library.espeak_Initialize(_RETRIEVAL, 0, folder.encode(), 0)
    if rate <= 0:
        raise RuntimeError("eSpeak NG did not start")
    library.espeak_Synth.argtypes = [
        *(ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int),
        *(ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p),
    ]
    library.espeak_SetVoiceByName(b"cmn")
    library.espeak_SetParameter(_RATE, _WORDS_A_MINUTE, 0)
    library.espeak_SetParameter(_VOLUME, 90, 0)
    return library, int(rate)


def sample_rate() -> int:
    """Return the samples a second of what `speak` gives."""
    return _engine()[1]


def speak(text: str) -> bytes:
    """Return `text` spoken in Mandarin: 16-bit mono samples at `sample_rate()`."""
    library, _ = _engine()
    samples = bytearray()

    def take(wav: Any, count: int, events: Any) -> int:
        if wav and count > 0:
            samples.extend(ctypes.string_at(wav, count * 2))
        return 0

    callback: Callable[..., int] = Callback(take)
    library.espeak_SetSynthCallback(callback)
    raw = text.encode() + b"\0"
    library.espeak_Synth(raw, len(raw), 0, 1, 0, _UTF8, None, None)
    library.espeak_Synchronize()
    return bytes(samples)


def write_wave(path: Path, samples: bytes) -> None:
    """Write `samples` as a WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate())
        file.writeframes(samples)
