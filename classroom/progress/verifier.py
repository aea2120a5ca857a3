#!/usr/bin/env python3
"""Verify an export of watch evidence, offline, with nothing but Python and `cryptography`.

    python verifier.py evidence.jsonl --key <public key, 64 hex digits> [--blocks <folder>] [--checkpoints <file>]

The export is JSON lines: one `genesis`, its `row`s in order, one `progress`, and the `checkpoint`s
that seal the chain. A `block` line stands for rows that are not in the export: it tells their hashes
before and after, and the SHA-256 of the compressed object that holds them; `--blocks` reads them from it.
Checked is: the hash of every row over the one before it (SHA-256 over 32 bytes of the previous hash and
the canonical JSON, RFC 8785, of the row); that no row is missing; that the coverage told is the union of
what the rows credited; that what was credited lies inside the bytes of the lecture, in wall time never used
twice, no faster than the policy allows; that a decision told of no more than was credited before it; that
the chain's heads are leaves of the checkpoints' Merkle trees (RFC 9162), which are signed (Ed25519).

Who holds the signing key could sign a rewritten past anew, but not reach copies that somebody kept: with
`--checkpoints` (one a line, or pages of `/api/evidence/checkpoints/`) each checkpoint must be the one that
was published, and each row older than a copy be sealed by that one or one before it.

The platform itself uses the functions of this file, so there is one definition of the format.
"""

import argparse
import bisect
import hashlib
import itertools
import json
import lzma
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SLACK_MS = 2000
_DOMAIN = b"cloud-classroom evidence checkpoint v1\n"
# A row that was being written while a checkpoint was made is sealed by the next.
UNSEEN_MS = 120_000
OF_BLOCK = ("first", "last", "previous", "head")

Facts = dict[str, Any]


def canonical(value: Facts) -> bytes:
    """Return the canonical JSON (RFC 8785) of whole numbers, strings, lists and ASCII-keyed objects.

    Raises `ValueError` for a fraction: no fact of the evidence is one.
    """
    if _has_fraction(value):
        raise ValueError("a fraction has no place in evidence")
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _has_fraction(value: Any) -> bool:
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return isinstance(value, float)
    return any(map(_has_fraction, value))


def unhex(text: str) -> bytes:
    """Return the bytes that lower-case hex spells. Raises `ValueError` for any other spelling of them."""
    raw = bytes.fromhex(text)
    if raw.hex() != text:
        raise ValueError("hex is written in lower case, without spaces")
    return raw


def hash_row(previous: str, body: Facts) -> str:
    """Return the hash of a row over the hash before it, in hex."""
    return hashlib.sha256(unhex(previous) + canonical(body)).hexdigest()


def hash_genesis(genesis: Facts) -> str:
    """Return the hash that a chain begins with, in hex."""
    return hashlib.sha256(canonical(genesis)).hexdigest()


def hash_leaf(chain: str, length: int, head: str) -> bytes:
    """Return the Merkle leaf of a chain (named by the hash of its genesis) at a length."""
    return hashlib.sha256(b"\x00" + canonical({"chain": chain, "head": head, "length": length})).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """Return the Merkle node over two (RFC 9162 section 2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_from(leaf: bytes, position: int, size: int, path: list[str]) -> str | None:
    """Return the root that an inclusion proof leads to (RFC 9162 section 2.1.3.2); None where it cannot be."""
    if not 0 <= position < size:
        return None
    first, last, node = position, size - 1, leaf
    for step in path:
        if last == 0:
            return None
        other = unhex(step)
        if first & 1 or first == last:
            node = hash_node(other, node)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            node = hash_node(node, other)
        first, last = first >> 1, last >> 1
    return node.hex() if last == 0 else None


def checkpoint_facts(checkpoint: Facts) -> Facts:
    """Return what of a checkpoint is hashed and signed."""
    return {name: checkpoint[name] for name in ("number", "at", "root", "size", "previous")}


def hash_checkpoint(checkpoint: Facts) -> str:
    """Return the hash of a checkpoint, in hex."""
    return hashlib.sha256(canonical(checkpoint_facts(checkpoint))).hexdigest()


def signed_bytes(checkpoint: Facts) -> bytes:
    """Return the bytes that the signature of a checkpoint is over."""
    return _DOMAIN + canonical(checkpoint_facts(checkpoint))


def is_signed(checkpoint: Facts, *public_keys: str) -> bool:
    """Whether the checkpoint carries a signature by one of these Ed25519 keys (32 bytes in hex)."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    for public_key in public_keys:
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
            key.verify(unhex(checkpoint["signature"]), signed_bytes(checkpoint))
        except (InvalidSignature, ValueError):
            continue
        return True
    return False


def unpack(data: bytes, chain: str, block: Facts) -> list[tuple[Facts, str]]:
    """Return the rows of a block with their hashes. Raises `ValueError` where it is not what was sealed."""
    if hashlib.sha256(data).hexdigest() != block["digest"]:
        raise ValueError("its bytes are not those that were sealed")
    try:
        told, *bodies = map(json.loads, lzma.decompress(data).split(b"\n"))
    except lzma.LZMAError as error:
        raise ValueError("its bytes cannot be unpacked") from error
    if told != {"chain": chain, **{name: block[name] for name in OF_BLOCK}}:
        raise ValueError("it is of another place")
    if [body["index"] for body in bodies] != list(range(block["first"], block["last"] + 1)):
        raise ValueError("its rows are not those that are told")
    heads = list(itertools.accumulate(bodies, hash_row, initial=block["previous"]))
    if heads[-1] != block["head"]:
        raise ValueError("its rows do not lead to the hash that is told")
    return list(zip(bodies, heads[1:]))  # noqa: B905 - any Python 3


def merged(some: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Return the union of intervals as lists."""
    out: list[list[int]] = []
    for start, end in sorted(some):
        if out and start <= out[-1][1]:
            out[-1][1] = max(out[-1][1], end)
        elif start < end:
            out.append([start, end])
    return out


@dataclass
class Report:
    """What was found. `faults` is empty where all holds."""

    rows: int = 0
    sealed: int = 0
    # Rows of which only the hash of their block is here.
    absent: int = 0
    decisions: list[Facts] = field(default_factory=list)  # as the chain has them
    covered_ms: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing contradicts the evidence."""
        return not self.faults


class Reader:
    """Reads the lines of one export in order and keeps what they contradict."""

    def __init__(self, *public_keys: str) -> None:
        self.keys = public_keys
        self.copies: dict[int, Facts] = {}
        self.report = Report()
        self.genesis: Facts = {}
        self.start = self.head = ""
        # The hash at each length that is known: a block tells only that at its end.
        self.heads: dict[int, str] = {}
        self.length = 0
        # The lengths at which it is not known, when each row was received, and which checkpoint sealed how many.
        self.hidden: list[range] = []
        self.received: list[tuple[int, int]] = []
        self.seals: list[tuple[int, int]] = []
        self.lesson_of: dict[str, str] = {}
        self.opened_at: dict[str, int] = {}
        self.kept: dict[str, list[tuple[int, int]]] = {}
        self.walls: list[tuple[int, int]] = []
        self.media_ms: dict[str, int] = {}
        self.wall_ms: dict[str, int] = {}
        self.told: Facts | None = None

    def fault(self, words: str) -> None:
        """Note a contradiction."""
        self.report.faults.append(words)

    def read(self, line: Facts) -> None:
        """Take one line."""
        kind = line.get("type")
        known = {"row": self._read_row, "block": self._read_block, "checkpoint": self._read_checkpoint}
        if kind == "genesis":
            self._read_genesis(line)
        elif not self.start:
            self.fault("the export does not begin with its genesis")
        elif kind == "progress":
            self.told = line["lessons"]
        elif kind in known:
            known[kind](line)
        else:
            self.fault(f"a line of an unknown type: {kind}")

    def _read_genesis(self, line: Facts) -> None:
        if self.start:
            self.fault("a second genesis")
        self.genesis = line["genesis"]
        self.start = self.head = hash_genesis(self.genesis)
        self.heads, self.length = {0: self.start}, 0
        if line["hash"] != self.start:
            self.fault("the genesis does not have the hash that is told")

    def _read_row(self, line: Facts) -> None:
        body, number = line["body"], self.length
        if body["index"] != number:
            self.fault(f"row {number} is missing or out of order: row {body['index']} stands in its place")
        self.head = hash_row(self.head, body)
        if line["hash"] != self.head:
            self.fault(f"row {body['index']} was changed, or one before it: its hash does not follow")
            self.head = line["hash"]
        self.received.append((body["index"], body["received"]))
        self._go_on(1)
        self._credit(body)

    def _read_block(self, line: Facts) -> None:
        """Take the word of a block for its rows; the checkpoint after it decides whether that is worth anything."""
        at, first, count = self.length, line["first"], line["last"] - line["first"] + 1
        if first != at or count < 1:
            self.fault(f"row {at} is missing or out of order: a block from row {first} stands in its place")
        if line["previous"] != self.head:
            self.fault(f"the block from row {first} does not follow on the row before it")
        if line.get("why"):
            self.fault(f"the block of rows {first} to {line['last']} cannot be read: {line['why']}")
        self.head = line["head"]
        self.report.absent += count
        self.hidden.append(range(first + 1, line["last"] + 1))
        self._go_on(count)

    def _go_on(self, count: int) -> None:
        self.length += count
        self.heads[self.length] = self.head

    def _credit(self, body: Facts) -> None:
        """Fold what a row credited, and hold it to the promises."""
        if body["kind"] == "open":
            self.lesson_of[body["session"]] = body["facts"]["lesson"]
            self.opened_at[body["session"]] = body["received"]
        lesson = self.lesson_of.get(body["session"] or "", "")
        known = {one["key"]: one for one in self.genesis["lessons"]}.get(lesson)
        for s, e, start, end in body["kept"]:
            where = f"row {body['index']}"
            if known is None or not 0 <= s < e <= known["duration_ms"]:
                self.fault(f"{where} credits what is no part of a lecture of this edition")
            opened = self._opened(body, lesson, start, end)
            if not opened <= start < end <= body["received"]:
                self.fault(f"{where} credits time outside its session or after it was received")
            self.kept.setdefault(lesson, []).append((s, e))
            self.walls.append((start, end))
            self.media_ms[lesson] = self.media_ms.get(lesson, 0) + e - s
            self.wall_ms[lesson] = self.wall_ms.get(lesson, 0) + end - start
        if body["kind"] == "decision":
            self.report.decisions.append(body["facts"])
            credited = sum(e - s for parts in self.kept.values() for s, e in merged(parts))
            if not self.report.absent and body["facts"].get("verified_s", 0) * 1000 > credited:
                self.fault(f"row {body['index']} decides on more than the rows before it credited")

    def _opened(self, body: Facts, lesson: str, start: int, end: int) -> int:
        """Return when the session began that showed a piece: the row's own, or an earlier one of the lesson.

        Where the opening itself is in a block that is not here, nothing can be said against it.
        """
        session = body["session"]
        for whose, begin, until in body["facts"].get("waited", []):
            if begin <= start and end <= until and self.lesson_of.get(whose, lesson) == lesson:
                session = whose
        return self.opened_at.get(session, start)

    def _read_checkpoint(self, line: Facts) -> None:
        name, leaf = f"checkpoint {line['number']}", line["leaf"]
        if line["hash"] != hash_checkpoint(line):
            self.fault(f"{name} does not have the hash that is told")
        if self.keys and not is_signed(line, *self.keys):
            self.fault(f"{name} is not signed by this key")
        copy, before = self.copies.get(line["number"]), self.copies.get(line["number"] - 1)
        if (copy and copy["hash"] != line["hash"]) or (before and before["hash"] != line["previous"]):
            self.fault(f"{name} is not, or does not follow on, the one that was published")
        if any(leaf["length"] in lengths for lengths in self.hidden):
            return
        if self.heads.get(leaf["length"]) != leaf["head"]:
            self.fault(f"{name} sealed {leaf['length']} rows that are not these")
            return
        node = hash_leaf(self.start, leaf["length"], leaf["head"])
        if root_from(node, leaf["position"], line["size"], leaf["path"]) != line["root"]:
            self.fault(f"{name} does not hold this chain: its proof leads to another root")
        self.seals.append((line["number"], leaf["length"]))
        self.report.sealed = max(self.report.sealed, leaf["length"])

    def _hold_to_copies(self) -> None:
        """Find the first row that is older than a published checkpoint and sealed by none up to that one."""
        copies = sorted((one["at"], number) for number, one in self.copies.items())
        for index, received in self.received:
            place = bisect.bisect_left(copies, (received + UNSEEN_MS,))
            number = copies[place][1] if place < len(copies) else sys.maxsize
            if number < sys.maxsize and not any(by <= number and index < size for by, size in self.seals):
                self.fault(f"row {index} is older than checkpoint {number}, which did not seal it")
                return

    def finish(self) -> Report:
        """Hold the whole to the promises and return what was found."""
        if not self.start:
            self.fault("the export is empty")
            return self.report
        self.report.rows = self.length
        self._hold_to_copies()
        self.walls.sort()
        if any(one[1] > two[0] for one, two in zip(self.walls, self.walls[1:])):  # noqa: B905 - any Python 3
            self.fault("wall time was credited twice")
        cap = self.genesis["policy"]["rate_cap_thousandths"]
        for lesson, media in self.media_ms.items():
            if media > self.wall_ms[lesson] * cap // 1000 + SLACK_MS:
                self.fault(f"lesson {lesson} was credited faster than the policy allows")
        coverage = {lesson: merged(parts) for lesson, parts in self.kept.items()}
        self.report.covered_ms = {key: sum(e - s for s, e in parts) for key, parts in coverage.items()}
        if self.told is not None:
            told = {key: parts for key, parts in self.told.items() if parts}
            if self.report.absent:
                # What absent rows credited is unknown: what the others did is within what is told.
                coverage = {key: merged(told.get(key, []) + parts) for key, parts in coverage.items()}
                told = {key: told.get(key, []) for key in coverage}
            if told != coverage:
                self.fault("the progress told is not what the rows add up to")
        return self.report


def verify(lines: Iterable[Facts], *public_keys: str, copies: Iterable[Facts] = ()) -> Report:
    """Verify the lines of one export, and against copies of checkpoints; without a key, no signature counts."""
    reader = Reader(*public_keys)
    try:
        reader.report.faults += faults_of_copies(copies := list(copies), *public_keys)
        reader.copies = {one["number"]: one for one in copies}
        for line in lines:
            reader.read(line)
        return reader.finish()
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        reader.fault(f"the export cannot be read: {type(error).__name__}: {error}")
        return reader.report


def faults_of_copies(copies: list[Facts], *public_keys: str) -> list[str]:
    """Return which copies are worth nothing: changed, not signed by these keys, or at odds with another."""
    faults, hashes = [], dict[int, str]()
    for one in sorted(copies, key=lambda copy: int(copy["number"])):
        number, told, before = one["number"], one["hash"], one["previous"]
        if told != hash_checkpoint(one) or (public_keys and not is_signed(one, *public_keys)):
            faults.append(f"the copy of checkpoint {number} was changed or is not signed by this key")
        if hashes.get(number, told) != told or hashes.get(number - 1, before) != before:
            faults.append(f"the copy of checkpoint {number} contradicts another: two pasts were published")
        hashes[number] = told
    return faults


def copies_of(text: Iterable[str]) -> list[Facts]:
    """Return checkpoints that somebody kept: one a line, or pages of the platform's list."""
    return [one for line in lines_of(text) for one in line.get("results", [line])]


def lines_of(text: Iterable[str]) -> Iterator[Facts]:
    """Return the JSON lines of a text. Raises `ValueError` for a line that is none."""
    for line in text:
        if line.strip():
            yield json.loads(line)


def with_blocks(lines: Iterable[Facts], folder: Path) -> Iterator[Facts]:
    """Return the lines with the rows of each block whose object is in the folder, named by its SHA-256."""
    start = ""
    for line in lines:
        start = line.get("hash", "") if line.get("type") == "genesis" else start
        path = folder / f"{line['digest']}.xz" if line.get("type") == "block" else None
        if path is None or not path.is_file():
            yield line
            continue
        try:
            rows = unpack(path.read_bytes(), start, line)
        except (KeyError, TypeError, ValueError) as error:
            yield {**line, "why": str(error)}
            continue
        yield from ({"type": "row", "body": body, "hash": head} for body, head in rows)


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Verify an export of watch evidence, offline.")
    parser.add_argument("file", help="the export, JSON lines")
    key = "the platform's public key in hex; again for a former one; without it no signature is checked"
    parser.add_argument("--key", action="append", default=[], help=key)
    parser.add_argument("--blocks", type=Path, help="a folder with the objects of blocks that are not here")
    parser.add_argument("--checkpoints", type=Path, help="checkpoints as they were published and kept")
    return parser.parse_args(given)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; 0 where all holds, 1 where something contradicts it, 3 where nothing seals it or rows are absent."""
    given = _arguments(arguments)
    kept = given.checkpoints.read_text("utf-8").splitlines() if given.checkpoints else []
    with open(given.file, encoding="utf-8") as file:
        lines = with_blocks(lines_of(file), given.blocks) if given.blocks else lines_of(file)
        report = verify(lines, *given.key, copies=copies_of(kept))
    seconds = sum(report.covered_ms.values()) // 1000
    said = [f"FAULT  {words}" for words in report.faults]
    said.append(f"{report.rows} rows, {report.sealed} of them under a checkpoint, {seconds} s credited")
    said += [f"decided {json.dumps(one, sort_keys=True)}" for one in report.decisions]
    if not given.key:
        said.append("Signatures were not checked: no --key was given.")
    if report.absent:
        said.append(f"Of {report.absent} rows only the hash of their block is here, not what they credited.")
    code, verdict = (0, "The evidence holds.") if report.ok else (1, "The evidence does NOT hold.")
    if report.ok and report.absent:
        code, verdict = 3, "What is here holds."
    elif report.ok and given.key and not report.sealed:
        code, verdict = 3, "The rows agree, but no checkpoint seals them: they may have been made anew."
    sys.stdout.write("\n".join([*said, verdict, ""]))
    return code


if __name__ == "__main__":
    sys.exit(main())
