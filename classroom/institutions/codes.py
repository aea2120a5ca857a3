"""Codes of institutions and people, checked by their own rules. Pure; nothing is looked up.

USCC: GB 32100-2015 with the organisation code of GB 11714 inside. Resident ID: GB 11643-1999.
CMA certificate numbers: sources differ on what their parts mean, so these checks only warn.
"""

import re
from datetime import date

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC = re.compile(r"[0-9A-HJ-NP-RTUWXY]{2}[0-9]{6}[0-9A-HJ-NP-RTUWXY]{10}")
_USCC_WEIGHTS = tuple(pow(3, index, 31) for index in range(17))
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_RESIDENT_ID = re.compile(r"[1-9]\d{16}[\dXx]")
_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_RESIDENT_CHECKS = "10X98765432"
_CMA = re.compile(r"\d{12}")
# Issuers that a Shanghai platform meets: the national office, and provinces 01 to 31.
_CMA_ISSUERS = {f"{number:02d}" for number in range(32)}


def uscc_check_digit(stem: str) -> str:
    """Return the 18th character for the first 17.

    Raises `ValueError` where `stem` is not 17 characters of the code's alphabet.
    """
    if len(stem) != 17:
        raise ValueError("A unified social credit code has 17 characters before its check digit.")
    total = sum(USCC_ALPHABET.index(char) * weight for char, weight in zip(stem, _USCC_WEIGHTS, strict=True))
    return USCC_ALPHABET[-total % 31]


def organisation_check_digit(stem: str) -> str:
    """Return the check digit (GB 11714, modulo 11) for the eight characters of an organisation code.

    Raises `ValueError` for anything else than eight letters or digits.
    """
    if len(stem) != 8 or not stem.isascii():
        raise ValueError("An organisation code has eight characters before its check digit.")
    total = sum(int(char, 36) * weight for char, weight in zip(stem, _ORGANISATION_WEIGHTS, strict=True))
    check = -total % 11
    return "X" if check == 10 else str(check)


def uscc_is_valid(code: str) -> bool:
    """Whether the form, the organisation code inside and the check digit are right."""
    if not _USCC.fullmatch(code):
        return False
    return code[16] == organisation_check_digit(code[8:16]) and code[17] == uscc_check_digit(code[:17])


def resident_id_is_valid(number: str) -> bool:
    """Whether form, birth date and check character are right; a lower-case x is accepted.

    Not whether the division existed: codes of former divisions remain in use.
    """
    if not _RESIDENT_ID.fullmatch(number) or not number.isascii():
        return False
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(int(char) * weight for char, weight in zip(number[:17], _RESIDENT_WEIGHTS, strict=True))
    return number[17].upper() == _RESIDENT_CHECKS[total % 11]


def cma_warnings(number: str) -> list[str]:
    """Return what looks odd in a CMA certificate number, as codes: `format`, `year`, `issuer`.

    An empty list means nothing odd. Only `format` is certain; the rest is for a person to check.
    """
    if not _CMA.fullmatch(number) or not number.isascii():
        return ["format"]
    warnings = []
    if not 15 <= int(number[:2]) <= 45:
        warnings.append("year")
    if number[2:4] not in _CMA_ISSUERS:
        warnings.append("issuer")
    return warnings
