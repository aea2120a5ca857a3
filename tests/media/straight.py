"""Uploads straight into the bucket, as a trainer's browser sends them."""

from typing import Any

from django.test import Client

from media import direct
from media.models import DirectTransfer, Upload
from media.upload_rules import Declared
from tests.media.buckets import put
from tests.media.transfers import VIDEO

URL = "/api/uploads/direct/"
# So small that a few kilobytes are several parts.
PART = 1000


def straight(owner: Any, data: bytes = VIDEO, **declared: Any) -> Upload:
    """An upload that has begun, in parts of a thousand bytes."""
    upload = direct.begin(
        owner=owner, declared=Declared(filename="lecture.mp4", **declared), length=len(data)
    )
    DirectTransfer.objects.filter(upload=upload).update(part_size=PART)
    return again(upload)


def again(upload: Upload) -> Upload:
    """The same upload as the next request finds it."""
    return Upload.objects.select_related("direct").get(pk=upload.pk)


def send(upload: Upload, data: bytes, *numbers: int) -> None:
    """PUT parts to the addresses that are given for them; all of them where none is named."""
    wanted = list(numbers) or list(range(1, direct.layout_of(upload).count + 1))
    for one in direct.addresses(upload=upload, numbers=wanted):
        start = (one.number - 1) * upload.direct.part_size
        assert put(one.url, data[start : start + one.size]) == 200


def sent(owner: Any, data: bytes = VIDEO, **declared: Any) -> Upload:
    """An upload whose parts have all arrived."""
    upload = straight(owner, data, **declared)
    send(upload, data)
    return again(upload)


def completed(owner: Any, data: bytes = VIDEO, **declared: Any) -> Upload:
    """An upload that waits for the worker's check."""
    upload = sent(owner, data, **declared)
    direct.complete(upload=upload)
    return again(upload)


class Browser:
    """A trainer's browser that speaks to the API by hand."""

    def __init__(self, client: Client, user: Any) -> None:
        client.force_login(user)
        self.client, self.user = client, user

    def begin(self, length: int = len(VIDEO), **told: Any) -> Any:
        asked = {"length": length, "filename": "lecture.mp4", **told}
        return self.client.post(URL, asked, content_type="application/json")

    def post(self, url: str, **said: Any) -> Any:
        return self.client.post(url, said, content_type="application/json")


def problem(response: Any) -> str:
    """Return the code of a problem, having looked at its form."""
    assert response["Content-Type"] == "application/problem+json"
    said = response.json()
    assert said["status"] == response.status_code
    assert said["detail"]
    return str(said["type"].rsplit(":", 1)[-1])
