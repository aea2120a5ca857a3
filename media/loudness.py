"""How loud a sound track is (EBU R 128), and what gain brings it where it belongs.

A short track is measured whole, a long one in stretches spread over it: gated loudness of speech hardly
depends on which minutes one takes, and two hours then cost no more than three minutes. One process
measures them all, as if they were one: starting a process takes as long as measuring a stretch.
"""

import re
from pathlib import Path

from media import ffmpeg, recipes
from media.errors import ProcessFailed
from media.recipes import LOUDNESS_LUFS

_WHOLE_S = 120.0
_STRETCHES, _STRETCH_S = 4, 20.0
# Raising silence only raises noise.
_SILENT_LUFS, _MOST_GAIN_DB = -60.0, 25.0
_INTEGRATED = re.compile(r"I:\s+(-?[\d.]+|-?inf|nan) LUFS")


def gain_of(path: Path, index: int, duration_ms: int) -> float:
    """Return the gain in dB for a sound stream; 0 for silence and for what cannot be measured."""
    loud = measure(path, index, duration_ms)
    if loud is None or loud < _SILENT_LUFS:
        return 0.0
    return round(min(_MOST_GAIN_DB, LOUDNESS_LUFS - loud), 2)


def measure(path: Path, index: int, duration_ms: int) -> float | None:
    """Return the integrated loudness in LUFS, None where nothing could be measured."""
    length = duration_ms / 1000
    stretches = [(0.0, length + 1)]
    if length > _WHOLE_S:
        pause = length / _STRETCHES
        stretches = [(pause * n + (pause - _STRETCH_S) / 2, _STRETCH_S) for n in range(_STRETCHES)]
    try:
        usage = ffmpeg.run(
            recipes.loudness(path, index, stretches), limits=ffmpeg.Limits(wall_s=600, stall_s=120)
        )
    except ProcessFailed as error:
        if error.code != "ffmpeg_failed":
            raise
        return None
    words = _INTEGRATED.findall(usage.stderr)
    if not words or "n" in words[-1]:
        return None
    return float(words[-1])
