"""The words by which files say of which kind a question is and which answer is right."""

import re
import unicodedata

_KINDS = {
    "single": ("1", "单选", "单选题", "单项选择题", "选择题", "single"),
    "multiple": ("2", "多选", "多选题", "多项选择题", "multiple"),
    "true_false": ("3", "判断", "判断题", "是非题", "true_false", "truefalse"),
}
_TRUE = {"true", "t", "对", "正确", "是", "√", "✓", "1"}
_FALSE = {"false", "f", "错", "错误", "否", "×", "✗", "x", "0"}
_LETTERS = re.compile(r"[A-Za-z]")


def kind_of(word: str) -> str:
    """Return the kind that a file names, or "" for one that is not known."""
    word = usual(word).strip().lower()
    return next((kind for kind, words in _KINDS.items() if word in words), "")


def truth_of(word: str) -> bool | None:
    """Return whether an answer says true, or None where it says neither."""
    word = usual(word).strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def letters_of(answer: str) -> tuple[str, ...]:
    """Return the letters of an answer such as `A、C` or `ACD`."""
    return tuple(dict.fromkeys(letter.upper() for letter in _LETTERS.findall(usual(answer))))


def usual(text: str) -> str:
    """Return a text in its usual width: Ａ typed in full width is A."""
    return unicodedata.normalize("NFKC", text)
