"""tus 1.0.0 to the letter: what each extension promises, and every status with its headers."""

import base64
import hashlib
import uuid
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from classroom.people.services.tokens import issue_token
from media import spool, upload_sweep
from media.models import Lecture, Source, Upload
from tests.factories.media import EncodeFactory, LectureFactory, SourceFactory
from tests.media.buckets import unreachable
from tests.media.transfers import DIGEST, URL, VIDEO, Tus, metadata, problem, spooled, trainer

pytestmark = pytest.mark.django_db

HALF = len(VIDEO) // 2


def checksum(data: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"


def part(tus: Tus, data: bytes) -> str:
    made = tus.call("POST", URL, data, Upload_Length=str(len(data)), Upload_Concat="partial")
    assert made.status_code == 201
    return str(made["Location"])


def final(tus: Tus, *urls: str, **headers: str) -> Any:
    headers = {"Upload_Metadata": metadata(filename="lecture.mp4"), **headers}
    return tus.call("POST", Upload_Concat="final;" + " ".join(urls), **headers)


def whole(tus: Tus) -> str:
    """An upload that has become a lecture."""
    url = tus.create()["Location"]
    assert tus.patch(url, VIDEO).status_code == 204
    return str(url)


# --- core


def test_a_wrong_version_is_refused_before_anything_else(tus: Tus) -> None:
    url = tus.create()["Location"]
    for method in ("POST", "HEAD", "PATCH", "DELETE"):
        where = URL if method == "POST" else url
        answer = tus.call(method, where, VIDEO, Tus_Resumable="0.9.9", Upload_Offset="0", Upload_Length="9")
        assert (answer.status_code, answer["Tus-Version"]) == (412, "1.0.0")
    assert Upload.objects.get().state == Upload.State.RECEIVING
    assert spool.synced_size(Upload.objects.get().pk) == 0


def test_the_offset_only_moves_with_the_bytes(tus: Tus) -> None:
    url = tus.create()["Location"]
    for at, data in ((0, VIDEO[:10]), (10, b""), (10, VIDEO[10:25]), (25, b"")):
        answer = tus.patch(url, data, at)
        assert (answer.status_code, answer["Upload-Offset"]) == (204, str(at + len(data)))
        assert tus.call("HEAD", url)["Upload-Offset"] == answer["Upload-Offset"]


def test_an_answer_to_head_is_never_kept_by_a_proxy_and_has_no_body(tus: Tus) -> None:
    answer = tus.call("HEAD", tus.create()["Location"])
    assert answer["Cache-Control"] == "no-store"
    assert answer.content == b""


def test_what_is_complete_takes_not_one_byte_more(tus: Tus) -> None:
    url = whole(tus)
    assert tus.patch(url, b"", len(VIDEO)).status_code == 204
    assert problem(tus.patch(url, b"x", len(VIDEO))) == "too_large"
    late = tus.patch(url, VIDEO[5:], 5)
    assert (problem(late), late["Upload-Offset"]) == ("wrong_offset", str(len(VIDEO)))
    assert Lecture.objects.count() == 1


def test_the_offset_can_be_asked_for_while_another_request_writes(tus: Tus) -> None:
    url = tus.create()["Location"]
    tus.patch(url, VIDEO[:100])
    with spool.locked(Upload.objects.get().pk):
        assert tus.call("HEAD", url)["Upload-Offset"] == "100"
        busy = tus.patch(url, VIDEO[100:], 100)
    assert (busy.status_code, problem(busy)) == (423, "locked")


@pytest.mark.parametrize("kind", ["", "application/octet-stream", "multipart/form-data", "video/mp4"])
def test_a_body_of_another_type_is_415(tus: Tus, kind: str) -> None:
    url = tus.create()["Location"]
    answer = tus.call("PATCH", url, VIDEO, kind=kind, Upload_Offset="0")
    assert (answer.status_code, problem(answer)) == (415, "wrong_content_type")
    assert tus.call("HEAD", url)["Upload-Offset"] == "0"


@pytest.mark.parametrize("method", ["HEAD", "DELETE"])
def test_a_method_meant_behind_an_old_proxy(tus: Tus, method: str) -> None:
    url = tus.create()["Location"]
    direct = {"HEAD": 200, "DELETE": 204}[method]
    assert tus.call("POST", url, X_HTTP_Method_Override=method).status_code == direct
    state = {"HEAD": "receiving", "DELETE": "terminated"}[method]
    assert Upload.objects.get().state == state


@pytest.mark.parametrize("meant", ["PUT", "GET", "TRACE", "../DELETE"])
def test_only_methods_of_the_protocol_can_be_meant(tus: Tus, meant: str) -> None:
    url = tus.create()["Location"]
    assert tus.call("POST", url, X_HTTP_Method_Override=meant).status_code == 405
    assert tus.client.get(url, headers={"X-HTTP-Method-Override": "DELETE"}).status_code in {405, 412}
    assert Upload.objects.get().state == Upload.State.RECEIVING


# --- creation


def test_a_length_that_is_told_later_is_not_announced_and_refused(tus: Tus) -> None:
    answer = tus.call("POST", Upload_Defer_Length="1", Upload_Metadata=metadata(filename="a.mp4"))
    assert (answer.status_code, problem(answer)) == (400, "bad_request")
    assert "creation-defer-length" not in tus.client.options(URL)["Tus-Extension"]


@pytest.mark.parametrize(("length", "status"), [(1, 201), (5000, 201), (5001, 413), (0, 400)])
def test_the_length_has_its_bounds(tus: Tus, settings: Any, length: int, status: int) -> None:
    settings.MAX_UPLOAD_BYTES = 5000
    assert tus.create(length).status_code == status


def test_metadata_comes_back_as_it_was_sent(tus: Tus) -> None:
    sent = "filename " + base64.b64encode("第1讲 主体责任.mp4".encode()).decode() + ",is_confidential"
    url = tus.create(Upload_Metadata=sent)["Location"]
    assert tus.call("HEAD", url)["Upload-Metadata"] == sent


def test_no_metadata_is_none(tus: Tus) -> None:
    url = tus.create(Upload_Metadata="")["Location"]
    assert "Upload-Metadata" not in tus.call("HEAD", url)
    tus.patch(url, VIDEO)
    assert Lecture.objects.get().title  # the moment of the upload


@pytest.mark.parametrize(
    ("data", "headers", "code"),
    [
        (b"%PDF-1.7" + VIDEO[8:], {}, "wrong_kind"),
        (VIDEO, {"Upload_Checksum": checksum(b"other")}, "checksum_mismatch"),
        (VIDEO, {"Upload_Metadata": metadata(filename="a.mp4", sha256="0" * 64)}, "checksum_mismatch"),
    ],
    ids=["a document", "a damaged body", "another file"],
)
def test_a_creation_whose_bytes_are_refused_leaves_nothing_behind(
    tus: Tus, data: bytes, headers: dict[str, str], code: str
) -> None:
    headers = {"Upload_Metadata": metadata(filename="a.mp4"), **headers}
    answer = tus.call("POST", URL, data, Upload_Length=str(len(VIDEO)), **headers)
    assert problem(answer) == code
    assert "Location" not in answer
    assert not Upload.objects.filter(state=Upload.State.RECEIVING).exists()
    assert spooled() == []


def test_a_creation_with_more_bytes_than_announced_makes_no_upload(tus: Tus) -> None:
    assert tus.call("POST", URL, VIDEO, Upload_Length="10").status_code == 400
    assert not Upload.objects.exists()


def test_a_creation_with_a_checked_body(tus: Tus) -> None:
    answer = tus.call(
        "POST", URL, VIDEO[:HALF], Upload_Length=str(len(VIDEO)), Upload_Checksum=checksum(VIDEO[:HALF])
    )
    assert (answer.status_code, answer["Upload-Offset"]) == (201, str(HALF))


def test_a_quota_that_is_used_up_is_413_and_says_what_to_do(tus: Tus, settings: Any) -> None:
    settings.TENANT_QUOTA_BYTES = 1000
    tenant = f"person:{tus.user.pk}"
    EncodeFactory(lecture=LectureFactory(owner=tus.user, tenant=tenant), source=SourceFactory(size=900))
    answer = tus.create(101, Accept_Language="en")
    assert (answer.status_code, problem(answer)) == (413, "over_quota")
    assert "ask the operator" in answer.json()["detail"]
    assert tus.create(100).status_code == 201


# --- expiration


def test_the_date_of_expiry_is_one_and_moves_with_every_piece(tus: Tus, settings: Any) -> None:
    settings.UPLOAD_LIFETIME_DAYS = 3
    made = tus.create()
    assert parsedate_to_datetime(made["Upload-Expires"]) - timezone.now() > timedelta(days=2, hours=23)
    url = made["Location"]
    Upload.objects.update(expires_at=timezone.now() + timedelta(minutes=5))
    soon = parsedate_to_datetime(tus.call("HEAD", url)["Upload-Expires"])
    assert soon - timezone.now() < timedelta(minutes=6)
    later = parsedate_to_datetime(tus.patch(url, VIDEO[:10])["Upload-Expires"])
    assert later - soon > timedelta(days=2)


def test_a_lecture_does_not_expire(tus: Tus) -> None:
    url = whole(tus)
    Upload.objects.update(expires_at=timezone.now() - timedelta(days=9))
    upload_sweep.sweep_expired(timezone.now())
    answer = tus.call("HEAD", url)
    assert answer.status_code == 200
    assert "Upload-Expires" not in answer
    assert answer["Lecture-Id"] == str(Lecture.objects.get().pk)


def test_what_expired_is_gone_before_and_after_the_sweep(tus: Tus) -> None:
    url, piece = tus.create()["Location"], part(tus, VIDEO)
    Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert tus.call("DELETE", url).status_code == 410
    upload_sweep.sweep_expired(timezone.now())
    for method in ("HEAD", "PATCH", "DELETE"):
        for address in (url, piece):
            assert tus.call(method, address, Upload_Offset="0").status_code == 410
    assert final(tus, piece).status_code == 410


# --- termination


def test_a_cancelled_part_cannot_be_put_together(tus: Tus) -> None:
    first, second = part(tus, VIDEO[:HALF]), part(tus, VIDEO[HALF:])
    assert tus.call("DELETE", first).status_code == 204
    assert final(tus, first, second).status_code == 410
    assert tus.call("HEAD", second)["Upload-Offset"] == str(len(VIDEO) - HALF)


def test_cancelling_twice_is_gone_and_harms_nothing(tus: Tus) -> None:
    url, other = tus.create()["Location"], tus.create()["Location"]
    assert tus.call("DELETE", url).status_code == 204
    assert tus.call("DELETE", url).status_code == 410
    assert tus.call("HEAD", other).status_code == 200


def test_cancelling_a_lecture_says_where_it_is_deleted(tus: Tus) -> None:
    answer = tus.call("DELETE", whole(tus), Accept_Language="en")
    assert (answer.status_code, problem(answer)) == (403, "complete")
    assert "Open the lecture" in answer.json()["detail"]


# --- checksum


@pytest.mark.parametrize(
    "header", ["SHA1 AAAA", "sha1  AAAA", "sha1 AAAA extra", " ", "sha1=AAAA", "sha256 " + "A" * 100]
)
def test_a_checksum_that_is_none_keeps_no_byte(tus: Tus, header: str) -> None:
    url = tus.create()["Location"]
    answer = tus.patch(url, VIDEO[:50], Upload_Checksum=header)
    assert answer.status_code in {400, 460}
    assert tus.call("HEAD", url)["Upload-Offset"] == "0"


def test_a_piece_that_was_damaged_is_sent_again_from_where_it_began(tus: Tus) -> None:
    url = tus.create()["Location"]
    tus.patch(url, VIDEO[:100], Upload_Checksum=checksum(VIDEO[:100]))
    bad = tus.patch(url, b"?" + VIDEO[101:200], 100, Upload_Checksum=checksum(VIDEO[100:200]))
    assert bad.status_code == 460
    assert tus.call("HEAD", url)["Upload-Offset"] == "100"
    tus.patch(url, VIDEO[100:], 100, Upload_Checksum=checksum(VIDEO[100:], "md5"))
    assert Source.objects.get().digest == DIGEST


# --- concatenation


def test_addresses_of_parts_may_be_absolute_or_relative(tus: Tus) -> None:
    first, second = part(tus, VIDEO[:HALF]), part(tus, VIDEO[HALF:])
    answer = final(tus, first, second.removeprefix("http://testserver").rstrip("/"))
    assert answer.status_code == 201
    assert Source.objects.get().digest == DIGEST


def test_putting_together_may_be_asked_for_again(tus: Tus) -> None:
    urls = part(tus, VIDEO[:HALF]), part(tus, VIDEO[HALF:])
    first, again = final(tus, *urls), final(tus, *urls)
    assert (again.status_code, again["Location"]) == (201, first["Location"])
    assert again["Lecture-Id"] == first["Lecture-Id"]
    assert Lecture.objects.count() == 1


def test_a_whole_that_waits_for_the_store_has_no_offset_yet(tus: Tus, settings: Any) -> None:
    urls = part(tus, VIDEO[:HALF]), part(tus, VIDEO[HALF:])
    with unreachable(settings):
        made = final(tus, *urls)
    assert made.status_code == 201
    asked = tus.call("HEAD", made["Location"])
    assert "Upload-Offset" not in asked
    assert asked["Upload-Length"] == str(len(VIDEO))
    upload_sweep.sweep_expired(timezone.now() + timedelta(minutes=2))
    assert tus.call("HEAD", made["Location"])["Upload-Offset"] == str(len(VIDEO))


def test_a_part_that_was_used_is_gone(tus: Tus) -> None:
    piece = part(tus, VIDEO)
    final(tus, piece)
    assert tus.call("HEAD", piece).status_code == 410


def test_unknown_parts_and_those_of_others_are_answered_alike(tus: Tus) -> None:
    foreign = part(Tus(Client(), trainer()), VIDEO)
    unknown = f"{URL}{uuid.uuid4()}/"
    answers = [final(tus, url) for url in (foreign, unknown)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json()["detail"] == answers[1].json()["detail"]


@pytest.mark.parametrize(("count", "status"), [(64, 404), (65, 400)])
def test_parts_are_many_but_not_without_end(tus: Tus, count: int, status: int) -> None:
    assert final(tus, *(f"{URL}{uuid.uuid4()}/" for _ in range(count))).status_code == status


def test_parts_that_are_too_few_bytes_are_not_put_together(tus: Tus) -> None:
    made = tus.call("POST", URL, VIDEO[:9], Upload_Length="10", Upload_Concat="partial")
    assert final(tus, made["Location"]).status_code == 400
    assert tus.patch(made["Location"], VIDEO[9:10], 9).status_code == 204


def test_what_parts_become_must_be_a_recording_by_its_name(tus: Tus) -> None:
    piece = part(tus, VIDEO)
    answer = final(tus, piece, Upload_Metadata=metadata(filename="notes.docx"))
    assert (answer.status_code, problem(answer)) == (415, "wrong_kind")
    assert final(tus, piece).status_code == 201


def test_queries_do_not_grow_with_the_parts(tus: Tus) -> None:
    asked = []
    for count in (1, 3):
        data = VIDEO + bytes(count)
        size = -(-len(data) // count)
        urls = [part(tus, data[at : at + size]) for at in range(0, len(data), size)]
        with CaptureQueriesContext(connection) as queries:
            assert final(tus, *urls).status_code == 201
        asked.append(len(queries))
    assert asked[0] == asked[1]


# --- people


def test_who_is_no_trainer_any_more_sends_nothing_more(tus: Tus) -> None:
    url = tus.create()["Location"]
    tus.user.user_permissions.clear()
    refused = tus.patch(url, VIDEO)
    assert (refused.status_code, problem(refused)) == (403, "not_allowed")
    assert tus.call("HEAD", url)["Upload-Offset"] == "0"
    assert tus.call("DELETE", url).status_code == 204


def test_a_token_needs_no_csrf_header() -> None:
    _row, token = issue_token(user=trainer(), label="test", days=1)
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "5", "Authorization": f"Bearer {token}"}
    made = Client(enforce_csrf_checks=True).generic("POST", URL, headers=headers)
    assert made.status_code == 201


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_every_write_of_a_session_needs_the_csrf_header(method: str) -> None:
    strict = Tus(Client(enforce_csrf_checks=True), trainer())
    strict.client.cookies["csrftoken"] = "a" * 32
    url = strict.create(X_CSRFToken="a" * 32)["Location"]
    for override in ("", method):
        sent = "POST" if override else method
        refused = strict.call(sent, url, VIDEO, Upload_Offset="0", X_HTTP_Method_Override=override)
        assert refused.status_code == 403
    assert strict.call("HEAD", url)["Upload-Offset"] == "0"


@pytest.mark.parametrize(("language", "word"), [("en", "The file is empty"), ("zh-hans", "文件")])
def test_a_refusal_speaks_the_language_of_who_asks(tus: Tus, language: str, word: str) -> None:
    assert word in tus.create(0, Accept_Language=language).json()["detail"]
