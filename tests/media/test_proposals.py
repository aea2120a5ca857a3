"""Captions found in a file: taken out once, proposed, accepted or discarded; the work behind it never gets lost."""

import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from media import caption_jobs, caption_tracks, captions, ffmpeg, ingest, leases, proposals, tasks
from media.errors import MediaError
from media.facts import Facts, Subtitle
from media.models import CaptionJob, Encode, Lecture, ProposedTrack, Track
from tests.factories.media import EncodeFactory, LectureFactory, TrackFactory
from tests.media.clips import render
from tests.media.conftest import LECTURES

pytestmark = pytest.mark.django_db

SRT = "1\n00:00:00,500 --> 00:00:01,500\n{}\n\n2\n00:00:01,500 --> 00:00:02,500\n第二行\n"
ASS = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize
Style: Default,Arial,20

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:00.50,0:00:01.50,Default,,0,0,0,,{\\i1}评审{\\i0}\\N准则
"""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of picture without sound."""
    return render(tmp_path_factory.mktemp("film") / "film.mp4", sound=None)


def with_tracks(film: Path, target: Path, *tracks: tuple[str, str, str, str]) -> Path:
    """Put caption files (name, text, codec, language) into a copy of a film."""
    command = [ffmpeg.binaries().ffmpeg, "-v", "error", "-nostdin", "-y", "-i", str(film)]
    for name, text, _codec, _language in tracks:
        path = target.with_name(name)
        path.write_text(text)
        command += ["-i", str(path)]
    command += ["-map", "0", "-c", "copy"]
    for number, (_name, _text, codec, language) in enumerate(tracks):
        command += ["-map", str(number + 1), f"-c:s:{number}", codec]
        command += [f"-metadata:s:s:{number}", f"language={language}"]
    subprocess.run([*command, str(target)], check=True, stdin=subprocess.DEVNULL, timeout=60)
    return target


def probed(path: Path, owner: Any) -> Encode:
    """Take a file in and go as far as its facts."""
    lecture = ingest.ingest_file(path=path, title="Film", owner=owner)
    job = leases.claim("test")
    assert job is not None
    tasks.perform(job)
    encode: Encode = lecture.encodes.get()
    assert encode.state == "probed", encode.detail
    return encode


def found(encode: Encode) -> list[tuple[str, str, list[str], str]]:
    rows = ProposedTrack.objects.filter(encode=encode).order_by("stream")
    return [(r.codec, r.language, [cue.text for cue in captions.read_vtt(r.vtt)], r.reason) for r in rows]


def test_every_kind_of_text_is_taken_out_of_a_film_with_its_times(
    film: Path, tmp_path: Path, owner: Any
) -> None:
    vtt = "WEBVTT\n\n00:00.500 --> 00:01.500\n<b>a</b> &amp; b\n"
    path = with_tracks(
        film,
        tmp_path / "many.mkv",
        ("a.srt", SRT.format("资质"), "subrip", "chi"),
        ("b.ass", ASS, "ass", "zho"),
        ("c.vtt", vtt, "webvtt", "eng"),
        ("d.srt", SRT.format("ほか"), "subrip", "tlh"),
    )
    encode = probed(path, owner)
    assert proposals.do_one("embedded") is True
    assert found(encode) == [
        ("subrip", "zh-Hans", ["资质", "第二行"], ""),
        ("ass", "zh-Hans", ["评审\n准则"], ""),
        ("webvtt", "en", ["a & b"], ""),
        ("subrip", "", ["ほか", "第二行"], ""),
    ]
    cues = captions.read_vtt(ProposedTrack.objects.order_by("stream")[0].vtt)
    assert [(cue.start_ms, cue.end_ms) for cue in cues] == [(500, 1500), (1500, 2500)]
    assert not Track.objects.exists()
    assert CaptionJob.objects.get().state == "done"
    assert proposals.do_one("embedded") is False


def test_the_text_of_an_mp4_is_taken_out_by_whoever_works(film: Path, tmp_path: Path, owner: Any) -> None:
    path = with_tracks(film, tmp_path / "one.mp4", ("a.srt", SRT.format("资质"), "mov_text", "eng"))
    encode = probed(path, owner)
    assert tasks.do_one() is True
    assert found(encode) == [("mov_text", "en", ["资质", "第二行"], "")]
    encode.refresh_from_db()
    assert encode.state == "probed"


def test_captions_that_are_pictures_are_named_and_refused_in_words(
    film: Path, tmp_path: Path, owner: Any, entered: Callable[..., Client]
) -> None:
    path = with_tracks(film, tmp_path / "dvd.mkv", ("a.srt", SRT.format("a"), "subrip", "eng"))
    encode = probed(path, owner)
    facts = Facts.from_json(encode.facts)
    pictures = (Subtitle(9, "hdmv_pgs_subtitle", "chi"), Subtitle(10, "eia_608", "eng"))
    encode.facts = Facts(**{**facts.__dict__, "subtitles": (*facts.subtitles, *pictures)}).to_json()
    encode.save()
    proposals.do_one("embedded")
    assert [row[3] for row in found(encode)] == ["", "pictures", "codec"]
    page = entered(owner).get(f"{LECTURES}{encode.lecture_id}/").content.decode()
    assert "Found in the video file: track 9 (hdmv_pgs_subtitle)" in page
    assert "These captions are pictures, not text." in page
    refused = ProposedTrack.objects.get(stream=9)
    with pytest.raises(ProposedTrack.DoesNotExist):
        proposals.accept(
            lecture=encode.lecture, proposal_id=refused.pk, language="ja", label="日本語", by=owner
        )


def test_a_track_that_is_not_there_spoils_no_other(film: Path, tmp_path: Path, owner: Any) -> None:
    path = with_tracks(film, tmp_path / "one.mkv", ("a.srt", SRT.format("a"), "subrip", "eng"))
    encode = probed(path, owner)
    facts = Facts.from_json(encode.facts)
    encode.facts = Facts(
        **{**facts.__dict__, "subtitles": (*facts.subtitles, Subtitle(7, "subrip"))}
    ).to_json()
    encode.save()
    proposals.do_one("embedded")
    assert [(texts, reason) for _c, _l, texts, reason in found(encode)] == [
        (["a", "第二行"], ""),
        ([], "unreadable"),
    ]


def test_a_film_without_captions_is_no_work(film: Path, owner: Any) -> None:
    probed(film, owner)
    assert not CaptionJob.objects.exists()


def test_the_same_recording_encoded_again_proposes_nothing_twice(
    film: Path, tmp_path: Path, owner: Any
) -> None:
    path = with_tracks(film, tmp_path / "one.mp4", ("a.srt", SRT.format("a"), "mov_text", "eng"))
    encode = probed(path, owner)
    proposals.do_one("embedded")
    proposals.discard(lecture=encode.lecture, proposal_id=ProposedTrack.objects.get().pk, by=owner)
    again = EncodeFactory(lecture=encode.lecture, source=encode.source)
    proposals.expect_embedded(encode_id=again.pk, facts=Facts.from_json(encode.facts))
    assert CaptionJob.objects.count() == 1
    other = EncodeFactory(lecture=encode.lecture)
    proposals.expect_embedded(encode_id=other.pk, facts=Facts.from_json(encode.facts))
    assert CaptionJob.objects.count() == 2


@pytest.mark.parametrize(
    ("told", "tag"),
    [("chi", "zh-Hans"), (" ZHO ", "zh-Hans"), ("zh-TW", "zh-Hant"), ("eng", "en"), ("und", ""), ("", "")],
)
def test_the_language_is_taken_only_where_it_is_known(told: str, tag: str) -> None:
    assert proposals.language_of(told) == tag


# --- the work


def expected(**more: Any) -> CaptionJob:
    encode = EncodeFactory(published=True)
    caption_jobs.expect(encode_id=encode.pk, kind="embedded")
    CaptionJob.objects.filter(encode=encode).update(**more)
    return CaptionJob.objects.get(encode=encode)


def test_work_is_noted_once_and_the_oldest_is_taken_first() -> None:
    first, second = expected(), expected()
    caption_jobs.expect(encode_id=first.encode_id, kind="embedded")
    taken = [caption_jobs.claim("embedded") for _ in range(3)]
    assert [claim.pk if claim else None for claim in taken] == [first.pk, second.pk, None]
    assert caption_jobs.claim("speech") is None


def test_speech_is_heard_one_recording_at_a_time_so_that_a_worker_stays_free() -> None:
    first, second = (EncodeFactory(published=True) for _ in range(2))
    for encode in (first, second):
        caption_jobs.expect(encode_id=encode.pk, kind="speech")
    taken = caption_jobs.claim("speech")
    assert taken is not None
    assert caption_jobs.claim("speech") is None
    # Captions in a file take seconds and wait for nobody.
    expected()
    assert caption_jobs.claim("embedded") is not None
    caption_jobs.finish(taken)
    following = caption_jobs.claim("speech")
    assert following is not None
    # Nor is anybody held up by a worker that died.
    CaptionJob.objects.filter(pk=following.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    assert caption_jobs.claim("speech") is not None


def test_what_a_dead_worker_left_is_taken_over_and_its_late_result_is_nothing() -> None:
    job = expected()
    dead = caption_jobs.claim("embedded")
    assert dead is not None
    CaptionJob.objects.filter(pk=job.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    alive = caption_jobs.claim("embedded")
    assert alive is not None
    assert alive.lease != dead.lease
    with pytest.raises(leases.LeaseLost):
        caption_jobs.finish(dead)
    caption_jobs.fail(dead, MediaError("internal"), for_good=True)
    caption_jobs.release(dead)
    job.refresh_from_db()
    assert (job.state, job.lease, job.attempts) == ("leased", alive.lease, 2)
    caption_jobs.finish(alive)
    job.refresh_from_db()
    assert (job.state, job.lease, job.attempts) == ("done", None, 0)


@pytest.mark.parametrize(
    ("attempts", "code", "for_good", "state"),
    [
        (0, "internal", False, "due"),
        (2, "internal", False, "due"),
        (3, "internal", False, "failed"),
        (0, "source_missing", True, "failed"),
        (8, "disk_full", False, "due"),
        (0, "disk_full", True, "due"),
    ],
)
def test_failures_are_tried_again_a_bounded_number_of_times(
    attempts: int, code: str, for_good: bool, state: str
) -> None:
    job = expected(attempts=attempts)
    claim = caption_jobs.claim("embedded")
    assert claim is not None
    caption_jobs.fail(claim, MediaError(code, "why"), for_good=for_good)
    job.refresh_from_db()
    assert (job.state, job.detail) == (state, "why")
    assert job.reason == (code if state == "failed" else "")
    assert job.due_at > timezone.now()
    assert caption_jobs.claim("embedded") is None


def test_work_that_kills_its_worker_does_not_go_round_for_ever() -> None:
    job = expected(attempts=leases.MAX_CLAIMS)
    assert caption_jobs.claim("embedded") is None
    job.refresh_from_db()
    assert (job.state, job.reason) == ("failed", "gave_up")


def test_a_missing_source_ends_the_work_and_the_page_says_so(
    owner: Any, entered: Callable[..., Client]
) -> None:
    encode = EncodeFactory(lecture__owner=owner, published=True)
    facts = {"container": "", "size": 1, "duration_ms": 1, "declared_ms": 1, "audio": [], "warnings": []}
    Encode.objects.filter(pk=encode.pk).update(
        facts={**facts, "subtitles": [{"index": 2, "codec": "subrip"}]}
    )
    caption_jobs.expect(encode_id=encode.pk, kind="embedded")
    page = f"{LECTURES}{encode.lecture_id}/"
    client = entered(owner)
    assert "are being taken out" in client.get(page).content.decode()
    assert proposals.do_one("embedded") is True
    assert CaptionJob.objects.get().reason == "source_missing"
    assert "no longer in the store" in client.get(page).content.decode()


# --- the decision


@pytest.fixture
def proposal(lecture: Lecture) -> ProposedTrack:
    """Two cues in Chinese."""
    vtt = captions.write_vtt([captions.Cue(0, 1000, "资质"), captions.Cue(1000, 2000, "认定")])
    return ProposedTrack.objects.create(
        encode=lecture.current,
        origin="embedded",
        stream=2,
        codec="subrip",
        language="zh-Hans",
        vtt=vtt,
        count=2,
    )


def decide(client: Client, proposal: ProposedTrack, **data: str) -> Any:
    url = f"{LECTURES}{proposal.encode.lecture_id}/captions/proposed/{proposal.pk}/"
    return client.post(url, data, follow=True)


def test_nobody_gets_a_proposal_before_it_is_accepted(
    lecture: Lecture, proposal: ProposedTrack, entered: Callable[..., Client]
) -> None:
    client = entered(lecture.owner)
    page = client.get(f"{LECTURES}{lecture.pk}/")
    assert "资质" in page.content.decode()
    assert page.context["grant"].captions == []
    response = decide(client, proposal, language="zh-Hans")
    assert "Accepted. Read the captions through" in response.content.decode()
    track = Track.objects.get()
    assert (track.language, track.timed_for_ms, track.revision) == ("zh-Hans", 180_000, 1)
    proposal.refresh_from_db()
    assert proposal.decided_by == lecture.owner
    assert list(proposals.open_proposals(lecture)) == []


def test_captions_that_are_there_are_never_replaced(
    lecture: Lecture, proposal: ProposedTrack, entered: Callable[..., Client]
) -> None:
    old = TrackFactory(lecture=lecture)
    client = entered(lecture.owner)
    page = client.get(f"{LECTURES}{lecture.pk}/").content.decode()
    assert "they are never replaced by themselves" in page
    assert '<option value="zh-Hans"' not in page.split("proposed_", 1)[1].split("</select>", 1)[0]
    said = decide(client, proposal, language="zh-Hans").content.decode()
    assert "There are captions in 中文（简体） already." in said
    assert Track.objects.get().vtt == old.vtt
    assert decide(client, proposal, language="en").status_code == 200
    assert sorted(Track.objects.values_list("language", flat=True)) == ["en", "zh-Hans"]


@pytest.mark.parametrize("language", ["", "xx", "<b>"])
def test_a_proposal_is_accepted_only_in_a_language(
    lecture: Lecture, proposal: ProposedTrack, entered: Callable[..., Client], language: str
) -> None:
    said = decide(entered(lecture.owner), proposal, language=language).content.decode()
    assert "Choose the language of these captions." in said
    assert not Track.objects.exists()


def test_what_was_discarded_is_not_shown_or_accepted_again(
    lecture: Lecture, proposal: ProposedTrack, entered: Callable[..., Client]
) -> None:
    client = entered(lecture.owner)
    assert "It is not shown again." in decide(client, proposal, discard="1").content.decode()
    assert "accepted or discarded before" in decide(client, proposal, language="en").content.decode()
    assert "资质" not in client.get(f"{LECTURES}{lecture.pk}/").content.decode()
    assert not Track.objects.exists()


def test_pressing_twice_accepts_once(lecture: Lecture, proposal: ProposedTrack) -> None:
    given = {"lecture": lecture, "proposal_id": proposal.pk, "label": "English", "by": lecture.owner}
    proposals.accept(language="en", **given)
    with pytest.raises(proposals.AlreadyDecided):
        proposals.accept(language="en", **given)
    caption_tracks.delete_captions(lecture=lecture, language="en")
    with pytest.raises(proposals.AlreadyDecided):
        proposals.accept(language="en", **given)


def test_what_was_found_in_a_former_recording_is_no_longer_proposed(
    lecture: Lecture, proposal: ProposedTrack
) -> None:
    EncodeFactory(lecture=lecture, source=proposal.encode.source)
    assert list(proposals.open_proposals(lecture)) == [proposal]
    EncodeFactory(lecture=lecture)
    assert list(proposals.open_proposals(lecture)) == []


def test_only_who_may_change_the_lecture_decides(
    lecture: Lecture, proposal: ProposedTrack, member: Callable[..., Any], entered: Callable[..., Client]
) -> None:
    download = f"{LECTURES}{lecture.pk}/captions/proposed/{proposal.pk}.vtt"
    for group, reads in (("Trainers", 404), ("Reviewers", 200)):
        client = entered(member(group))
        assert client.get(download).status_code == reads
        decide(client, proposal, language="en")
        decide(client, proposal, discard="1")
    own = LectureFactory(owner=member("Trainers"), published=True)
    url = f"{LECTURES}{own.pk}/captions/proposed/{proposal.pk}/"
    assert entered(own.owner).post(url, {"language": "en"}).status_code == 404
    proposal.refresh_from_db()
    assert (proposal.decided_at, Track.objects.exists()) == (None, False)
