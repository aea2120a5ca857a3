"""Uploads into the bucket over HTTP: what is asked, what is answered, and in which words."""

import base64
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from classroom.people.services.tokens import issue_token
from media import direct, direct_check
from media.models import DirectTransfer, Lecture, Upload
from tests.factories.media import EncodeFactory, LectureFactory, SourceFactory
from tests.factories.people import UserFactory
from tests.media.buckets import put, unreachable
from tests.media.straight import PART, URL, Browser, again, problem, send, straight
from tests.media.transfers import DIGEST, VIDEO, Tus, begun, trainer

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(s3: Any, client: Client) -> Browser:
    """A trainer's browser before a bucket."""
    return Browser(client, trainer())


def address_of(upload: Upload) -> str:
    return f"{URL}{upload.pk}/"


def test_from_the_first_request_to_the_lecture(browser: Browser) -> None:
    said = browser.begin(filetype="video/mp4", title="主体责任")
    assert said.status_code == 201
    told = said.json()
    assert (told["state"], told["parts"], told["have"], told["lecture"]) == ("receiving", 1, [], None)
    assert told["part_size"] == 16 << 20
    DirectTransfer.objects.update(part_size=PART)
    url = told["url"]
    signed = browser.post(f"{url}parts/", numbers=[1, 2, 3, 4]).json()
    assert signed["expires_in"] == direct.ADDRESS_SECONDS
    for one in signed["addresses"][:3]:
        start = (one["number"] - 1) * PART
        assert put(one["url"], VIDEO[start : start + one["size"]]) == 200
    early = browser.post(f"{url}complete/")
    assert (early.status_code, problem(early), early.json()["missing"]) == (409, "parts_missing", [4])
    assert browser.client.get(url).json()["have"] == [1, 2, 3]
    last = signed["addresses"][3]
    put(last["url"], VIDEO[3 * PART :])
    done = browser.post(f"{url}complete/")
    assert (done.status_code, done.json()["state"]) == (202, "checking")
    assert done["Cache-Control"] == "no-store"
    direct_check.do_one()
    lecture = Lecture.objects.get()
    assert (lecture.title, lecture.owner) == ("主体责任", browser.user)
    assert browser.client.get(url).json() | {"expires_at": None} == {
        "url": url,
        "state": "finished",
        "part_size": PART,
        "parts": 4,
        "have": [],
        "lecture": lecture.pk,
        "expires_at": None,
    }
    # Asked again, since the answer was lost: the same.
    assert browser.post(f"{url}complete/").json()["lecture"] == lecture.pk


def test_a_known_file_is_answered_as_finished(browser: Browser) -> None:
    EncodeFactory(
        lecture=LectureFactory(owner=browser.user), source=SourceFactory(digest=DIGEST, size=len(VIDEO))
    )
    told = browser.begin(sha256=DIGEST.upper()).json()
    assert (told["state"], Lecture.objects.filter(pk=told["lecture"]).exists()) == ("finished", True)
    late = browser.post(f"{told['url']}parts/", numbers=[1])
    assert (late.status_code, problem(late)) == (403, "complete")
    gone = browser.client.delete(told["url"])
    assert (gone.status_code, problem(gone)) == (403, "complete")


@pytest.mark.parametrize(
    ("told", "status", "code"),
    [
        ({"length": 0}, 400, "empty"),
        ({"length": 1 << 60}, 413, "too_large"),
        ({"length": -1}, 400, "invalid"),
        ({"length": "many"}, 400, "invalid"),
        ({"filename": "talk.pptx"}, 415, "wrong_kind"),
        ({"filename": "", "filetype": "image/png"}, 415, "wrong_kind"),
        ({"head": base64.b64encode(b"PK\x03\x04").decode()}, 415, "wrong_kind"),
        ({"head": "%"}, 400, "bad_request"),
        ({"sha256": "zz"}, 400, "bad_request"),
        ({"sha256": "a" * 65}, 400, "invalid"),
        ({"lecture": 1 << 40}, 404, "not_found"),
        ({"lecture": "x"}, 400, "invalid"),
        ({"filename": "a\x00.mp4"}, 400, "invalid"),
    ],
)
def test_a_file_that_is_not_taken_is_refused_with_its_reason(
    browser: Browser, told: dict[str, Any], status: int, code: str
) -> None:
    refused = browser.begin(**told)
    assert refused.status_code == status
    if code == "invalid":
        assert refused["Content-Type"] == "application/problem+json"
        assert refused.json()["errors"]
    else:
        assert problem(refused) == code
    assert not Upload.objects.exists()


def test_a_quota_that_is_used_up_says_what_to_do_in_both_languages(browser: Browser, settings: Any) -> None:
    settings.TENANT_QUOTA_BYTES = len(VIDEO)
    assert browser.begin().status_code == 201
    words = {}
    for language in ("en", "zh-hans"):
        refused = browser.client.post(
            URL,
            {"length": 1, "filename": "a.mp4"},
            content_type="application/json",
            headers={"Accept-Language": language},
        )
        assert (refused.status_code, problem(refused)) == (413, "over_quota")
        words[language] = refused.json()["detail"]
    assert "Delete lectures" in words["en"]
    assert "删除" in words["zh-hans"]


def test_numbers_are_a_few_whole_ones_of_the_file(browser: Browser) -> None:
    url = f"{address_of(straight(browser.user))}parts/"
    refused = browser.post(url, numbers=[1, 5])
    assert (refused.status_code, problem(refused)) == (400, "bad_part")
    for numbers in ([], ["one"], [1.5], None, list(range(1, 34))):
        wrong = browser.post(url, numbers=numbers)
        assert (wrong.status_code, wrong["Content-Type"]) == (400, "application/problem+json")
    assert browser.post(url).status_code == 400


def test_nobody_reaches_the_upload_of_another(browser: Browser) -> None:
    other = straight(trainer())
    url = address_of(other)
    tries = [
        browser.client.get(url),
        browser.client.delete(url),
        browser.post(f"{url}parts/", numbers=[1]),
        browser.post(f"{url}complete/"),
        browser.client.get(f"{URL}{uuid.uuid4()}/"),
        browser.client.get(address_of(begun(browser.user))),
    ]
    assert [(one.status_code, problem(one)) for one in tries] == [(404, "not_found")] * len(tries)
    assert again(other).state == Upload.State.RECEIVING


def test_tus_does_not_take_bytes_for_an_upload_into_the_bucket(browser: Browser) -> None:
    upload = straight(browser.user)
    tus = Tus(browser.client, browser.user)
    url = f"/api/uploads/{upload.pk}/"
    assert [tus.call("HEAD", url).status_code, tus.patch(url, VIDEO).status_code] == [404, 404]
    assert tus.call("DELETE", url).status_code == 404
    assert again(upload).state == Upload.State.RECEIVING


def test_who_is_no_trainer_any_more_goes_no_further(browser: Browser) -> None:
    upload = straight(browser.user)
    send(upload, VIDEO)
    browser.user.user_permissions.remove(Permission.objects.get(codename="add_lecture"))
    url = address_of(upload)
    tries = [
        browser.begin(),
        browser.client.get(url),
        browser.post(f"{url}parts/", numbers=[1]),
        browser.post(f"{url}complete/"),
    ]
    assert {(one.status_code, problem(one)) for one in tries} == {(403, "not_allowed")}


def test_strangers_and_learners_are_sent_away(s3: Any, client: Client) -> None:
    assert Browser.begin(_anonymous(client)).status_code == 401
    assert problem(Browser(client, UserFactory()).begin()) == "not_allowed"


def _anonymous(client: Client) -> Browser:
    browser = Browser.__new__(Browser)
    browser.client = client
    return browser


def test_another_site_cannot_begin_or_cancel_with_a_session(s3: Any) -> None:
    strict = Client(enforce_csrf_checks=True)
    browser = Browser(strict, trainer())
    upload = straight(browser.user)
    url = address_of(upload)
    tries = [browser.begin(), strict.delete(url), browser.post(f"{url}complete/")]
    assert {one.status_code for one in tries} == {403}
    assert again(upload).state == Upload.State.RECEIVING


def test_a_program_sends_with_a_token(s3: Any) -> None:
    _row, token = issue_token(user=trainer(), label="recorder", days=1)
    headers = {"Authorization": f"Bearer {token}"}
    said = Client().post(
        URL, {"length": 9, "filename": "a.mp4"}, content_type="application/json", headers=headers
    )
    assert said.status_code == 201


def test_a_cancelled_upload_is_gone(browser: Browser) -> None:
    url = address_of(straight(browser.user))
    assert browser.client.delete(url).status_code == 204
    tries = [browser.client.get(url), browser.client.delete(url), browser.post(f"{url}complete/")]
    assert {(one.status_code, problem(one)) for one in tries} == {(410, "gone")}


def test_a_bucket_that_is_away_is_a_reason_to_try_again(browser: Browser, settings: Any) -> None:
    upload = straight(browser.user)
    url = address_of(upload)
    with unreachable(settings):
        tries = [browser.client.get(url), browser.post(f"{url}complete/")]
        signed = browser.post(f"{url}parts/", numbers=[1])
    assert {(one.status_code, problem(one)) for one in tries} == {(503, "bucket_away")}
    assert signed.status_code == 200  # signing asks nobody
    assert browser.client.get(url).status_code == 200


def test_without_a_bucket_it_is_said_that_there_is_tus(client: Client) -> None:
    refused = Browser(client, trainer()).begin()
    assert (refused.status_code, problem(refused)) == (404, "not_direct")
    assert "/api/uploads/" in refused.json()["detail"]


def test_no_recording_is_told_at_the_end_in_the_readers_language(browser: Browser) -> None:
    data = b"%PDF-1.7" + bytes(2000)
    upload = straight(browser.user, data)
    send(upload, data)
    refused = browser.client.post(f"{address_of(upload)}complete/", headers={"Accept-Language": "zh-hans"})
    assert (refused.status_code, problem(refused)) == (415, "wrong_kind")
    assert "这不是视频" in refused.json()["detail"]


def test_asking_costs_the_same_for_many_parts(
    browser: Browser, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    few, many = straight(browser.user, bytes(PART)), straight(browser.user, bytes(30 * PART))
    url = address_of(few)
    browser.post(f"{url}parts/", numbers=[1])
    with django_assert_max_num_queries(12) as first:
        browser.post(f"{url}parts/", numbers=[1])
    with django_assert_num_queries(len(first.captured_queries)):
        browser.post(f"{address_of(many)}parts/", numbers=list(range(1, 31)))
