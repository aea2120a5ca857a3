"""Captions saved as versions: nothing is lost, nobody writes over another unseen, the same is saved once."""

from typing import Any

import pytest

from media import caption_tracks, captions
from media.caption_formats import Cue
from media.models import Lecture, Track, TrackVersion
from tests.factories.media import EncodeFactory, LectureFactory, TrackFactory

pytestmark = pytest.mark.django_db

ONE = [Cue(0, 2000, "资质认定")]
TWO = [*ONE, Cue(2000, 4000, "评审准则")]
SRT = "1\n00:00:01,000 --> 00:00:04,000\n{}\n"


def save(lecture: Lecture, cues: list[Cue], revision: int, **more: Any) -> Track:
    given = {"language": "zh-Hans", "label": "中文", "by": lecture.owner, **more}
    return caption_tracks.save_cues(lecture=lecture, cues=cues, revision=revision, **given)


def upload(lecture: Lecture, words: str, **more: Any) -> Track:
    given = {"language": "zh-Hans", "label": "中文", "filename": "a.srt", "by": lecture.owner, **more}
    return caption_tracks.save_captions(lecture=lecture, data=SRT.format(words).encode(), **given)[0]


def history(lecture: Lecture, language: str = "zh-Hans") -> list[tuple[int, str, str]]:
    rows = TrackVersion.objects.filter(lecture=lecture, language=language).order_by("number")
    return [(row.number, row.origin, captions.read_vtt(row.vtt)[0].text) for row in rows]


def test_the_first_save_is_version_one_and_each_change_one_more(lecture: Lecture) -> None:
    track = save(lecture, ONE, 0)
    assert (track.revision, captions.read_vtt(track.vtt)[0].text) == (1, "资质认定")
    changed = save(lecture, [Cue(0, 2000, "认可")], 1)
    assert (changed.pk, changed.revision) == (track.pk, 2)
    assert history(lecture) == [(1, "edited", "资质认定"), (2, "edited", "认可")]
    version = TrackVersion.objects.get(number=2)
    assert (version.made_by, version.count, version.created_at) == (lecture.owner, 1, changed.updated_at)


def test_captions_from_before_become_a_version_when_they_are_first_replaced(lecture: Lecture) -> None:
    old = TrackFactory(lecture=lecture)
    save(lecture, TWO, 1)
    assert history(lecture) == [(1, "earlier", "资质认定"), (2, "edited", "资质认定")]
    kept = TrackVersion.objects.get(number=1)
    assert (kept.vtt, kept.count, kept.made_by, kept.created_at) == (old.vtt, 2, None, old.updated_at)


@pytest.mark.parametrize("revision", [0, 1, 3, 99])
def test_a_save_on_top_of_another_version_changes_nothing_and_tells_which_is_in_force(
    lecture: Lecture, revision: int
) -> None:
    save(lecture, ONE, 0)
    save(lecture, TWO, 1)
    with pytest.raises(caption_tracks.CaptionsMoved) as moved:
        save(lecture, [Cue(0, 1000, "late")], revision)
    assert moved.value.revision == 2
    assert [number for number, _origin, _text in history(lecture)] == [1, 2]
    assert Track.objects.get().revision == 2


def test_saving_the_same_again_is_saving_once_even_where_the_answer_was_lost(lecture: Lecture) -> None:
    first = save(lecture, ONE, 0)
    again = save(lecture, ONE, 0)
    assert (again.revision, again.updated_at) == (1, first.updated_at)
    assert len(history(lecture)) == 1


def test_captions_with_an_error_are_refused_by_their_place_and_nothing_changes(lecture: Lecture) -> None:
    save(lecture, ONE, 0)
    bad = [Cue(0, 2000, "a"), Cue(2000, 1000, "b"), Cue(3000, 4000, "")]
    with pytest.raises(caption_tracks.CaptionsRefused) as refused:
        save(lecture, bad, 1)
    assert [(fault.index, fault.code) for fault in refused.value.faults] == [(1, "backwards"), (2, "empty")]
    assert Track.objects.get().revision == 1


def test_what_is_only_doubtful_is_kept_and_put_in_order(lecture: Lecture) -> None:
    track = save(lecture, [Cue(9000, 9100, "长" * 60), Cue(0, 999_000, "whole")], 0)
    assert [cue.start_ms for cue in captions.read_vtt(track.vtt)] == [0, 9000]


def test_all_captions_may_be_taken_out_and_come_back_from_the_version(lecture: Lecture) -> None:
    save(lecture, ONE, 0)
    assert captions.read_vtt(save(lecture, [], 1).vtt) == []
    assert [v.count for v in TrackVersion.objects.order_by("number")] == [1, 0]


def test_an_upload_replaces_whatever_is_there_and_keeps_it(lecture: Lecture) -> None:
    save(lecture, ONE, 0)
    upload(lecture, "new")
    assert history(lecture) == [(1, "edited", "资质认定"), (2, "uploaded", "new")]
    assert TrackVersion.objects.get(number=2).filename == "a.srt"
    edited = save(lecture, TWO, 2)
    assert edited.filename == "a.srt"


def test_an_unreadable_upload_leaves_no_version(lecture: Lecture) -> None:
    with pytest.raises(captions.UnreadableCaptions):
        caption_tracks.save_captions(
            lecture=lecture, language="en", label="English", data=b"hello", filename="a.srt"
        )
    assert not TrackVersion.objects.exists()


def test_an_earlier_version_comes_back_as_a_new_one(lecture: Lecture) -> None:
    save(lecture, ONE, 0)
    upload(lecture, "wrong")
    track = caption_tracks.restore_version(
        lecture=lecture, language="zh-Hans", number=1, revision=2, by=lecture.owner
    )
    assert (track.revision, track.filename) == (3, "")
    assert history(lecture) == [
        (1, "edited", "资质认定"),
        (2, "uploaded", "wrong"),
        (3, "restored", "资质认定"),
    ]


def test_restoring_goes_by_the_revision_too(lecture: Lecture) -> None:
    save(lecture, ONE, 0)
    save(lecture, TWO, 1)
    for number, revision, error in ((1, 1, caption_tracks.CaptionsMoved), (9, 2, TrackVersion.DoesNotExist)):
        with pytest.raises(error):
            caption_tracks.restore_version(
                lecture=lecture, language="zh-Hans", number=number, revision=revision, by=None
            )
    assert Track.objects.get().revision == 2


def test_a_version_of_another_lecture_or_language_cannot_be_restored(lecture: Lecture) -> None:
    save(LectureFactory(owner=lecture.owner), ONE, 0)
    save(lecture, ONE, 0, language="en")
    with pytest.raises(TrackVersion.DoesNotExist):
        caption_tracks.restore_version(
            lecture=lecture, language="zh-Hans", number=1, revision=0, by=lecture.owner
        )


def test_deleted_captions_can_be_brought_back_and_numbers_go_on(lecture: Lecture) -> None:
    TrackFactory(lecture=lecture)
    for _ in range(2):
        caption_tracks.delete_captions(lecture=lecture, language="zh-Hans")
    assert not Track.objects.exists()
    assert [(number, origin) for number, origin, _text in history(lecture)] == [(1, "earlier")]
    with pytest.raises(caption_tracks.CaptionsMoved) as moved:
        save(lecture, TWO, 1)
    assert moved.value.revision == 0
    back = caption_tracks.restore_version(
        lecture=lecture, language="zh-Hans", number=1, revision=0, by=lecture.owner
    )
    assert (back.revision, len(captions.read_vtt(back.vtt))) == (2, 2)


def test_languages_have_versions_of_their_own(lecture: Lecture) -> None:
    save(lecture, ONE, 0)
    assert save(lecture, ONE, 0, language="en").revision == 1
    caption_tracks.delete_captions(lecture=lecture, language="en")
    assert Track.objects.get().language == "zh-Hans"


def test_times_are_those_of_the_video_that_was_played_until_someone_checks_them(lecture: Lecture) -> None:
    track = save(lecture, ONE, 0)
    assert track.timed_for_ms == 180_000
    lecture.current = EncodeFactory(lecture=lecture, published=True, duration_ms=200_000)
    lecture.save()
    assert save(lecture, TWO, 1).timed_for_ms == 180_000
    checked = save(lecture, TWO, 2, is_checked=True)
    assert (checked.timed_for_ms, checked.revision) == (200_000, 3)
    old = caption_tracks.restore_version(
        lecture=lecture, language="zh-Hans", number=1, revision=3, by=lecture.owner
    )
    assert old.timed_for_ms == 180_000
    assert upload(lecture, "new").timed_for_ms == 200_000


def test_a_track_is_begun_only_where_there_is_none(lecture: Lecture) -> None:
    given: dict[str, Any] = {
        "label": "English",
        "cues": ONE,
        "origin": "embedded",
        "by": None,
        "timed_for_ms": 5,
    }
    begun = caption_tracks.begin_track(lecture=lecture, language="en", **given)
    assert (begun.timed_for_ms, history(lecture, "en")) == (5, [(1, "embedded", "资质认定")])
    with pytest.raises(caption_tracks.LanguageTaken):
        caption_tracks.begin_track(lecture=lecture, language="en", **given)


def test_words_come_back_as_they_were_written(lecture: Lecture) -> None:
    words = ["C:\\News\\notes", "{\\alpha} a < b & c > d", "<T> &lt; --> x", "NOTE 1", "1", "a\nb"]
    track = save(lecture, [Cue(n * 1000, n * 1000 + 999, text) for n, text in enumerate(words)], 0)
    assert [cue.text for cue in captions.read_vtt(track.vtt)] == words
