"""What the uploader is told: where to send, what is taken, and its words in the page's language."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from media import direct_bucket
from media.models import Lecture
from media.upload_rules import EXTENSIONS


def uploader_words() -> dict[str, str]:
    """Return the words of the uploader, which speaks the page's language."""
    return {
        "waiting": _("Waiting for its turn"),
        "sending": _("Sending {percent} %"),
        "rate": _("{rate} a second, {left}"),
        "leftUnknown": _("estimating the time left"),
        "leftSeconds": _("less than a minute left"),
        "leftMinutes": _("about {count} min left"),
        "leftHours": _("about {count} h left"),
        "paused": _("Paused at {percent} %. It goes on from there, even after days."),
        "retrying": _("Connection lost. What was sent is safe; trying again by itself."),
        "offline": _("No network. What was sent is safe; it goes on once there is one."),
        "done": _("Received. You may close this page."),
        "known": _("This file was already here, so nothing had to be sent."),
        "failed": _("The upload stopped."),
        "signIn": _("Your sign-in has expired. Sign in in another tab, then press Resume."),
        "unreadable": _("The file was changed or moved while it was sent. Choose it again to go on."),
        "pause": _("Pause"),
        "resume": _("Resume"),
        "cancel": _("Cancel the upload"),
        "cancelSure": _("Cancel this upload? What was sent is thrown away."),
        "remove": _("Remove from the list"),
        "empty": _("“{name}” is empty. Check it on your computer."),
        "tooLarge": _(
            "“{name}” is larger than {limit}. Export it at a lower bitrate or cut it into lessons."
        ),
        "wrongKind": _("“{name}” is not a video or audio file. Choose the recording, for example an MP4."),
        "otherFile": _("That is another file. Choose “{name}” ({size}) to go on, or begin a new upload."),
        "leave": _("An upload is under way. It can be continued later."),
    }


def uploader_data(request: HttpRequest, lecture: Lecture | None = None) -> dict[str, Any]:
    """Return what the uploader needs to know."""
    return {
        "endpoint": reverse("api:uploads"),
        "direct": reverse("api:direct-uploads") if direct_bucket.is_there() else "",
        "most": settings.MAX_UPLOAD_BYTES,
        "extensions": sorted(EXTENSIONS),
        "lecture": lecture.pk if lecture else None,
        "person": str(getattr(request.user, "pk", "")),
        "words": uploader_words(),
    }
