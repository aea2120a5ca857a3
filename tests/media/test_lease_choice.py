"""What is read to choose from where thousands of pieces are due: a few of each institution, and the right ones."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from media import leases
from media.models import Chunk, Encode
from tests.factories.media import ChunkFactory, EncodeFactory, LectureFactory

pytestmark = pytest.mark.django_db


def transcoding(tenant: str, **fields: Any) -> Encode:
    defaults = {"state": Encode.State.TRANSCODING, "planned_ms": 60_000, "started_at": timezone.now()}
    return EncodeFactory(lecture=LectureFactory(tenant=tenant), **{**defaults, **fields})


def test_of_any_number_of_due_pieces_a_few_of_each_institution_are_read() -> None:
    for tenant, count in (("large", 300), ("small", 2)):
        encode = transcoding(tenant)
        ready = EncodeFactory(lecture=encode.lecture)
        Chunk.objects.bulk_create(Chunk(encode=encode, kind="video", index=n) for n in range(count))
        Encode.objects.bulk_create(
            Encode(lecture=ready.lecture, source=ready.source, number=10 + n, filename="a.mp4")
            for n in range(count - 1)
        )
    read = Counter(Encode.objects.get(pk=one.encode_id).lecture.tenant for one in leases._candidates())
    assert read["small"] == 4
    assert 4 < read["large"] <= 50


def test_however_few_are_read_the_order_is_that_of_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "_OF_EACH", 1)
    now = timezone.now()
    encodes = [
        transcoding(
            "one",
            priority=n % 2,
            planned_ms=60_000 * (n % 3 + 1),
            created_at=now - timedelta(minutes=n),
            playable_at=now if n == 3 else None,
        )
        for n in range(4)
    ]
    for encode in encodes:
        for kind in ("video", "copy"):
            for index in (1, 0):
                ChunkFactory(encode=encode, kind=kind, index=index)

    def rank(chunk: Chunk) -> tuple[Any, ...]:
        encode = chunk.encode
        opens = encode.playable_at is None and chunk.index == 0
        order = {"copy": 0, "audio": 1}.get(chunk.kind, 2) if opens else 2
        length = (encode.planned_ms, encode.created_at)
        return (-encode.priority, 1 if opens else 2, *length, order, chunk.index)

    wanted = sorted(map(rank, Chunk.objects.select_related("encode__lecture")))
    got = []
    while job := leases.claim("here:1"):
        got.append(rank(Chunk.objects.get(pk=job.chunk_id)))
    assert got == wanted
