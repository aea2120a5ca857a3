"""Pictures of a specimen certificate for course pages: made once an edition, kept in storage."""

import contextlib
from datetime import timedelta
from io import BytesIO

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image

from classroom.certificates import facts as frozen
from classroom.certificates import press, sheet
from classroom.certificates.numbers import make
from courses.catalogue.models import Course, Edition, EditionLesson
from media import store

# Twice the width at which course pages show it.
DOTS_PER_INCH = 96
# Raised when the sheet changes, so that pictures kept before give way.
DESIGN = 3
WIDTH = 900


def facts_for(edition: Edition) -> frozen.Facts:
    """Return the facts of a certificate that nobody holds: serial 0, an invented name."""
    today = timezone.localdate()
    lectures = edition.lessons.filter(kind=EditionLesson.Kind.VIDEO).order_by("position")
    lessons = [frozen.Lesson(title=one.title, seconds=one.duration_ms // 1000) for one in lectures]
    until = frozen.last_valid_day(today, edition.validity_months)
    has_exam = hasattr(edition, "exam")
    number = make(prefix=settings.CERTIFICATE_PREFIX, year=today.year, course=edition.course.code, serial=0)
    return {
        "version": 1,
        "number": str(number),
        "holder": {"name": "样张", "romanised": "YANG Zhang", "document": "310***********001X"},
        "institution": {"name": "某某检测（样张）有限公司", "uscc": ""},
        "course": {
            "code": edition.course.code,
            "title": edition.title,
            "title_en": edition.title_en,
            "edition": edition.number,
            "edition_digest": edition.digest,
        },
        "credit_hours": str(edition.credit_hours),
        "verified_seconds": sum(lesson["seconds"] for lesson in lessons),
        "lessons": lessons,
        "score": "92.0" if has_exam else None,
        "assurance": "A1" if lessons else "A0",
        "completed_on": (today - timedelta(days=1)).isoformat(),
        "issued_on": today.isoformat(),
        "valid_until": until.isoformat() if until else None,
        "issuer": {"name": settings.CERTIFICATE_ISSUER, "name_en": settings.CERTIFICATE_ISSUER_EN},
        "is_demo": bool(settings.DEMO),
    }


def lighter(png: bytes) -> bytes:
    """Return the picture at three times the width at which pages show it, in 128 colours: a sixth of the bytes."""
    with Image.open(BytesIO(png)) as drawn:
        height = round(WIDTH * drawn.height / drawn.width)
        small = drawn.convert("RGB").resize((WIDTH, height), Image.Resampling.LANCZOS)
    kept = BytesIO()
    small.quantize(128, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(kept, "PNG", optimize=True)
    return kept.getvalue()


def picture(course_code: str) -> bytes | None:
    """Return the PNG of a course's current edition, made on the first call; None without an edition."""
    if not course_code.isalnum():
        return None
    courses = Course.objects.select_related("current__course", "current__exam")
    course = courses.filter(code=course_code.upper(), current__isnull=False).first()
    if course is None or course.current is None:
        return None
    name = f"certificates/specimens/{course.code}-{course.current.digest[:16]}-{DESIGN}.png"
    # Asked for by opening it: what is tidied away between a look and a reading is no fault, it is made again.
    with store.reaching(), contextlib.suppress(FileNotFoundError), default_storage.open(name) as file:
        return bytes(file.read())
    facts = facts_for(course.current)
    data = sheet.data(
        facts,
        facts_digest=frozen.digest(facts),
        verify_url=f"{settings.SITE_URL}/verify/",
        watermark="样张 SPECIMEN",
    )
    made = lighter(press.picture(data, dots_per_inch=DOTS_PER_INCH))
    with store.reaching():
        default_storage.save(name, ContentFile(made))
    return made
