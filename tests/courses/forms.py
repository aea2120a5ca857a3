"""What the course editor posts."""

import json

from tests.factories.catalogue import TopicFactory, lesson_blocks
from tests.factories.questions import fill_bank


def stream(name, blocks):
    """The form fields of a stream of blocks."""
    fields = {f"{name}-count": str(len(blocks))}
    for at, block in enumerate(blocks):
        fields |= {
            f"{name}-{at}-deleted": "",
            f"{name}-{at}-order": str(at),
            f"{name}-{at}-type": block["type"],
            f"{name}-{at}-id": block["id"],
        }
        values = block["value"]
        if not isinstance(values, dict):
            fields[f"{name}-{at}-value"] = values
            continue
        if block["type"] == "video":
            fields |= stream(f"{name}-{at}-value-questions", values.get("questions", []))
        for key, value in values.items():
            if key == "questions":
                continue
            if key == "body":
                value = json.dumps(
                    {
                        "blocks": [
                            {
                                "key": "a",
                                "text": "正文",
                                "type": "unstyled",
                                "depth": 0,
                                "inlineStyleRanges": [],
                                "entityRanges": [],
                            }
                        ],
                        "entityMap": {},
                    }
                )
            fields[f"{name}-{at}-value-{key}"] = str(value)
    return fields


def course_form(code, **changes):
    """What the editor posts for a course that could be published."""
    return {
        "title": "报告合规",
        "slug": code.lower(),
        "code": code,
        "topic": str(TopicFactory().pk),
        "purpose": "弄清不实与虚假的界限。",
        "audience": "全员",
        "teacher": "林若曦",
        "credit_hours": "1.0",
        "question_bank": str(fill_bank(single=3).pk),
        "exam_single": "2",
        "exam_multiple": "0",
        "exam_true_false": "0",
        "exam_minutes": "30",
        "pass_mark": "60",
        "exam_attempts": "3",
        "exam_interval_minutes": "60",
        "coverage_percent": "100",
        "rate_cap": "1",
        "presence_minutes": "0",
        "credit_hour_seconds": "2700",
        "comments-TOTAL_FORMS": "0",
        "comments-INITIAL_FORMS": "0",
        **stream("lessons", lesson_blocks()),
        **stream("outcomes", []),
        **stream("legal_basis", []),
        **changes,
    }
