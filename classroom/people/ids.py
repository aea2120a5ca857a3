"""Identifiers of people: how they are written, pseudonyms, keyed digests and masks. Pure."""

import hashlib
import hmac
import re
import unicodedata
import uuid

# Joiners that some scripts need inside a word; all other invisible characters are dropped.
_JOINERS = {"\u200c", "\u200d"}
_COUNTRY = re.compile(r"^(?:\+|00)?86(?=1[0-9]{10}$)")
_BETWEEN_DIGITS = re.compile(r"[\s\-\u2010-\u2015\u2212().]+")
# What keyboards make of the dot between the parts of a name: bullet, katakana dot, operator, leaders.
_NAME_DOTS = re.compile(r"\s*[\u00b7\u2022\u2027\u2219\u22c5\u30fb\uff65]\s*")
_HAN = re.compile(r"[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


def visible(text: str) -> str:
    """Return the text without invisible marks, such as those that copying from a phone book adds."""
    return "".join(
        char for char in text if char in _JOINERS or unicodedata.category(char) not in {"Cf", "Cs", "Co"}
    )


def normal_mobile(text: str) -> str:
    """Return a mobile number as it is kept, however it was typed.

    `+86 138-0000 0001`, `0086 13800000001` and full-width digits all give `13800000001`. What is no
    number comes back as it was, without spaces.
    """
    return _COUNTRY.sub("", _BETWEEN_DIGITS.sub("", unicodedata.normalize("NFKC", visible(text))))


def normal_email(text: str) -> str:
    """Return an e-mail address as it is kept: narrow characters, lower case."""
    return unicodedata.normalize("NFKC", visible(text)).strip().lower()


def normal_identifier(text: str) -> str:
    """Return what a person typed to sign in as it is kept, be it a mobile number or an e-mail address."""
    email = normal_email(text)
    return email if "@" in email else normal_mobile(text)


def normal_name(text: str) -> str:
    """Return a name with single spaces and, between its parts, the one dot that certificates print.

    Characters are never exchanged for equivalent ones: a rare character of a name is the name.
    """
    return _NAME_DOTS.sub("·", " ".join(visible(text).split()))


def new_pseudonym() -> uuid.UUID:
    """Return a random identifier that says nothing of the person."""
    return uuid.uuid4()


def keyed_digest(value: str, key: str) -> str:
    """Return the hex HMAC-SHA-256 of `value`: equal values can be found, none can be read back."""
    return hmac.new(key.encode(), value.encode(), hashlib.sha256).hexdigest()


def mask_name(name: str) -> str:
    """Return `张*` for a Chinese name and `L*** J***` for a romanised one."""
    words = name.split()
    if _HAN.search(name):
        # A Chinese name that is written with a space, as forms like to, would else be shown whole.
        name = "".join(words)
        return name[:1] + "*" * max(1, len(name) - 1)
    if len(words) > 1 or name.isascii():
        return " ".join(word[:1] + "***" for word in words)
    return name[:1] + "*" * max(1, len(name) - 1)


def mask_mobile(number: str) -> str:
    """Return `138****1234`."""
    return number[:3] + "****" + number[-4:] if len(number) == 11 else "*" * len(number)


def mask_identifier(identifier: str) -> str:
    """Return a sign-in name that its owner recognises and nobody can use: `138****1234`, `a***@b.cn`."""
    if "@" in identifier:
        local, _, domain = identifier.partition("@")
        return f"{local[:1]}***@{domain}"
    return mask_mobile(identifier)
