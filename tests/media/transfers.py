"""Uploads as a trainer's client sends them."""

import base64
import hashlib
import random
from io import BytesIO
from typing import Any

from django.contrib.auth.models import Permission
from django.test import Client

from media import spool, uploads
from media.models import Upload
from media.upload_rules import Declared
from tests.factories.people import UserFactory

# The same bytes in every process: some tests are named by them.
VIDEO = b"\x00\x00\x00\x18ftypmp42" + random.Random(4).randbytes(3000)
DIGEST = hashlib.sha256(VIDEO).hexdigest()
URL = "/api/uploads/"
BYTES = "application/offset+octet-stream"


def trainer(*more: str, **fields: Any) -> Any:
    """A person who may upload lectures."""
    user = UserFactory(**fields)
    names = ["add_lecture", "change_lecture", *more]
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="media", codename__in=names))
    return user


def body(data: bytes, **more: Any) -> uploads.Body:
    return uploads.Body(BytesIO(data).read, len(data), **more)


def begun(owner: Any, data: bytes = VIDEO, **declared: Any) -> Upload:
    return uploads.begin(owner=owner, declared=Declared(filename="lecture.mp4", **declared), length=len(data))


def spooled() -> list[str]:
    return sorted(path.name for path in spool.folder().iterdir())


def metadata(**pairs: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())


def parts_of(owner: Any, data: bytes, count: int) -> list[Upload]:
    size = -(-len(data) // count)
    made = []
    for at in range(0, len(data), size):
        part = uploads.begin(owner=owner, declared=Declared(), length=len(data[at : at + size]), partial=True)
        uploads.receive(upload=part, offset=0, body=body(data[at : at + size]))
        made.append(part)
    return made


class Tus:
    """A trainer's client that speaks tus by hand."""

    def __init__(self, client: Client, user: Any) -> None:
        client.force_login(user)
        self.client, self.user = client, user

    def call(self, method: str, url: str = URL, data: bytes = b"", kind: str = BYTES, **headers: str) -> Any:
        sent = {
            "Tus-Resumable": "1.0.0",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        sent = {name: value for name, value in sent.items() if value != ""}
        return self.client.generic(method, url, data, content_type=kind, headers=sent)

    def create(self, length: int = len(VIDEO), **headers: str) -> Any:
        headers = {"Upload_Metadata": metadata(filename="lecture.mp4"), **headers}
        return self.call("POST", Upload_Length=str(length), **headers)

    def patch(self, url: str, data: bytes, offset: int = 0, **headers: str) -> Any:
        return self.call("PATCH", url, data, **{"Upload_Offset": str(offset), **headers})


def problem(response: Any) -> str:
    """Return the code of a problem, having looked at its form."""
    assert response["Content-Type"] == "application/problem+json"
    assert response["Tus-Resumable"] == "1.0.0"
    said = response.json()
    assert said["status"] == response.status_code
    assert said["detail"]
    return str(said["type"].rsplit(":", 1)[-1])
