"""Speech to captions: clearly off, both engines by real modules on the path, and what becomes of their words."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from media import caption_jobs, caption_rules, captions, ingest, leases, proposals, speech, tasks
from media.models import CaptionJob, Lecture, ProposedTrack, Track
from media.speech import Spoken, to_cues
from tests.factories.media import EncodeFactory
from tests.media.clips import render, render_sound
from tests.media.conftest import LECTURES

FASTER_WHISPER = '''
"""As much of faster-whisper as is called: it hears the loudness of each second of the file that it is given."""
import wave
from array import array
from dataclasses import dataclass


@dataclass
class Segment:
    start: float
    end: float
    text: str


class WhisperModel:
    def __init__(self, path, device, compute_type, local_files_only):
        assert local_files_only, "a model is never fetched from elsewhere"
        self.name = open(path + "/model.bin").read()

    def transcribe(self, sound, language, vad_filter, condition_on_previous_text):
        return self._segments(sound, language), None

    def _segments(self, sound, language):
        with wave.open(sound) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
            second = 0
            while raw := file.readframes(16000):
                loud = max(array("h", raw)) > 100
                if loud:
                    yield Segment(second, second + len(raw) / 32000, f" {self.name} {language} {second}")
                second += 1
'''

SHERPA_ONNX = '''
"""As much of sherpa-onnx as is called: every second that is not silent is a stretch of speech."""
from types import SimpleNamespace


class VadModelConfig:
    def __init__(self):
        self.silero_vad = SimpleNamespace(model="", max_speech_duration=0, window_size=512)
        self.sample_rate = 0


class VoiceActivityDetector:
    def __init__(self, config, buffer_size_in_seconds):
        assert config.silero_vad.model.endswith("silero_vad.onnx") and config.sample_rate == 16000
        self.samples, self.given, self.found = [], 0, []

    def accept_waveform(self, samples):
        assert len(samples) == 512 and all(-1 <= value <= 1 for value in samples)
        self.samples += samples
        if len(self.samples) >= 16384:
            self.flush()

    def flush(self):
        if max(self.samples, default=0) > 0.01:
            self.found.append(SimpleNamespace(start=self.given, samples=self.samples))
        self.given += len(self.samples)
        self.samples = []

    def empty(self):
        return not self.found

    @property
    def front(self):
        return self.found[0]

    def pop(self):
        self.found.pop(0)


class Stream:
    result = SimpleNamespace(text="")

    def accept_waveform(self, rate, samples):
        self.count = len(samples)


class OfflineRecognizer:
    @classmethod
    def from_sense_voice(cls, model, tokens, use_itn):
        return cls()

    def create_stream(self):
        return Stream()

    def decode_stream(self, stream):
        stream.result = SimpleNamespace(text=f"heard {stream.count}")
'''


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Callable[..., Path]]:
    """Put an engine on the path and a model into a folder, as an operator does."""

    def put(engine: str, code: str, *files: str) -> Path:
        packages, model = tmp_path / "packages", tmp_path / "model"
        for folder in (packages, model):
            folder.mkdir(exist_ok=True)
        if engine:
            (packages / f"{engine}.py").write_text(code)
            monkeypatch.syspath_prepend(str(packages))
        for name in files:
            (model / name).write_text("tiny")
        settings.SPEECH_MODEL = str(model)
        importlib.invalidate_caches()
        return model

    yield put
    for name in ("faster_whisper", "sherpa_onnx"):
        sys.modules.pop(name, None)


def whisper(install: Callable[..., Path]) -> Path:
    return install("faster_whisper", FASTER_WHISPER, "model.bin")


# --- off


@pytest.mark.parametrize(
    ("files", "code", "told"),
    [
        (None, "unset", "set SPEECH_MODEL to the folder of a model"),
        ((), "no_model", "has neither model.bin"),
        (("model.onnx", "tokens.txt"), "no_model", "silero_vad.onnx"),
        (("model.bin",), "no_faster_whisper", "needs faster-whisper, which is not installed"),
        (("model.onnx", "tokens.txt", "silero_vad.onnx"), "no_sherpa_onnx", "needs sherpa-onnx"),
    ],
)
def test_without_model_or_engine_it_is_off_and_says_what_to_do(
    install: Callable[..., Path], settings: Any, files: tuple[str, ...] | None, code: str, told: str
) -> None:
    if files is None:
        settings.SPEECH_MODEL = ""
    else:
        install("", "", *files)
    standing = speech.standing()
    assert (standing.is_on, standing.code) == (False, code)
    with translation.override("en"):
        assert told in standing.words()
    with pytest.raises(speech.SpeechOff):
        speech.recogniser()


def test_a_folder_that_is_not_there_is_told(settings: Any, tmp_path: Path) -> None:
    settings.SPEECH_MODEL = str(tmp_path / "gone")
    assert speech.standing().code == "no_folder"


@pytest.mark.django_db
def test_the_admin_says_in_one_line_that_it_is_off_and_offers_no_button(
    lecture: Lecture, entered: Callable[..., Client], settings: Any
) -> None:
    settings.SPEECH_MODEL = ""
    type(lecture.current).objects.update(facts={"audio": [{"index": 1}]})
    client = entered(lecture.owner)
    page = client.get(f"{LECTURES}{lecture.pk}/").content.decode()
    assert "Speech recognition is off. To switch it on, set SPEECH_MODEL" in page
    assert "/captions/recognise/" not in page
    response = client.post(f"{LECTURES}{lecture.pk}/captions/recognise/", follow=True)
    assert "Speech recognition is off." in response.content.decode()
    assert not CaptionJob.objects.exists()


# --- on


@pytest.fixture(scope="module")
def late_tone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of picture and two sounds: English, which is silence, and Chinese from the second second on."""
    folder = tmp_path_factory.mktemp("tone")
    tone = "aevalsrc=exprs='if(gte(t,1),0.5*sin(880*PI*t),0)':s=48000"
    one = render(folder / "one.mp4", sound=tone)
    maps = ("-i", str(one), "-map", "1:v", "-map", "0:a", "-map", "1:a", "-c", "copy", "-c:a:0", "aac")
    tags = ("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=chi")
    return render_sound(folder / "tone.mp4", source="anullsrc=r=48000:cl=mono", extra=(*maps, *tags))


def asked(path: Path, client: Client, owner: Any) -> Lecture:
    """Take a recording in, go as far as its facts, and ask for its speech."""
    lecture = ingest.ingest_file(path=path, title="Tone", owner=owner)
    job = leases.claim("test")
    assert job is not None
    tasks.perform(job)
    url = f"{LECTURES}{lecture.pk}/"
    assert "/captions/recognise/" in client.get(url).content.decode()
    response = client.post(f"{url}captions/recognise/", follow=True)
    assert "Speech will be recognised; what comes of it is proposed here." in response.content.decode()
    return lecture


@pytest.mark.django_db
def test_what_a_model_hears_is_proposed_in_the_lectures_language(
    install: Callable[..., Path], late_tone: Path, owner: Any, entered: Callable[..., Client]
) -> None:
    whisper(install)
    client = entered(owner)
    lecture = asked(late_tone, client, owner)
    assert "once the workers are free" in client.get(f"{LECTURES}{lecture.pk}/").content.decode()
    assert proposals.do_one("speech") is True
    row = ProposedTrack.objects.get()
    heard = [(cue.start_ms, cue.end_ms, cue.text) for cue in captions.read_vtt(row.vtt)]
    assert heard == [(1000, 2000, "tiny zh 1"), (2000, 3000, "tiny zh 2")]
    assert (row.origin, row.language, row.count) == ("recognised", "zh-Hans", 2)
    assert not Track.objects.exists()
    page = client.get(f"{LECTURES}{lecture.pk}/").content.decode()
    assert "Recognised from speech" in page
    proposals.accept(lecture=lecture, proposal_id=row.pk, language="zh-Hans", label="中文", by=owner)
    assert lecture.track_versions.get().origin == "recognised"


@pytest.mark.django_db
def test_who_listens_again_gets_a_new_proposal_in_place_of_the_old(
    install: Callable[..., Path], late_tone: Path, owner: Any, entered: Callable[..., Client]
) -> None:
    model = whisper(install)
    lecture = asked(late_tone, entered(owner), owner)
    proposals.do_one("speech")
    proposals.discard(lecture=lecture, proposal_id=ProposedTrack.objects.get().pk, by=owner)
    (model / "model.bin").write_text("better")
    caption_jobs.ask_again(encode=lecture.encodes.get(), kind="speech")
    caption_jobs.ask_again(encode=lecture.encodes.get(), kind="speech")
    assert proposals.do_one("speech") is True
    assert proposals.do_one("speech") is False
    (again,) = proposals.open_proposals(lecture)
    assert "better zh 1" in again.vtt


@pytest.mark.django_db
def test_a_worker_without_the_model_ends_the_work_with_what_to_set(
    install: Callable[..., Path], late_tone: Path, owner: Any, entered: Callable[..., Client], settings: Any
) -> None:
    model = whisper(install)
    client = entered(owner)
    lecture = asked(late_tone, client, owner)
    settings.SPEECH_MODEL = ""
    proposals.do_one("speech")
    assert CaptionJob.objects.get().state == "failed"
    settings.SPEECH_MODEL = str(model)
    page = client.get(f"{LECTURES}{lecture.pk}/").content.decode()
    assert "set SPEECH_MODEL to the folder" in page
    assert "/captions/recognise/" in page


@pytest.mark.django_db
def test_an_engine_that_breaks_is_tried_again_and_never_publishes(
    install: Callable[..., Path], late_tone: Path, owner: Any, entered: Callable[..., Client]
) -> None:
    install(
        "faster_whisper",
        FASTER_WHISPER.replace("second += 1", "raise RuntimeError('out of memory')"),
        "model.bin",
    )
    asked(late_tone, entered(owner), owner)
    proposals.do_one("speech")
    job = CaptionJob.objects.get()
    assert (job.state, job.detail) == ("due", "RuntimeError: out of memory")
    assert not ProposedTrack.objects.exists()


@pytest.mark.django_db
def test_a_recording_without_sound_is_not_listened_to(
    lecture: Lecture, entered: Callable[..., Client], install: Callable[..., Path]
) -> None:
    whisper(install)
    client = entered(lecture.owner)
    said = client.post(f"{LECTURES}{lecture.pk}/captions/recognise/", follow=True).content.decode()
    assert "There is no sound that could be listened to." in said
    assert not CaptionJob.objects.exists()


@pytest.mark.django_db
def test_silence_is_proposed_as_such(
    install: Callable[..., Path], tmp_path: Path, owner: Any, entered: Callable[..., Client]
) -> None:
    whisper(install)
    client = entered(owner)
    lecture = asked(render(tmp_path / "quiet.mp4", sound="anullsrc=r=48000:cl=mono"), client, owner)
    proposals.do_one("speech")
    assert (
        "No speech was recognised in the recording."
        in client.get(f"{LECTURES}{lecture.pk}/").content.decode()
    )


@pytest.mark.django_db
def test_only_who_may_change_the_lecture_asks(
    install: Callable[..., Path], member: Callable[..., Any], entered: Callable[..., Client]
) -> None:
    whisper(install)
    encode = EncodeFactory(published=True, facts={"audio": [{"index": 1}]})
    url = f"{LECTURES}{encode.lecture_id}/captions/recognise/"
    for group, status in (("Trainers", {404}), ("Reviewers", {302, 403})):
        assert entered(member(group)).post(url).status_code in status
    assert entered(member("Operators")).get(url).status_code == 405
    assert not CaptionJob.objects.exists()


def test_the_other_engine_hears_stretches_between_pauses(
    install: Callable[..., Path], tmp_path: Path, late_tone: Path
) -> None:
    install("sherpa_onnx", SHERPA_ONNX, "model.onnx", "tokens.txt", "silero_vad.onnx")
    sound = tmp_path / "sound.wav"
    import subprocess

    from media import ffmpeg

    command = [
        ffmpeg.binaries().ffmpeg,
        "-v",
        "error",
        "-i",
        str(late_tone),
        "-ac",
        "1",
        "-ar",
        "16000",
        str(sound),
    ]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=60)
    heard = list(speech.recogniser().transcribe(sound, "zh-Hans"))
    assert [(item.start_ms, item.text) for item in heard] == [
        (0, "heard 16384"),
        (1024, "heard 16384"),
        (2048, heard[2].text),
    ]
    assert heard[-1].end_ms == pytest.approx(3000, abs=100)


# --- words to captions


def test_long_speech_is_cut_at_the_ends_of_sentences_and_time_shared_by_width() -> None:
    sentence = "检验检测机构应当按照要求开展活动，" * 2 + "并对结果负责。"
    cues = to_cues([Spoken(0, 20_000, sentence * 2)], 60_000)
    assert len(cues) >= 2
    assert "".join(cue.text for cue in cues) == sentence * 2
    assert all(cue.text[-1] in "，。" for cue in cues)
    assert (cues[0].start_ms, cues[-1].end_ms) == (0, 20_000)


def test_words_without_any_stop_are_cut_between_words() -> None:
    cues = to_cues([Spoken(0, 9_000, "accreditation " * 20)], 0)
    assert all(caption_rules.width(cue.text) <= caption_rules.MOST_WIDTH for cue in cues)
    assert " ".join(cue.text for cue in cues) == ("accreditation " * 20).strip()


def test_what_lies_beyond_the_recording_or_has_no_words_is_left_out() -> None:
    spoken = [Spoken(-50, 900, "a"), Spoken(900, 950, " \n"), Spoken(900, 1200, "b"), Spoken(1000, 1500, "c")]
    assert [(c.start_ms, c.end_ms, c.text) for c in to_cues(spoken, 1000)] == [
        (0, 900, "a"),
        (900, 1000, "b"),
    ]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 10_000), st.integers(1, 30_000), st.text("检测 ab，。. ,\n\u3000", max_size=150)
        ),
        max_size=4,
    )
)
def test_whatever_is_said_becomes_captions_that_can_be_kept(rows: list[tuple[int, int, str]]) -> None:
    spoken, at = [], 0
    for pause, length, text in rows:
        spoken.append(Spoken(at + pause, at + pause + length, text))
        at += pause + length
    cues = to_cues(spoken, 0)
    assert [
        fault for fault in caption_rules.faults(cues) if fault.is_error or fault.code in {"overlap", "wide"}
    ] == []
    said, kept = (
        "".join("".join(texts).split()) for texts in ([s.text for s in spoken], [c.text for c in cues])
    )
    long_enough = all(length >= 200 for _pause, length, _text in rows)
    assert kept == said or not long_enough
