"""Merkle trees as RFC 9162 hashes them. Pure."""

from collections.abc import Sequence

from classroom.progress.verifier import hash_node


def _split(count: int) -> int:
    """Return the largest power of two below `count`, which is at least 2."""
    return 1 << (count - 1).bit_length() - 1


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes; raises `ValueError` for no leaf."""
    if not leaves:
        raise ValueError("a tree has at least one leaf")
    if len(leaves) == 1:
        return leaves[0]
    at = _split(len(leaves))
    return hash_node(root_of(leaves[:at]), root_of(leaves[at:]))


def path_to(position: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return the inclusion proof of a leaf, from the leaf up (RFC 9162 section 2.1.3.1)."""
    if len(leaves) == 1:
        return []
    at = _split(len(leaves))
    if position < at:
        return [*path_to(position, leaves[:at]), root_of(leaves[at:])]
    return [*path_to(position - at, leaves[at:]), root_of(leaves[:at])]
