"""What the sweep does for uploads: forget, finish, clear away."""

import os
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from media import sources, spool, upload_sweep, uploads
from media.models import Lecture, Source, Upload
from media.queries import used_bytes
from tests.factories.media import UploadFactory
from tests.media.buckets import unreachable
from tests.media.transfers import DIGEST, VIDEO, begun, body, parts_of, spooled, trainer

pytestmark = pytest.mark.django_db


def test_a_store_that_is_away_loses_nothing(settings: Any, caplog: Any) -> None:
    upload = begun(trainer())
    with unreachable(settings):
        assert uploads.receive(upload=upload, offset=0, body=body(VIDEO)) == len(VIDEO)
    assert "could not be stored" in caplog.text
    assert not Lecture.objects.exists()
    assert upload_sweep.sweep_expired(timezone.now()) == 0  # it waits a minute
    assert upload_sweep.sweep_expired(timezone.now() + timedelta(minutes=2)) == 1
    assert Source.objects.get().digest == DIGEST
    assert Upload.objects.get().state == Upload.State.FINISHED


def test_a_crash_between_store_and_row_is_repeated_harmlessly() -> None:
    upload = begun(trainer())
    with spool.locked(upload.pk) as fd:
        spool.write(fd, VIDEO, 0)
    sources.adopt(path=spool.path_of(upload.pk), digest=DIGEST, size=len(VIDEO))
    Upload.objects.filter(pk=upload.pk).update(updated_at=timezone.now() - timedelta(minutes=5))
    assert upload_sweep.sweep_expired(timezone.now()) == 1
    assert upload_sweep.sweep_expired(timezone.now()) == 0
    assert Lecture.objects.count() == 1


@pytest.mark.parametrize("crash_after", [0, 1, 2, 3])
def test_a_crash_while_parts_are_put_together_is_taken_up_again(crash_after: int) -> None:
    owner = trainer()
    parts = parts_of(owner, VIDEO, 3)
    lengths = [(part.pk, part.length) for part in parts]
    whole = UploadFactory(
        owner=owner,
        length=len(VIDEO),
        concat="final",
        parts=[str(part.pk) for part in parts],
        updated_at=timezone.now() - timedelta(minutes=5),
    )
    if crash_after:
        os.rename(spool.path_of(parts[0].pk), spool.path_of(whole.pk))
    if crash_after > 1:  # half of the second part was copied
        with spool.path_of(whole.pk).open("ab") as file:
            file.write(spool.path_of(parts[1].pk).read_bytes()[:100])
    if crash_after > 2:
        spool.assemble(whole.pk, lengths)
    assert upload_sweep.sweep_expired(timezone.now()) == 1
    assert Source.objects.get().digest == DIGEST
    assert spooled() == []


def test_the_sweep_forgets_what_lapsed_and_nothing_else() -> None:
    owner = trainer()
    now = timezone.now()
    fresh, old = begun(owner), begun(owner)
    old_part = parts_of(owner, VIDEO, 1)[0]
    finished = begun(owner)
    uploads.receive(upload=finished, offset=0, body=body(VIDEO))
    past = now - timedelta(seconds=1)
    Upload.objects.filter(pk__in=[old.pk, old_part.pk, finished.pk]).update(expires_at=past)
    orphan = spool.path_of(uuid.uuid4())
    orphan.write_bytes(b"x")
    os.utime(orphan, (0, 0))
    young = spool.path_of(uuid.uuid4())
    young.write_bytes(b"x")
    assert upload_sweep.sweep_expired(now) == 3
    states = dict(Upload.objects.values_list("pk", "state"))
    assert states == {
        fresh.pk: "receiving",
        old.pk: "expired",
        old_part.pk: "expired",
        finished.pk: "finished",
    }
    assert spooled() == sorted([f"{fresh.pk.hex}.part", young.name])
    assert upload_sweep.sweep_expired(now) == 0


def test_a_complete_upload_is_found_among_hundreds_of_interrupted_ones() -> None:
    owner = trainer()
    old = timezone.now() - timedelta(hours=1)
    Upload.objects.bulk_create(
        Upload(
            owner=owner,
            filename="a.mp4",
            length=9,
            expires_at=timezone.now() + timedelta(days=1),
            updated_at=old,
        )
        for _ in range(250)
    )
    upload = begun(owner)
    with spool.locked(upload.pk) as fd:
        spool.write(fd, VIDEO, 0)
    Upload.objects.filter(pk=upload.pk).update(updated_at=old + timedelta(minutes=1))
    assert upload_sweep.sweep_expired(timezone.now()) == 1
    assert Lecture.objects.get().title == "lecture"


def test_an_upload_with_wrong_bytes_does_not_hold_up_the_next() -> None:
    owner = trainer()
    bad, good = begun(owner, digest="0" * 64), begun(owner)
    for upload in (bad, good):
        with spool.locked(upload.pk) as fd:
            spool.write(fd, VIDEO, 0)
    Upload.objects.update(updated_at=timezone.now() - timedelta(minutes=5))
    assert upload_sweep.sweep_expired(timezone.now()) == 1
    states = dict(Upload.objects.values_list("pk", "state"))
    assert states == {bad.pk: "terminated", good.pk: "finished"}


def test_the_sweep_leaves_an_upload_alone_that_someone_is_sending() -> None:
    upload = begun(trainer())
    with spool.locked(upload.pk) as fd:
        spool.write(fd, VIDEO, 0)
        Upload.objects.update(updated_at=timezone.now() - timedelta(minutes=5))
        assert upload_sweep.sweep_expired(timezone.now()) == 0
    assert Upload.objects.get().state == Upload.State.RECEIVING


@pytest.mark.parametrize(("days", "state"), [(-1, "expired"), (0, "expired"), (1, "receiving")])
def test_an_upload_lapses_at_its_moment_and_not_before(days: int, state: str) -> None:
    now = timezone.now()
    UploadFactory(expires_at=now + timedelta(days=days))
    upload_sweep.sweep_expired(now)
    assert Upload.objects.get().state == state


def test_what_lapsed_gives_its_quota_back() -> None:
    owner = trainer()
    parts_of(owner, VIDEO, 2)
    begun(owner)
    tenant = f"person:{owner.pk}"
    assert used_bytes(tenant) == 2 * len(VIDEO)
    Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert used_bytes(tenant) == 0
    upload_sweep.sweep_expired(timezone.now())
    assert spooled() == []
