"""Speech to captions by a model on this machine, behind one interface. Off where none is installed.

Nothing of a lecture ever leaves the house for it. `SPEECH_MODEL` names the folder of a model; what lies in
it tells which engine reads it:

    model.bin                                     faster-whisper (a CTranslate2 model)
    model.onnx, tokens.txt and silero_vad.onnx    sherpa-onnx (SenseVoice)

Neither engine is a dependency: whoever wants it installs it where the workers run.
"""

import importlib
import importlib.util
import re
import wave
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.utils.translation import gettext as _

from media.caption_formats import Cue, tidy
from media.caption_rules import MOST_WIDTH, width

# What both engines were trained on.
RATE = 16_000
_END = re.compile(r"(?<=[。！？；!?;])|(?<=[.])\s+|(?<=[，、,])")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A stretch of speech and its words."""

    start_ms: int
    end_ms: int
    text: str


class Recogniser(Protocol):
    """An engine with its model loaded."""

    def transcribe(self, sound: Path, language: str) -> Iterator[Spoken]:
        """Yield what is said in a mono WAV of 16 kHz, in its order; `language` as captions name theirs."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether speech can be recognised here: the engine's module, or a code of why not."""

    engine: str = ""
    code: str = ""

    @property
    def is_on(self) -> bool:
        """Whether it can."""
        return bool(self.engine)

    def words(self) -> str:
        """Say in one line why it is off and what to set; with what it works where it is on."""
        said = {
            "unset": _(
                "Speech recognition is off. To switch it on, set SPEECH_MODEL to the folder of a model for "
                "faster-whisper or sherpa-onnx, and install that engine where the workers run."
            ),
            "no_folder": _("Speech recognition is off: the folder that SPEECH_MODEL names is not there."),
            "no_model": _(
                "Speech recognition is off: the folder that SPEECH_MODEL names has neither model.bin "
                "(faster-whisper) nor model.onnx with tokens.txt and silero_vad.onnx (sherpa-onnx)."
            ),
            "no_faster_whisper": _(
                "Speech recognition is off: the model needs faster-whisper, which is not installed."
            ),
            "no_sherpa_onnx": _(
                "Speech recognition is off: the model needs sherpa-onnx, which is not installed."
            ),
        }
        return said[self.code] if self.code else _("Speech is recognised on this server, by a local model.")


def standing() -> Standing:
    """Return whether speech can be recognised by this process, or why not. Loads nothing."""
    named: str = settings.SPEECH_MODEL
    if not named:
        return Standing(code="unset")
    folder = Path(named)
    if not folder.is_dir():
        return Standing(code="no_folder")
    engine = _engine_for(folder)
    if not engine:
        return Standing(code="no_model")
    if importlib.util.find_spec(engine) is None:
        return Standing(code=f"no_{engine}")
    return Standing(engine=engine)


def _engine_for(folder: Path) -> str:
    if (folder / "model.bin").is_file():
        return "faster_whisper"
    needed = ("model.onnx", "tokens.txt", "silero_vad.onnx")
    return "sherpa_onnx" if all((folder / name).is_file() for name in needed) else ""


class SpeechOff(Exception):
    """Speech cannot be recognised by this process; `standing` says why."""

    def __init__(self, standing: Standing) -> None:
        self.standing = standing
        super().__init__(standing.code)


def recogniser() -> Recogniser:
    """Load the model and return its engine; raise `SpeechOff` where there is none."""
    found = standing()
    if not found.is_on:
        raise SpeechOff(found)
    engines: dict[str, type[_FasterWhisper] | type[_SherpaOnnx]] = {
        "faster_whisper": _FasterWhisper,
        "sherpa_onnx": _SherpaOnnx,
    }
    return engines[found.engine](importlib.import_module(found.engine), Path(settings.SPEECH_MODEL))


class _FasterWhisper:
    """Whisper by CTranslate2; it finds the pauses itself."""

    def __init__(self, module: Any, folder: Path) -> None:
        self._model = module.WhisperModel(
            str(folder), device="cpu", compute_type="int8", local_files_only=True
        )

    def transcribe(self, sound: Path, language: str) -> Iterator[Spoken]:
        """Yield what is said; what was heard before is no prompt, so that an error does not go on."""
        segments, _info = self._model.transcribe(
            str(sound), language=_short(language), vad_filter=True, condition_on_previous_text=False
        )
        for segment in segments:
            yield Spoken(round(segment.start * 1000), round(segment.end * 1000), segment.text)


class _SherpaOnnx:
    """SenseVoice by onnxruntime, on the stretches between pauses that Silero finds."""

    _LONGEST_S = 20

    def __init__(self, module: Any, folder: Path) -> None:
        self._module, self._folder = module, folder
        self._recogniser = module.OfflineRecognizer.from_sense_voice(
            model=str(folder / "model.onnx"), tokens=str(folder / "tokens.txt"), use_itn=True
        )

    def transcribe(self, sound: Path, language: str) -> Iterator[Spoken]:
        """Yield what is said; the model hears for itself which language it is."""
        config = self._module.VadModelConfig()
        config.silero_vad.model = str(self._folder / "silero_vad.onnx")
        config.silero_vad.max_speech_duration = self._LONGEST_S
        config.sample_rate = RATE
        pauses = self._module.VoiceActivityDetector(config, buffer_size_in_seconds=self._LONGEST_S * 3)
        for window in _windows(sound, config.silero_vad.window_size):
            pauses.accept_waveform(window)
            yield from self._heard(pauses)
        pauses.flush()
        yield from self._heard(pauses)

    def _heard(self, pauses: Any) -> Iterator[Spoken]:
        while not pauses.empty():
            start, samples = pauses.front.start, pauses.front.samples
            stream = self._recogniser.create_stream()
            stream.accept_waveform(RATE, samples)
            self._recogniser.decode_stream(stream)
            pauses.pop()
            yield Spoken(start * 1000 // RATE, (start + len(samples)) * 1000 // RATE, stream.result.text)


def _windows(sound: Path, size: int) -> Iterator[list[float]]:
    """Yield the samples of a WAV as numbers from -1 to 1, `size` at a time; the last is filled with silence."""
    with wave.open(str(sound), "rb") as file:
        while raw := file.readframes(size):
            samples = [value / 32768 for value in array("h", raw)]
            yield samples + [0.0] * (size - len(samples))


def _short(language: str) -> str:
    """Return the language as the models name it: zh, en."""
    return language.split("-")[0].lower()


def to_cues(spoken: Iterable[Spoken], duration_ms: int) -> list[Cue]:
    """Return speech as captions of at most two lines, cut at the ends of sentences and clauses."""
    cues: list[Cue] = []
    for stretch in spoken:
        words = tidy(stretch.text.replace("\n", " "))
        start = max(0, stretch.start_ms)
        end = min(stretch.end_ms, duration_ms) if duration_ms else stretch.end_ms
        if words and end > start:
            cues += _cut(Spoken(start, end, words))
    return cues


def _cut(stretch: Spoken) -> list[Cue]:
    """Share a stretch out among its pieces by their width: nobody says when each word was spoken."""
    pieces = _pieces(stretch.text)
    total = sum(width(piece) for piece in pieces)
    length = stretch.end_ms - stretch.start_ms
    cues, done = [], 0
    for piece in pieces:
        start = stretch.start_ms + length * done // total
        done += width(piece)
        end = stretch.start_ms + length * done // total
        if end > start:
            cues.append(Cue(start, end, piece.strip()))
    return cues


def _pieces(text: str) -> list[str]:
    """Return a text in pieces of at most two lines, each as long as its clauses allow."""
    pieces = [""]
    for clause in (part for part in _END.split(text) if part):
        for part in _broken(clause):
            joint = " " if pieces[-1] and pieces[-1][-1].isascii() and part[0].isascii() else ""
            if width(pieces[-1]) + width(joint + part) > MOST_WIDTH and pieces[-1]:
                pieces.append(part)
            else:
                pieces[-1] += joint + part
    return [piece for piece in pieces if piece.strip()]


def _broken(clause: str) -> Iterator[str]:
    """Yield a clause as it is, or where it is too long for a caption, cut between words."""
    rest = clause.strip()
    while width(rest) > MOST_WIDTH:
        at = next(n for n in range(len(rest), 0, -1) if width(rest[:n]) <= MOST_WIDTH)
        space = rest.rfind(" ", 1, at + 1)
        at = space if space > 0 else at
        yield rest[:at].rstrip()
        rest = rest[at:].lstrip()
    if rest:
        yield rest
