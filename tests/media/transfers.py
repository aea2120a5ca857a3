"""Uploads as a trainer's client sends them."""

import base64
import hashlib
import os
from io import BytesIO
from typing import Any

from django.contrib.auth.models import Permission

from media import spool, uploads
from media.models import Upload
from media.upload_rules import Declared
from tests.factories.people import UserFactory

VIDEO = b"\x00\x00\x00\x18ftypmp42" + os.urandom(3000)
DIGEST = hashlib.sha256(VIDEO).hexdigest()


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
