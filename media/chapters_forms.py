"""The form of a lecture's chapters: a row for each slide and each chapter, and empty rows for more."""

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from media.models import Chapter, Slide
from media.words import clock

_TIME = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):(\d{2})(?:\.(\d{1,3}))?")
MOST_ROWS = 2000
_SPARE = 3
_HELP = _("Write the time as 3:05 or 1:03:05.")


def as_time(milliseconds: int) -> str:
    """Return a time as the form shows it: 3:05, and with thousandths only where there are any."""
    whole, rest = divmod(milliseconds, 1000)
    return clock(whole * 1000) + (f".{rest:03}" if rest else "")


def read_time(text: str) -> int:
    """Return milliseconds; raise ValueError for what is no time."""
    match = _TIME.fullmatch(text.strip().replace("：", ":"))
    if match is None or int(match[3]) > 59 or (match[1] and int(match[2]) > 59):
        raise ValueError(text)
    seconds = int(match[1] or 0) * 3600 + int(match[2]) * 60 + int(match[3])
    return seconds * 1000 + int((match[4] or "").ljust(3, "0"))


class RowForm(forms.Form):
    """One moment: the slide that begins there, if one does, and the chapter, if it has a title."""

    slide = forms.IntegerField(required=False, widget=forms.HiddenInput)
    time = forms.CharField(label=_("Begins at"), required=False, max_length=16, strip=True)
    title = forms.CharField(label=_("Title of the chapter"), required=False, max_length=200, strip=True)
    shown = forms.BooleanField(label=_("Show this slide"), required=False)
    unfit = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def clean_time(self) -> int | None:
        """Return milliseconds, None for an empty field."""
        text = self.cleaned_data["time"]
        if not text:
            return None
        try:
            return read_time(text)
        except ValueError as error:
            raise forms.ValidationError(_HELP) from error

    def clean(self) -> dict[str, Any]:
        """A title needs a time; a time without a slide needs a title."""
        given = self.cleaned_data
        if "time" in given and "title" in given:
            time, title = given["time"], given["title"]
            if title and time is None:
                self.add_error("time", _("Say when it begins, such as 3:05, or clear the title."))
            if time is not None and not title and not given.get("slide"):
                self.add_error("title", _("Give the chapter a title, or clear its time."))
        return given


class RowsFormSet(forms.BaseFormSet):  # type: ignore[type-arg]  # not generic when it runs
    """All rows; what is wrong is said at its row."""

    def __init__(self, *args: Any, duration_ms: int, slides: Sequence[Slide], **kwargs: Any) -> None:
        self.duration_ms = duration_ms
        self.slides = {slide.pk: slide for slide in slides}
        super().__init__(*args, **kwargs)
        for form in self.forms:
            form.picture = self.slides.get(_number(form["slide"].value()) or 0)

    def clean(self) -> None:
        """Chapters begin within the lecture, each at a time of its own."""
        seen: set[int] = set()
        for form in self.forms:
            given = getattr(form, "cleaned_data", {})
            time = given.get("time")
            if not given.get("title") or time is None:
                continue
            if time >= self.duration_ms:
                form.add_error(
                    "time",
                    _("The lecture ends at %(end)s. Choose an earlier time.")
                    % {"end": clock(self.duration_ms)},
                )
            if time in seen:
                form.add_error("time", _("Another chapter begins at this time. Change one of them."))
            seen.add(time)

    @property
    def chapters(self) -> list[tuple[int, str]]:
        """What was entered: time and title of each chapter."""
        given = [form.cleaned_data for form in self.forms if form.cleaned_data]
        return [(row["time"], row["title"]) for row in given if row.get("title")]

    @property
    def shown(self) -> set[int]:
        """The slides that are ticked, of this encode only."""
        given = [form.cleaned_data for form in self.forms if form.cleaned_data]
        return {row["slide"] for row in given if row.get("shown")} & set(self.slides)

    @property
    def mistakes(self) -> str:
        """How many rows are to be corrected, in words; "" where none is."""
        count = sum(bool(form.errors) for form in self.forms)
        if not count:
            return ""
        return ngettext(
            "Nothing was saved: %(count)d row needs a correction. It is marked below.",
            "Nothing was saved: %(count)d rows need a correction. They are marked below.",
            count,
        ) % {"count": count}


_Rows: type[RowsFormSet] = forms.formset_factory(
    RowForm, formset=RowsFormSet, extra=0, max_num=MOST_ROWS, absolute_max=MOST_ROWS
)  # type: ignore[assignment]  # the factory does not know the class it was given


def rows(
    *, slides: Sequence[Slide], chapters: Sequence[Chapter], duration_ms: int, data: Any = None, more: int = 0
) -> RowsFormSet:
    """Return the form, filled with what is kept or with what was sent (`data`), and `more` empty rows."""
    if data is not None and more:
        data = data.copy()
        total = _number(data.get("rows-TOTAL_FORMS")) or 0
        data["rows-TOTAL_FORMS"] = str(min(total + more, MOST_ROWS))
    initial = _initial(slides, chapters) + [{"shown": False}] * _SPARE
    return _Rows(
        data,
        initial=None if data is not None else initial,
        prefix="rows",
        duration_ms=duration_ms,
        slides=slides,
    )


def _initial(slides: Sequence[Slide], chapters: Sequence[Chapter]) -> list[dict[str, Any]]:
    """Return the rows in the order of time; a chapter that begins with a slide is in its row."""
    placed = {chapter.start_ms: chapter for chapter in chapters if chapter.state != Chapter.State.UNFIT}
    found: list[tuple[int, dict[str, Any]]] = []
    for slide in slides:
        chapter = placed.pop(slide.start_ms, None)
        row = {"slide": slide.pk, "time": as_time(slide.start_ms), "shown": slide.state != Slide.State.HIDDEN}
        found.append((slide.start_ms, {**row, "title": chapter.title if chapter else ""}))
    unfit = [chapter for chapter in chapters if chapter.state == Chapter.State.UNFIT]
    for chapter in [*placed.values(), *unfit]:
        is_unfit = chapter.state == Chapter.State.UNFIT
        row = {"time": as_time(chapter.start_ms), "title": chapter.title, "unfit": is_unfit}
        found.append((-1 if is_unfit else chapter.start_ms, row))
    return [row for _at, row in sorted(found, key=lambda pair: pair[0])]


def _number(value: Any) -> int | None:
    text = str(value)
    # Python refuses to read thousands of digits, and no row has a number of so many.
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
