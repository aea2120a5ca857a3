"""What stands on the sheet: the facts turned into the words and places of the template. Pure.

The document is bilingual by design, so its words live here and not in a catalogue.
"""

import io
from dataclasses import asdict
from datetime import date
from math import floor
from typing import Any

import segno

from classroom.certificates import engraving
from classroom.certificates.facts import Facts

ASSURANCE = {
    "A0": "保证等级 A0：学习时长由学员申报",
    "A1": "保证等级 A1：播放由服务器逐秒核验；不证明专注",
    "A2": "保证等级 A2：播放由服务器逐秒核验，并经在线确认",
    "A3": "保证等级 A3：播放由服务器逐秒核验，考试有人监督",
}
BY_CORRECTION = "保证等级 A0：经两人更正程序认定，未经逐秒核验"
DISCLAIMER = "仅作培训证明，不代表资质认定或人员资格。"


def minutes(seconds: int) -> str:
    """Return minutes rounded down: whole from ten on, with one decimal below."""
    return str(seconds // 60) if seconds >= 600 else f"{floor(seconds / 6) / 10:g}"


def plain(decimal: str) -> str:
    """Return `92.0` as `92` and `92.5` as it is."""
    return f"{float(decimal):g}"


def qr_svg(text: str) -> str:
    """Return a QR code (level M) as an SVG without margin or background."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", border=0, xmldecl=False, svgns=True, dark="#17211E"
    )
    return out.getvalue().decode()


def _result(facts: Facts) -> dict[str, Any]:
    course, hours = facts["course"], facts["credit_hours"]
    studied = minutes(facts["verified_seconds"]) if facts["verified_seconds"] else ""
    title = f"{course['title_en'] or course['title']} ({course['code']})"
    zh = f"经核验学习 {studied} 分钟，计 {hours} 学时，" if studied else f"计 {hours} 学时，"
    en = f"has completed {title}, " + (f"{studied} verified minutes, " if studied else "")
    if facts["score"] is None:
        return {"zh": f"{zh}准予结业。", "en": [f"{en}{hours} credit hours."]}
    score = plain(facts["score"])
    return {
        "zh": f"{zh}考试 {score} 分，合格，准予结业。",
        "en": [
            f"{en}{hours} credit hours,",
            f"and passed the examination with a score of {score} out of 100.",
        ],
    }


def _ruler(facts: Facts) -> dict[str, Any]:
    start, segments = 0.0, []
    for number, lesson in enumerate(facts["lessons"], start=1):
        end = start + lesson["seconds"] / 60
        segments.append({"title": lesson["title"], "number": str(number), "start": start, "end": end})
        start = end
    ticks = [asdict(tick) for tick in engraving.ruler_ticks(start)]
    if ticks:
        ticks[-1]["label"] = minutes(round(start * 60))
    return {"total": start, "segments": segments, "ticks": ticks}


def _validity(valid_until: str | None) -> dict[str, str]:
    if valid_until:
        return {"label": "有效至 Valid until", "value": valid_until}
    return {"label": "有效期 Validity", "value": "长期 No end date"}


def data(facts: Facts, *, facts_digest: str, verify_url: str, watermark: str = "") -> dict[str, Any]:
    """Return the template's data. `watermark` marks a specimen."""
    holder, course, issued = facts["holder"], facts["course"], date.fromisoformat(facts["issued_on"])
    document = f"证件号 {holder['document']}" if holder["document"] else ""
    institution = facts["institution"]["name"] if facts["institution"] else ""
    marks = "　".join(
        filter(None, ["演示 DEMO" if facts["is_demo"] else "", "样张 SPECIMEN" if watermark else ""])
    )
    return {
        "fallback": [],
        "title": f"结业证书 {facts['number']}",
        "issuer": facts["issuer"]["name"],
        "keywords": [facts["number"], course["code"]],
        "issued": {
            "year": issued.year,
            "month": issued.month,
            "day": issued.day,
            "words": f"{issued.year} 年 {issued.month} 月 {issued.day} 日",
        },
        "background": engraving.background(),
        "number": facts["number"],
        "validity": _validity(facts["valid_until"]),
        "name": holder["name"],
        "name-is-short": len(holder["name"]) == 2 and not holder["name"].isascii(),
        "holder-line": [part for part in (holder["romanised"], document, institution) if part],
        "course": {"title": course["title"], "edition": f"（{course['code']}，{course['edition']} 版）"},
        "result": _result(facts),
        "ruler": _ruler(facts),
        "qr": qr_svg(verify_url),
        "verify": {"url": verify_url, "shown": verify_url.partition("://")[2].rstrip("/")},
        "digest": {
            "algorithm": "SHA-256",
            "shown": f"{facts_digest[:4]} {facts_digest[4:8]} {facts_digest[8:12]} ⋯ {facts_digest[-4:]}",
        },
        "assurance": BY_CORRECTION if facts.get("by_correction") else ASSURANCE[facts["assurance"]],
        "disclaimer": DISCLAIMER + marks,
        "seal": asdict(engraving.seal(facts["issuer"]["name"], "演示" if facts["is_demo"] else "培训专用")),
        "watermark": watermark,
        "credential": "",
    }
