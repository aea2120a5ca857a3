"""Identifiers of people: pseudonyms, keyed digests and masks."""

import hashlib
import hmac
import uuid


def new_pseudonym() -> uuid.UUID:
    """Return a random identifier that says nothing of the person."""
    return uuid.uuid4()


def keyed_digest(value: str, key: str) -> str:
    """Return the hex HMAC-SHA-256 of `value`: equal values can be found, none can be read back."""
    return hmac.new(key.encode(), value.encode(), hashlib.sha256).hexdigest()


def mask_name(name: str) -> str:
    """Return `张*` for a Chinese name and `L*** J***` for a romanised one."""
    words = name.split()
    if len(words) > 1 or name.isascii():
        return " ".join(word[:1] + "***" for word in words)
    return name[:1] + "*" * max(1, len(name) - 1)


def mask_document(number: str) -> str:
    """Return the first three and last four characters, the rest starred (domain.md section 3)."""
    if len(number) <= 7:
        return "*" * len(number)
    return number[:3] + "*" * (len(number) - 7) + number[-4:]


def mask_mobile(number: str) -> str:
    """Return `138****1234`."""
    return number[:3] + "****" + number[-4:] if len(number) == 11 else "*" * len(number)


def mask_identifier(identifier: str) -> str:
    """Return a sign-in name that its owner recognises and nobody can use: `138****1234`, `a***@b.cn`."""
    if "@" in identifier:
        local, _, domain = identifier.partition("@")
        return f"{local[:1]}***@{domain}"
    return mask_mobile(identifier)
