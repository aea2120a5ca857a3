"""The protocol over HTTP: every header and every status, hostile requests, people and tokens."""

import base64
import hashlib
import os
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from media import spool
from media.models import Lecture, Source, Upload
from tests.factories.people import UserFactory
from tests.media.transfers import DIGEST, URL, VIDEO, Tus, metadata, problem, trainer

pytestmark = pytest.mark.django_db


def test_options_say_what_the_server_can_to_anyone(client: Client, settings: Any) -> None:
    for url in (URL, f"{URL}{uuid.uuid4()}/"):
        response = client.options(url)
        assert response.status_code == 204
        assert response["Tus-Version"] == "1.0.0"
        assert response["Tus-Extension"] == (
            "creation,creation-with-upload,termination,checksum,expiration,concatenation"
        )
        assert response["Tus-Max-Size"] == str(settings.MAX_UPLOAD_BYTES)
        assert response["Tus-Checksum-Algorithm"] == "sha1,sha256,md5"


def test_creation_answers_with_an_absolute_location(tus: Tus) -> None:
    response = tus.create()
    assert response.status_code == 201
    assert response["Location"] == f"http://testserver{URL}{Upload.objects.get().pk}/"
    assert response["Upload-Offset"] == "0"
    assert response["Upload-Expires"].endswith("GMT")
    assert response["Tus-Resumable"] == "1.0.0"
    assert response["Cache-Control"] == "no-store"


def test_a_file_in_two_requests(tus: Tus) -> None:
    url = tus.create()["Location"]
    first = tus.patch(url, VIDEO[:1000])
    assert (first.status_code, first["Upload-Offset"]) == (204, "1000")
    asked = tus.call("HEAD", url)
    assert asked.status_code == 200
    assert (asked["Upload-Offset"], asked["Upload-Length"]) == ("1000", str(len(VIDEO)))
    assert asked["Upload-Metadata"] == metadata(filename="lecture.mp4")
    assert asked["Cache-Control"] == "no-store"
    last = tus.patch(url, VIDEO[1000:], 1000)
    assert (last.status_code, last["Upload-Offset"]) == (204, str(len(VIDEO)))
    assert last["Lecture-Id"] == str(Lecture.objects.get().pk)
    assert Source.objects.get().digest == DIGEST
    assert tus.call("HEAD", url)["Upload-Offset"] == str(len(VIDEO))


def test_the_last_answer_may_be_lost(tus: Tus) -> None:
    url = tus.create()["Location"]
    tus.patch(url, VIDEO)
    assert tus.patch(url, b"", len(VIDEO)).status_code == 204
    assert problem(tus.patch(url, VIDEO)) == "wrong_offset"
    assert Lecture.objects.count() == 1


def test_creation_with_upload(tus: Tus) -> None:
    response = tus.call(
        "POST", URL, VIDEO, Upload_Length=str(len(VIDEO)), Upload_Metadata=metadata(filename="a.mp4")
    )
    assert (response.status_code, response["Upload-Offset"]) == (201, str(len(VIDEO)))
    assert response["Lecture-Id"] == str(Lecture.objects.get().pk)
    part = tus.call("POST", URL, VIDEO[:7], Upload_Length=str(len(VIDEO)))
    assert part["Upload-Offset"] == "7"


def test_a_known_file_is_answered_as_complete(tus: Tus) -> None:
    tus.patch(tus.create()["Location"], VIDEO)
    response = tus.create(Upload_Metadata=metadata(filename="again.mp4", sha256=DIGEST))
    assert (response.status_code, response["Upload-Offset"]) == (201, str(len(VIDEO)))
    assert tus.call("HEAD", response["Location"])["Upload-Offset"] == str(len(VIDEO))
    assert Lecture.objects.count() == 2


@pytest.mark.parametrize("version", ["", "0.2.2", "1.0", "2.0.0"])
def test_another_version_is_412(tus: Tus, version: str) -> None:
    response = tus.create(Tus_Resumable=version)
    assert response.status_code == 412
    assert response["Tus-Version"] == "1.0.0"
    assert problem(response) == "tus_version"


@pytest.mark.parametrize("length", ["", "-1", "1.5", "abc", "1e3", "9" * 30, "٣", " "])
def test_malformed_lengths_are_400(tus: Tus, length: str) -> None:
    response = tus.call("POST", URL, Upload_Length=length, Upload_Metadata=metadata(filename="a.mp4"))
    assert response.status_code == 400
    assert not Upload.objects.exists()


@pytest.mark.parametrize("offset", ["", "-1", "abc", "0x1", "9" * 30])
def test_malformed_offsets_are_400(tus: Tus, offset: str) -> None:
    url = tus.create()["Location"]
    assert tus.patch(url, VIDEO, Upload_Offset=offset).status_code == 400


def test_refusals_have_the_statuses_of_the_protocol(tus: Tus, settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 5000
    url = tus.create()["Location"]
    tus.patch(url, VIDEO[:10])
    said = {
        "empty": tus.create(0),
        "too_large": tus.create(5001),
        "wrong_kind": tus.create(Upload_Metadata=metadata(filename="notes.pdf")),
        "bad_request": tus.create(Upload_Metadata="filename !!"),
        "wrong_offset": tus.patch(url, b"x", 3),
        "wrong_content_type": tus.call("PATCH", url, b"x", kind="text/plain", Upload_Offset="10"),
        "not_found": tus.call("HEAD", f"{URL}{uuid.uuid4()}/"),
    }
    assert {code: problem(response) if code != "not_found" else code for code, response in said.items()} == {
        code: code for code in said
    }
    assert [response.status_code for response in said.values()] == [400, 413, 415, 400, 409, 415, 404]
    assert said["wrong_offset"]["Upload-Offset"] == "10"
    assert spool.synced_size(Upload.objects.get().pk) == 10


def test_more_than_announced_is_413(tus: Tus) -> None:
    url = tus.create(10)["Location"]
    assert problem(tus.patch(url, b"x" * 11)) == "too_large"
    assert tus.call("HEAD", url)["Upload-Offset"] == "0"


def test_a_full_disk_is_507_in_the_readers_language(tus: Tus, settings: Any) -> None:
    settings.SPOOL_RESERVE_BYTES = 1 << 60
    response = tus.create(3 << 30, Accept_Language="en")
    assert response.status_code == 507
    assert problem(response) == "no_room"
    assert "no room" in response.json()["detail"]
    assert not Upload.objects.exists()


def test_two_writers_get_423(tus: Tus) -> None:
    url = tus.create()["Location"]
    with spool.locked(Upload.objects.get().pk):
        response = tus.patch(url, VIDEO)
    assert (response.status_code, problem(response)) == (423, "locked")
    assert tus.patch(url, VIDEO).status_code == 204


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
def test_checksums(tus: Tus, algorithm: str) -> None:
    def header(data: bytes) -> str:
        return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"

    url = tus.create()["Location"]
    wrong = tus.patch(url, VIDEO[:500], Upload_Checksum=header(b"other"))
    assert (wrong.status_code, problem(wrong)) == (460, "checksum_mismatch")
    assert tus.call("HEAD", url)["Upload-Offset"] == "0"
    assert tus.patch(url, VIDEO, Upload_Checksum=header(VIDEO)).status_code == 204
    assert Source.objects.get().digest == DIGEST


@pytest.mark.parametrize(
    ("header", "status"),
    [("crc32 AAAA", 400), ("sha1", 460), ("sha1 ***", 400), ("sha256 AAAA", 460), ("sha512 AAAA", 400)],
)
def test_malformed_checksums(tus: Tus, header: str, status: int) -> None:
    url = tus.create()["Location"]
    assert tus.patch(url, VIDEO, Upload_Checksum=header).status_code == status
    assert tus.call("HEAD", url)["Upload-Offset"] == "0"


def test_termination(tus: Tus) -> None:
    url = tus.create()["Location"]
    assert tus.call("DELETE", url).status_code == 204
    for method in ("HEAD", "PATCH", "DELETE"):
        assert tus.call(method, url, Upload_Offset="0").status_code == 410
    assert list(spool.folder().iterdir()) == []


def test_a_lecture_is_not_deleted_by_its_upload(tus: Tus) -> None:
    url = tus.create()["Location"]
    tus.patch(url, VIDEO)
    assert problem(tus.call("DELETE", url)) == "complete"
    assert Lecture.objects.exists()


def test_an_expired_upload_is_410(tus: Tus) -> None:
    url = tus.create()["Location"]
    Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert problem(tus.patch(url, VIDEO)) == "gone"
    assert tus.call("HEAD", url).status_code == 410


def test_parts_in_parallel(tus: Tus) -> None:
    urls = []
    for data in (VIDEO[:1000], VIDEO[1000:]):
        made = tus.call("POST", URL, data, Upload_Length=str(len(data)), Upload_Concat="partial")
        assert made.status_code == 201
        assert "Lecture-Id" not in made.headers
        assert tus.call("HEAD", made["Location"])["Upload-Concat"] == "partial"
        urls.append(made["Location"])
    whole = tus.call(
        "POST", Upload_Concat="final;" + " ".join(urls), Upload_Metadata=metadata(filename="lecture.mp4")
    )
    assert whole.status_code == 201
    assert whole["Lecture-Id"] == str(Lecture.objects.get().pk)
    asked = tus.call("HEAD", whole["Location"])
    assert asked["Upload-Concat"] == "final;" + " ".join(
        url.removeprefix("http://testserver") for url in urls
    )
    assert (asked["Upload-Length"], asked["Upload-Offset"]) == (str(len(VIDEO)), str(len(VIDEO)))
    assert problem(tus.patch(whole["Location"], b"x", len(VIDEO))) == "complete"
    assert Source.objects.get().digest == DIGEST


@pytest.mark.parametrize(
    "concat",
    ["final;", "final; ", "final;/api/uploads/x/", "final;/etc/passwd", "Partial", "final", "x" * 300],
)
def test_malformed_concatenations_are_400(tus: Tus, concat: str) -> None:
    length = {} if concat.startswith("final;") else {"Upload_Length": "5"}
    assert tus.call("POST", Upload_Concat=concat, **length).status_code == 400
    assert not Upload.objects.exists()


def test_a_final_upload_has_no_length_of_its_own(tus: Tus) -> None:
    response = tus.call("POST", Upload_Concat=f"final;{URL}{uuid.uuid4()}/", Upload_Length="5")
    assert response.status_code == 400


def test_a_method_may_be_overridden_by_old_proxies(tus: Tus) -> None:
    url = tus.create()["Location"]
    response = tus.call("POST", url, VIDEO, X_HTTP_Method_Override="PATCH", Upload_Offset="0")
    assert response.status_code == 204
    assert Lecture.objects.exists()


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_other_methods_are_405(tus: Tus, method: str) -> None:
    assert tus.call(method).status_code == 405
    assert tus.call(method, f"{URL}{uuid.uuid4()}/").status_code == 405


def test_a_form_is_never_parsed(tus: Tus) -> None:
    response = tus.client.post(
        URL, {"x": "y" * 1000}, headers={"Tus-Resumable": "1.0.0", "Upload-Length": "5"}
    )
    assert response.status_code == 415


def test_the_name_of_a_file_is_never_a_path(tus: Tus) -> None:
    response = tus.create(Upload_Metadata=metadata(filename="../../../tmp/第1讲.mp4"))
    tus.patch(response["Location"], VIDEO)
    assert Upload.objects.get().filename == "第1讲.mp4"
    assert Lecture.objects.get().title == "第1讲"


# --- people


def test_another_persons_upload_does_not_exist(tus: Tus) -> None:
    url = tus.create()["Location"]
    stranger = Tus(Client(), trainer("view_every_lecture", "manage_every_lecture"))
    for method in ("HEAD", "PATCH", "DELETE"):
        assert stranger.call(method, url, Upload_Offset="0").status_code == 404
    assert Upload.objects.get().state == Upload.State.RECEIVING


def test_another_persons_parts_do_not_exist(tus: Tus) -> None:
    part = tus.call("POST", URL, VIDEO, Upload_Length=str(len(VIDEO)), Upload_Concat="partial")["Location"]
    stranger = Tus(Client(), trainer())
    assert stranger.call("POST", Upload_Concat=f"final;{part}").status_code == 404


def test_a_learner_may_not_upload(client: Client) -> None:
    learner = Tus(client, UserFactory())
    response = learner.create(Accept_Language="en")
    assert (response.status_code, problem(response)) == (403, "not_allowed")
    assert "Only trainers" in response.json()["detail"]


def test_a_stranger_may_not_upload(client: Client) -> None:
    for method, url in (("POST", URL), ("HEAD", f"{URL}{uuid.uuid4()}/"), ("PATCH", f"{URL}{uuid.uuid4()}/")):
        response = client.generic(method, url, headers={"Tus-Resumable": "1.0.0"})
        assert response.status_code in {401, 403}
        assert response["Tus-Resumable"] == "1.0.0"


def test_a_session_needs_the_csrf_header() -> None:
    strict = Tus(Client(enforce_csrf_checks=True), trainer())
    assert strict.create().status_code == 403
    assert not Upload.objects.exists()
    strict.client.cookies["csrftoken"] = "a" * 32
    made = strict.create(X_CSRFToken="a" * 32)
    assert made.status_code == 201
    assert strict.patch(made["Location"], VIDEO).status_code == 403
    assert strict.patch(made["Location"], VIDEO, X_CSRFToken="a" * 32).status_code == 204


def test_queries_of_a_piece_do_not_grow(tus: Tus, django_assert_max_num_queries: Any) -> None:
    url = tus.create()["Location"]
    with django_assert_max_num_queries(6):
        tus.patch(url, VIDEO[:10])
    with django_assert_max_num_queries(4):
        tus.call("HEAD", url)


def test_uploads_of_many_pieces_do_not_throttle(tus: Tus, settings: Any) -> None:
    url = tus.create()["Location"]
    for at in range(0, 1500, 2):
        assert tus.patch(url, VIDEO[at : at + 2], at).status_code == 204


def test_nothing_of_a_refused_body_stays(tus: Tus) -> None:
    url = tus.create(Upload_Metadata=metadata(filename="virus.mp4"))["Location"]
    response = tus.patch(url, b"MZ" + os.urandom(len(VIDEO) - 2))
    assert (response.status_code, problem(response)) == (415, "wrong_kind")
    assert tus.call("HEAD", url).status_code == 410
    assert list(spool.folder().iterdir()) == []
    assert not Source.objects.exists()
