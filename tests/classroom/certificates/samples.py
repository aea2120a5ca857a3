"""The certificate of the drawing, as facts."""

from typing import Any

LESSONS = [("主体责任", 34), ("不实与虚假", 40), ("分包", 38), ("签章", 32), ("双随机", 36)]


def sample_facts(**changes: Any) -> dict[str, Any]:
    """Return the facts of 林静's certificate with some of them changed."""
    return {
        "version": 1,
        "number": "HJY-2026-B1-000123-8",
        "holder": {"name": "林静", "romanised": "LIN Jing", "document": "310***********001X"},
        "institution": {"name": "东岸食品检测（演示）有限公司", "uscc": "Y1310115DEM0A00190"},
        "course": {
            "code": "B1",
            "title": "监督管理办法与报告合规",
            "title_en": "Supervision Rules and Report Compliance",
            "edition": "2026.1",
        },
        "credit_hours": "4.0",
        "verified_seconds": 10_800,
        "lessons": [{"title": title, "seconds": minutes * 60} for title, minutes in LESSONS],
        "score": "92.0",
        "assurance": "A1",
        "completed_on": "2026-09-16",
        "issued_on": "2026-09-17",
        "valid_until": "2029-09-16",
        "issuer": {"name": "演示检验检测培训中心", "name_en": "Demonstration Training Centre"},
        "is_demo": True,
    } | changes
