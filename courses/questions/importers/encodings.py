"""Bytes to text: UTF-8, UTF-16 and GB18030, told apart without guessing wrong in silence."""

import codecs
import re
import unicodedata

from django.utils.translation import gettext_lazy as _

from courses.questions.errors import UnreadableFile

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What a text in another encoding turns into when it is read as GB18030: private and unassigned signs.
_IMPLAUSIBLE = {"Co", "Cn", "Cs"}
_RADICALS = re.compile("[\u2e80-\u2fdf]")


def decode(content: bytes) -> tuple[str, str]:
    """Return the text and the name of its encoding. Raises `UnreadableFile` where none fits."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _strictly(content, encoding), encoding.removesuffix("-sig")
    if b"\x00" in content[:200]:
        encoding = "utf-16-le" if content[1:2] == b"\x00" or content[:200:2].count(0) == 0 else "utf-16-be"
        return _strictly(content, encoding), "utf-16"
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        text = _strictly(content, "gb18030")
    if any(_is_implausible(sign) for sign in text):
        raise UnreadableFile(_("The encoding is not known. Save the file as UTF-8 and try again."))
    return text, "gb18030"


def _strictly(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableFile(_("The encoding is not known. Save the file as UTF-8 and try again.")) from error


def _is_implausible(sign: str) -> bool:
    control = unicodedata.category(sign) == "Cc" and sign not in "\t\r\n"
    return control or unicodedata.category(sign) in _IMPLAUSIBLE


def tidy(text: str) -> str:
    """Return a text with single spaces, and radicals such as ⼯ as the characters they look like.

    Radicals come from PDF files; nobody finds a question that is written with them.
    """
    text = _RADICALS.sub(lambda sign: unicodedata.normalize("NFKC", sign[0]), text)
    return " ".join(text.replace("\u3000", " ").replace("\ufeff", "").split())
