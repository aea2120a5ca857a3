"""The Open Badges 3.0 credential of a certificate, before it is signed. Pure."""

from typing import Any

from classroom.certificates.facts import Facts

CONTEXT = [
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
]


def build(facts: Facts, *, facts_digest: str, did: str, site_url: str, verify_url: str) -> dict[str, Any]:
    """Return the credential: who achieved what, with the digest of the printed facts as evidence.

    It carries the holder's name in full: it is the holder's own file, as the PDF is.
    """
    course, by_hand = facts["course"], facts.get("by_correction", False)
    credential: dict[str, Any] = {
        "@context": CONTEXT,
        "id": verify_url,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": course["title_en"] or course["title"],
        "issuer": {"id": did, "type": ["Profile"], "name": facts["issuer"]["name"], "url": site_url},
        "validFrom": _instant(facts["issued_on"]),
        "credentialSubject": _subject(facts, site_url),
        "evidence": [
            {
                "id": f"urn:sha256:{facts_digest}",
                "type": ["Evidence"],
                "name": "Facts as printed, SHA-256 of their canonical JSON",
                "description": f"{facts['verified_seconds']} s verified, assurance {facts['assurance']}"
                + (", counted as completed by a correction of two persons" if by_hand else ""),
            }
        ],
    }
    if facts["valid_until"]:
        credential["validUntil"] = f"{facts['valid_until']}T23:59:59+08:00"
    return credential


def _subject(facts: Facts, site_url: str) -> dict[str, Any]:
    course, holder = facts["course"], facts["holder"]
    subject: dict[str, Any] = {
        "type": ["AchievementSubject"],
        "identifier": [
            {
                "type": "IdentityObject",
                "hashed": False,
                "identityHash": holder["name"],
                "identityType": "name",
            }
        ],
        "licenseNumber": facts["number"],
        "creditsEarned": float(facts["credit_hours"]),
        "activityEndDate": _instant(facts["completed_on"]),
        "achievement": {
            "id": f"{site_url}/courses/{course['code'].lower()}/#{course['edition']}",
            "type": ["Achievement"],
            "achievementType": "Certificate",
            "name": course["title"],
            "version": course["edition"],
            "description": _description(facts),
            "criteria": {"narrative": _criteria(facts)},
            "creditsAvailable": float(facts["credit_hours"]),
            "humanCode": course["code"],
        },
    }
    if facts["score"] is not None:
        subject["result"] = [{"type": ["Result"], "value": facts["score"]}]
    return subject


def _instant(day: str) -> str:
    return f"{day}T00:00:00+08:00"


def _description(facts: Facts) -> str:
    words = f"{facts['course']['code']} {facts['course']['title']}，{facts['credit_hours']} 学时"
    return f"{words}。仅作培训证明，不代表资质认定或人员资格。"


def _criteria(facts: Facts) -> str:
    minutes = facts["verified_seconds"] // 60
    exam = "，考试合格" if facts["score"] is not None else ""
    return f"按本版次的结业规则完成学习，服务器核验 {minutes} 分钟{exam}。"
