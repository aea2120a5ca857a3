"""A small file that unpacks to a large one: refused by name, and without the memory that it asks for."""

import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from classroom.certificates import files, signing

pytestmark = pytest.mark.django_db
MIB = 1024 * 1024


def stream(number: int, words: str, content: bytes) -> bytes:
    """Return an object of a PDF that is a stream."""
    head = f"{number} 0 obj\n<<{words} /Length {len(content)}>>\nstream\n".encode()
    return head + content + b"\nendstream\nendobj\n"


def document(packed: bytes, words: str = "/Filter /FlateDecode") -> bytes:
    """Return a PDF whose catalogue lies in an object stream with this content."""
    body = b"%PDF-1.7\n"
    places = [len(body)]
    body += stream(1, f"/Type /ObjStm /N 1 /First 4 {words}", packed)
    places.append(len(body))
    entries = [(0, 0, 0), (1, places[0], 0), (2, 1, 0), (1, places[1], 0)]
    table = b"".join(a.to_bytes(1) + b.to_bytes(4) + c.to_bytes(1) for a, b, c in entries)
    body += stream(3, "/Type /XRef /Size 4 /W [1 4 1] /Root 2 0 R", table)
    return body + f"startxref\n{places[1]}\n%%EOF\n".encode()


def padded(size: int) -> bytes:
    """Return a catalogue with so much nothing after it that it has `size` bytes."""
    return b"2 0 <</Type /Catalog>>".ljust(size)


def attachment(size: int) -> bytes:
    """Return a plain PDF with an attachment that unpacks to `size` bytes."""
    catalogue = b"<</Type /Catalog /Names <</EmbeddedFiles <</Names [(a) <</EF <</F 2 0 R>>>>]>>>>>>"
    body = b"%PDF-1.7\n"
    places = [len(body)]
    body += b"1 0 obj\n" + catalogue + b"\nendobj\n"
    places.append(len(body))
    body += stream(2, "/Type /EmbeddedFile /Filter /FlateDecode", zlib.compress(b"{" * size))
    rows = "".join(f"{place:010} 00000 n \n" for place in places)
    table = f"xref\n0 3\n0000000000 65535 f \n{rows}trailer\n<</Size 3 /Root 1 0 R>>\n"
    return body + f"{table}startxref\n{len(body)}\n%%EOF\n".encode()


def peak_of(deed: Callable[[], object]) -> int:
    """Return how many bytes were held at once while it was done."""
    tracemalloc.start()
    try:
        deed()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_stream_that_unpacks_to_gigabytes_is_told_by_name_and_takes_no_memory() -> None:
    bomb = document(zlib.compress(padded(40 * MIB), 9))
    assert len(bomb) < 100_000
    assert peak_of(lambda: files.check(bomb)) < 3 * signing.UNPACKED_MAX
    assert files.check(bomb) == files.FileCheck(files.BLOATED)


def test_packed_twice_it_is_not_unpacked_either() -> None:
    twice = zlib.compress(zlib.compress(padded(30 * MIB), 9), 9)
    bomb = document(twice, "/Filter [/FlateDecode /FlateDecode]")
    assert len(bomb) < 10_000
    assert files.check(bomb).verdict == files.BLOATED


@pytest.mark.parametrize(("over", "verdict"), [(0, files.FOREIGN), (1, files.BLOATED)])
def test_the_limit_itself_is_still_read(over: int, verdict: str) -> None:
    # Packed as a whole picture may be, so that no other limit of the reader is met first.
    packed = zlib.compress(padded(signing.UNPACKED_MAX + over), 0)
    assert files.check(document(packed)).verdict == verdict


def test_an_attachment_that_unpacks_to_much_takes_no_memory() -> None:
    bomb = attachment(40 * MIB)
    assert peak_of(lambda: files.check(bomb)) < 3 * signing.UNPACKED_MAX
    assert files.check(bomb).verdict == files.FOREIGN


@pytest.mark.parametrize(
    ("language", "words"), [("zh-hans", "远大于"), ("en", "far more than a certificate")]
)
def test_the_page_says_what_to_do(client: Client, language: str, words: str) -> None:
    client.cookies["django_language"] = language
    bomb = document(zlib.compress(padded(12 * MIB)))
    answer = client.post(reverse("certificates:verify_file"), {"file": SimpleUploadedFile("c.pdf", bomb)})
    assert answer.status_code == 422
    assert words in answer.content.decode()
