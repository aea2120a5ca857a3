"""What operators see: who works on what, in which order it goes, what failed and how much room is left."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from media import board_work, caption_jobs, errors, ingest, leases, queries, slides, worker
from media.models import CaptionJob, Chunk, Encode, Upload
from tests.factories.media import ChunkFactory, EncodeFactory, SlideScanFactory, UploadFactory
from tests.media.conftest import LECTURES

pytestmark = pytest.mark.django_db

RUNNING = f"{LECTURES}running/"


@pytest.fixture
def client(member: Callable[..., Any], entered: Callable[..., Client]) -> Client:
    return entered(member("Operators"))


def board() -> queries.Board:
    now = timezone.now()
    return queries.board(now, since=now - timedelta(days=7))


@pytest.mark.parametrize("group", ["Trainers", "Reviewers"])
@pytest.mark.parametrize("part", ["", "?part=1"])
def test_only_operators_see_it(
    group: str, part: str, member: Callable[..., Any], entered: Callable[..., Client]
) -> None:
    ChunkFactory(state="leased", worker="encoder-7")
    response = entered(member(group)).get(RUNNING + part)
    assert response.status_code in {302, 403}
    assert b"encoder-7" not in response.content


def test_work_goes_by_priority_and_then_by_age() -> None:
    now = timezone.now()
    late = EncodeFactory(state="transcoding", created_at=now)
    early = EncodeFactory(state="received", created_at=now - timedelta(hours=1))
    urgent = EncodeFactory(state="probed", created_at=now, priority=5)
    assert board().under_way == [urgent, early, late]


def test_what_has_ended_is_not_under_way() -> None:
    EncodeFactory(published=True)
    EncodeFactory(failed=True)
    assert board().under_way == []


def test_pieces_are_counted_by_where_they_stand() -> None:
    encode = EncodeFactory(state="transcoding")
    for state in ("due", "due", "leased", "done", "failed"):
        ChunkFactory(encode=encode, state=state, worker="w-1" if state == "leased" else "")
    found = board()
    assert (found.waiting, [chunk.worker for chunk in found.running]) == (2, ["w-1"])


def test_work_is_listed_by_worker_and_place() -> None:
    one, other = EncodeFactory(state="transcoding"), EncodeFactory(state="transcoding")
    for encode, who in ((one, "b"), (other, "a"), (other, "a")):
        ChunkFactory(encode=encode, state="leased", worker=who)
    assert [(chunk.worker, chunk.index) for chunk in board().running] == [("a", 0), ("a", 1), ("b", 0)]


@pytest.mark.parametrize(("days", "shown"), [(0, True), (6, True), (8, False)])
def test_failures_of_the_last_seven_days_are_listed(days: int, shown: bool) -> None:
    EncodeFactory(failed=True, created_at=timezone.now() - timedelta(days=days))
    assert bool(board().failed) == shown


def test_uploads_that_are_coming_are_listed_the_latest_first() -> None:
    now = timezone.now()
    quiet = UploadFactory(updated_at=now - timedelta(hours=3))
    busy = UploadFactory(updated_at=now)
    UploadFactory(expires_at=now - timedelta(minutes=1))
    UploadFactory(state=Upload.State.FINISHED)
    assert board().receiving == [busy, quiet]


def test_no_list_grows_without_bound() -> None:
    encode = EncodeFactory(state="transcoding")
    Chunk.objects.bulk_create(
        [Chunk(encode=encode, kind="video", index=n, state="leased") for n in range(120)]
    )
    assert len(board().running) == 100


def test_the_page_names_lecture_piece_attempt_and_times(client: Client) -> None:
    encode = EncodeFactory(state="transcoding", planned_ms=240_000, lecture__title="Sampling <1>", priority=3)
    until = timezone.now() + timedelta(seconds=30)
    ChunkFactory(
        encode=encode, state="leased", worker="encoder-7", attempts=2, done_ms=45_000, leased_until=until
    )
    ChunkFactory(encode=encode, state="done", done_ms=60_000)
    html = client.get(RUNNING).content.decode()
    assert "Sampling &lt;1&gt;" in html
    assert "Sampling <1>" not in html
    cells = [
        re.sub(r"<[^>]+>", "", cell)
        for cell in re.findall(r"<td[^>]*>(.*?)</td>", html.partition('id="h-running"')[2])
    ]
    assert cells[0] == "encoder-7"
    assert cells[3:5] == ["0:45", "2"]
    assert "1:45" in cells
    assert "4:00" in cells
    assert f"/admin/lectures/{encode.lecture_id}/" in html


def test_an_empty_house_says_so_in_every_section(client: Client) -> None:
    html = client.get(RUNNING).content.decode()
    for said in (
        "Nothing is being worked on.",
        "No lecture is under way.",
        "Nothing is being uploaded.",
        "Nothing failed.",
    ):
        assert said in html


def test_details_of_a_failure_are_for_operators_and_are_cut(
    client: Client, owner: Any, entered: Callable[..., Client]
) -> None:
    encode = EncodeFactory(
        lecture__owner=owner, failed=True, reason="ffmpeg_failed", detail="<b>/srv/x</b>" + "y" * 900
    )
    html = client.get(RUNNING).content.decode()
    assert "ffmpeg_failed" in html
    assert "&lt;b&gt;/srv/x" in html
    assert "y" * 301 not in html
    own = entered(owner).get(f"{LECTURES}{encode.lecture_id}/").content.decode()
    assert "/srv/x" not in own


def test_the_moving_part_is_the_part_of_the_page(client: Client) -> None:
    EncodeFactory(state="transcoding", lecture__title="Sampling")
    part = client.get(f"{RUNNING}?part=1").content.decode()
    assert "<html" not in part
    assert "Sampling" in part
    page = client.get(RUNNING).content.decode()
    assert f'data-part="{RUNNING}?part=1"' in page
    assert re.sub(r"\d\d:\d\d:\d\d|\s+", "", part) in re.sub(r"\d\d:\d\d:\d\d|\s+", "", page)


def test_the_board_costs_the_same_with_one_and_three_of_everything(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    counts = []
    for number in range(3):
        encode = EncodeFactory(state="transcoding")
        ChunkFactory(encode=encode, state="leased", worker=f"w{number}")
        EncodeFactory(failed=True)
        UploadFactory()
        later = timezone.now() + timedelta(seconds=30)
        for row in ({"state": "leased", "leased_until": later}, {"detail": "storage", "due_at": later}):
            EncodeFactory(**{**row, "state": "packaging"})
            CaptionJob.objects.create(encode=EncodeFactory(published=True), kind="speech", **row)
            SlideScanFactory(**row)
        client.get(f"{RUNNING}?part=1")
        with django_assert_max_num_queries(20) as seen:
            client.get(f"{RUNNING}?part=1")
        counts.append(len(seen))
    assert counts[0] == counts[2]


def test_a_lecture_in_the_bin_is_still_worked_on_and_shown(client: Client) -> None:
    encode: Encode = EncodeFactory(
        state="transcoding", lecture__title="Thrown away", lecture__trashed_at=timezone.now()
    )
    assert board().under_way == [encode]
    assert b"Thrown away" in client.get(RUNNING).content


# --- all kinds of work


def test_everything_that_a_worker_holds_is_listed_not_only_pieces_of_encodes(client: Client) -> None:
    now = timezone.now()
    held = {"leased_until": now + timedelta(seconds=30), "worker": "encoder-7"}
    EncodeFactory(state="received", lecture__title="Weighing", **held)
    EncodeFactory(state="packaging", lecture__title="Dead", leased_until=now - timedelta(seconds=1))
    spoken = EncodeFactory(published=True, lecture__title="Spoken")
    CaptionJob.objects.create(encode=spoken, kind="speech", state="leased", done_ms=61_000, **held)
    drawn = EncodeFactory(published=True, lecture__title="Drawn")
    SlideScanFactory(encode=drawn, state="leased", is_found=True, **held)
    html = client.get(RUNNING).content.decode()
    rows = re.findall("<tr>(.*?)</tr>", html.partition('id="h-running"')[2].partition("</section>")[0])[1:]
    said = [[re.sub("<[^>]+>", "", cell) for cell in re.findall("<td[^>]*>(.*?)</td>", row)] for row in rows]
    assert {row[0] for row in said} == {"encoder-7"}
    assert [(row[1], row[2], row[3]) for row in said] == [
        ("Weighing", "checking the file", "—"),
        ("Spoken", "recognising speech", "1:01"),
        ("Drawn", "reading slides", "—"),
    ]
    assert "<dd>3</dd>" in html.partition("Pieces under way")[2][:40]


def test_whoever_takes_a_piece_of_work_of_any_kind_is_named() -> None:
    step = EncodeFactory(state="received")
    assert leases.claim("encoder-7") is not None
    job = CaptionJob.objects.create(encode=EncodeFactory(published=True), kind="embedded")
    assert caption_jobs.claim("embedded") is not None
    scan = SlideScanFactory()
    assert slides.take() is not None
    for row in (step, job, scan):
        row.refresh_from_db()
    assert step.worker == "encoder-7"
    assert job.worker == scan.worker == worker.name()
    assert {line.worker for line in board_work.running([], timezone.now())} == {"encoder-7", worker.name()}


def test_what_could_not_go_on_is_listed_with_its_reason_until_its_time_comes(client: Client) -> None:
    now = timezone.now()
    late = {"detail": "12 bytes free, 900 needed", "due_at": now + timedelta(seconds=25)}
    held = {"encode__state": "transcoding", "held_reason": "disk_full"}
    chunk = ChunkFactory(encode__lecture__title="Full disk", **held, **late)
    CaptionJob.objects.create(encode=EncodeFactory(published=True), kind="embedded", **late)
    SlideScanFactory(encode=EncodeFactory(published=True, lecture__title="No store"), **late)
    EncodeFactory(state="packaging", lecture__title="Its time has come", detail="x", due_at=now)
    html = client.get(RUNNING).content.decode().partition('id="h-held"')[2].partition("</section>")[0]
    assert html.count("12 bytes free, 900 needed") == 3
    assert html.count(str(errors.reason_of("disk_full").reason)) == 1, "in words, where they are known"
    assert "Full disk" in html
    assert "looking for slides" in html
    assert "Its time has come" not in html
    Chunk.objects.filter(pk=chunk.pk).update(state="leased", leased_until=now + timedelta(seconds=30))
    assert (
        "Full disk"
        not in client.get(RUNNING).content.decode().partition('id="h-held"')[2].partition("</section>")[0]
    )


def test_an_operator_tries_a_failed_one_again_from_the_board(client: Client) -> None:
    encode = EncodeFactory(failed=True, reason="gave_up")
    html = client.get(RUNNING).content.decode()
    assert "It was tried several times and never came to an end." in html
    url = f"{LECTURES}{encode.lecture_id}/retry/"
    assert f'formaction="{url}"' in html
    assert client.post(url, {"from": "board"}).url == RUNNING
    encode.refresh_from_db()
    assert encode.state == "received"
    # One that a newer recording has replaced is past trying.
    EncodeFactory(lecture=EncodeFactory(failed=True).lecture, number=7, published=True)
    assert 'formaction="/admin/lectures/' not in client.get(RUNNING).content.decode().partition("h-failed")[2]


# --- the order of the work


def turn(client: Client, encode: Encode, first: str = "yes") -> Any:
    return client.post(f"{LECTURES}{encode.lecture_id}/priority/", {"first": first}, follow=True)


def test_an_operator_lets_a_lecture_go_first_and_back_to_its_turn(client: Client) -> None:
    now = timezone.now()
    early = EncodeFactory(state="transcoding", created_at=now - timedelta(hours=1))
    urgent = EncodeFactory(state="received", created_at=now, lecture__title="Tomorrow <b>")
    part = client.get(f"{RUNNING}?part=1").content.decode()
    assert f'formaction="{LECTURES}{urgent.lecture_id}/priority/"' in part
    response = turn(client, urgent)
    assert "“Tomorrow &lt;b&gt;” goes before all others now." in response.content.decode()
    assert response.redirect_chain == [(RUNNING, 302)]
    assert board().under_way == [urgent, early]
    job = leases.claim("here:1")
    assert job is not None
    assert job.encode_id == urgent.pk
    assert response.content.decode().count("Back to its turn") == 1
    assert "waits for its turn again" in turn(client, urgent, "no").content.decode()
    assert board().under_way == [early, urgent]


def test_asking_twice_changes_nothing_more(client: Client) -> None:
    encode = EncodeFactory(state="received")
    for _ in range(2):
        turn(client, encode)
    encode.refresh_from_db()
    assert encode.priority == ingest.FIRST


@pytest.mark.parametrize("ended", [{"published": True}, {"failed": True}])
def test_what_has_ended_has_no_turn(client: Client, ended: dict[str, bool]) -> None:
    encode = EncodeFactory(**ended, lecture__title="Sampling")
    assert "There is nothing under way for “Sampling”." in turn(client, encode).content.decode()
    encode.refresh_from_db()
    assert encode.priority == 0


def test_the_newest_encode_of_a_replaced_video_is_the_one_that_moves_up(client: Client) -> None:
    old = EncodeFactory(published=True)
    new = EncodeFactory(lecture=old.lecture, number=2, state="probed")
    turn(client, new)
    assert list(Encode.objects.order_by("number").values_list("priority", flat=True)) == [0, ingest.FIRST]


@pytest.mark.parametrize("group", ["Trainers", "Reviewers"])
def test_nobody_else_changes_the_order(
    group: str, member: Callable[..., Any], entered: Callable[..., Client]
) -> None:
    person = member(group)
    encode = EncodeFactory(state="transcoding", lecture__owner=person)
    response = entered(person).post(f"{LECTURES}{encode.lecture_id}/priority/", {"first": "yes"})
    assert response.status_code in {302, 403}
    assert response.headers.get("Location") != RUNNING
    encode.refresh_from_db()
    assert encode.priority == 0


def test_the_order_is_changed_by_sending_a_form_with_its_token(
    member: Callable[..., Any], client: Client
) -> None:
    encode = EncodeFactory(state="transcoding")
    address = f"{LECTURES}{encode.lecture_id}/priority/"
    assert client.get(address).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(member("Operators"))
    assert strict.post(address, {"first": "yes"}).status_code == 403
    assert client.post(f"{LECTURES}999999/priority/", {"first": "yes"}).status_code == 404
    encode.refresh_from_db()
    assert encode.priority == 0
