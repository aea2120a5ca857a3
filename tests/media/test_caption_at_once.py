"""Two who save the same captions at the same moment, and two workers who take the same work."""

import pytest

from media import caption_jobs, caption_tracks
from media.caption_formats import Cue
from media.models import CaptionJob, Lecture, TrackVersion
from tests.factories.media import EncodeFactory
from tests.threads import in_threads

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_who_save_at_once_one_is_told(lecture: Lecture) -> None:
    given = {"lecture": lecture, "language": "zh-Hans", "label": "中文", "by": lecture.owner}
    caption_tracks.save_cues(cues=[Cue(0, 1000, "first")], revision=0, **given)
    saved: list[int] = []

    def write(number: int) -> None:
        track = caption_tracks.save_cues(cues=[Cue(0, 1000, f"by {number}")], revision=1, **given)
        saved.append(track.revision)

    failed = in_threads(2, write)
    assert saved == [2]
    assert [type(error) for error in failed] == [caption_tracks.CaptionsMoved]
    assert TrackVersion.objects.count() == 2


def test_a_piece_of_work_is_taken_by_one_worker() -> None:
    caption_jobs.expect(encode_id=EncodeFactory(published=True).pk, kind="embedded")
    claims: list[caption_jobs.Claim | None] = []
    assert in_threads(4, lambda _n: claims.append(caption_jobs.claim("embedded"))) == []
    assert len([claim for claim in claims if claim]) == 1
    assert CaptionJob.objects.get().attempts == 1
