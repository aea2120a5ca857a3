"""The tags on their own: numbers in words, query strings, forms, and nothing that a name could smuggle in."""

import re
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest
from django import forms
from django.core.paginator import Paginator
from django.http import QueryDict
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from config.shell.templatetags import shell

EVIL = '"><script>alert(1)</script>'


def drawn(source: str, **values: Any) -> str:
    return Template("{% load shell %}" + source).render(Context(values))


class TestNumbers:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (None, ""), (0, "0"), (4, "4"), (4.0, "4"), (4.5, "4.5"), (0.1, "0.1"), (100, "100"),
            (Decimal("4.0"), "4"), (Decimal("4.50"), "4.5"), (Decimal(100), "100"), (Decimal("1E+2"), "100"),
            (Decimal("0.0"), "0"), (1200.0, "1200"), ("4.0", "4"), ("10", "10"), ("", ""),
        ],
    )  # fmt: skip
    def test_a_number_has_no_needless_zeros_and_loses_none_that_counts(self, value: Any, text: str) -> None:
        assert shell.plain_number(value) == text

    @given(st.decimals(min_value=0, max_value=10**6, places=1))
    def test_a_number_can_be_read_back(self, value: Decimal) -> None:
        assert Decimal(shell.plain_number(value)) == value

    @pytest.mark.parametrize(
        ("milliseconds", "minutes"),
        [(None, 0), (0, 0), (1, 1), (29_999, 1), (60_000, 1), (89_999, 1), (91_000, 2), (3_600_000, 60)],
    )
    def test_minutes_are_whole_and_something_is_never_nothing(
        self, milliseconds: int | None, minutes: int
    ) -> None:
        assert shell.as_minutes(milliseconds) == minutes

    @pytest.mark.parametrize(
        ("milliseconds", "text"), [(None, "00:00"), (999, "00:00"), (1000, "00:01"), (3_599_999, "59:59"), (3_600_000, "1:00:00")]
    )  # fmt: skip
    def test_clock_time_never_runs_ahead(self, milliseconds: int | None, text: str) -> None:
        assert shell.as_clock(milliseconds) == text


class TestRates:
    @pytest.mark.parametrize(
        ("part", "whole", "width"), [(0, 10, "0%"), (5, 10, "50%"), (10, 10, "100%"), (12, 10, "100%"), (0, 0, "0%"), (3, 0, "0%")]
    )  # fmt: skip
    def test_a_rate_stays_on_its_scale(self, part: int, whole: int, width: str) -> None:
        svg = drawn("{% rate part whole %}", part=part, whole=whole)
        band = re.search(r'class="ruler__band" width="([^"]+)"', svg)
        assert band is not None
        assert float(band[1].rstrip("%")) == float(width.rstrip("%"))

    def test_a_rate_says_its_numbers_in_both_languages(self) -> None:
        with translation.override("en"):
            assert 'aria-label="1 of 3, 33.3 %"' in drawn("{% rate 1 3 %}")
        with translation.override("zh-hans"):
            label = re.search('aria-label="([^"]+)"', drawn("{% rate 1 3 %}"))
            assert label is not None
            assert "33.3" in label[1]
            assert "of" not in label[1]

    def test_stages_fill_and_stop_in_the_middle_of_one(self) -> None:
        svg = drawn("{% stages 6 2.4 'Encoding' True %}")
        assert 'width="40%"' in svg
        assert "ruler__stop" in svg
        assert svg.count("ruler__tick") == 7
        assert "ruler__stop" not in drawn("{% stages 6 2.4 'Encoding' %}")

    @pytest.mark.parametrize("done", [-1, 0, 6, 99])
    def test_stages_never_leave_the_scale(self, done: int) -> None:
        svg = drawn("{% stages 6 done 'x' %}", done=done)
        assert f'width="{100 if done > 0 else 0}%"' in svg

    def test_an_empty_ruler_says_nothing(self) -> None:
        svg = drawn("{% empty_ruler %}")
        assert 'aria-hidden="true"' in svg
        assert "aria-label" not in svg
        assert "role=" not in svg


class TestWhatAnEditorTypes:
    @pytest.mark.parametrize(
        "source",
        [
            "{% stages 3 1 evil %}",
            "{% rate 1 3 evil %}",
            "{% ruler length_ms=60000 sentence=evil %}",
            "{% ruler length_ms=60000 unit='clock' chapters=chapters %}",
            "{% ruler parts=parts %}",
            "{% icon 'clock' 16 label=evil %}",
            "{% icon 'clock' 16 css=evil %}",
            "{% poster 'B1' 'B' 4 css=evil %}",
        ],
    )
    def test_is_text_and_never_a_tag(self, source: str) -> None:
        markup = drawn(
            source,
            evil=EVIL,
            chapters=[
                {"start_ms": 0, "label": EVIL},
                {"start_ms": 30_000, "label": EVIL, "is_current": True},
            ],
            parts=[{"length_ms": 60_000, "label": EVIL, "short": EVIL, "spans": [[0, 9]]}],
        )
        assert "<script" not in markup
        assert (
            ElementTree.fromstring(
                f"<x>{markup.replace(' decoding=', ' d=')}</x>".replace('async">', 'async"/>')
            )
            is not None
        )

    def test_is_escaped_once_and_not_twice(self) -> None:
        assert "A &amp; B" in drawn("{% stages 3 1 words %}", words="A & B")
        assert "&amp;amp;" not in drawn("{% stages 3 1 words %}", words="A & B")


class TestSentences:
    def test_what_is_whole_has_no_gap(self) -> None:
        with translation.override("en"):
            svg = drawn("{% ruler length_ms=60000 spans=spans %}", spans=[[0, 60_000]])
        assert "Verified 01:00 of 01:00" in svg
        assert "gap" not in re.findall('aria-label="([^"]+)"', svg)[0]

    @pytest.mark.parametrize(
        ("spans", "words"), [([[0, 10_000], [20_000, 60_000]], "1 gap, 00:10 missing"), ([[0, 1000], [2000, 3000], [5000, 60_000]], "2 gaps, 00:03 missing")]
    )  # fmt: skip
    def test_gaps_are_counted_and_their_time_added(self, spans: list[list[int]], words: str) -> None:
        with translation.override("en"):
            assert words in drawn("{% ruler length_ms=60000 spans=spans %}", spans=spans)

    def test_where_one_stands_is_said_at_the_very_start_too(self) -> None:
        with translation.override("en"):
            assert "now at 00:00" in drawn("{% ruler length_ms=60000 position_ms=0 %}")
            assert "now at" not in drawn("{% ruler length_ms=60000 %}")

    def test_the_small_ruler_stands_in_a_line_and_the_others_in_a_box(self) -> None:
        assert "ruler-box" not in drawn("{% ruler length_ms=60000 size='small' %}")
        assert "ruler-box" in drawn("{% ruler length_ms=60000 size='medium' %}")


class TestQuery:
    def of(self, address: str, source: str) -> QueryDict:
        request = RequestFactory().get(address)
        found = Template("{% load shell %}" + source).render(Context({"request": request}))
        assert found.startswith("?")
        return QueryDict(found[1:].replace("&amp;", "&"))

    def test_a_change_begins_at_the_first_page(self) -> None:
        assert self.of("/?topic=cma&page=4", "{% query topic='ccc' %}").dict() == {"topic": "ccc"}

    def test_a_page_keeps_everything_else(self) -> None:
        assert self.of("/?topic=cma&q=a&page=4", "{% query page=5 %}").dict() == {
            "topic": "cma", "q": "a", "page": "5",
        }  # fmt: skip

    def test_a_key_is_taken_out(self) -> None:
        assert self.of("/?topic=cma&q=a", "{% query topic=None %}").dict() == {"q": "a"}
        assert self.of("/?topic=cma", "{% query topic='' %}").dict() == {}
        assert self.of("/?q=a", "{% query topic=None %}").dict() == {"q": "a"}

    def test_several_values_of_one_key_stay(self) -> None:
        assert self.of("/?d=1&d=2", "{% query page=2 %}").getlist("d") == ["1", "2"]

    def test_what_was_searched_for_cannot_leave_the_attribute(self) -> None:
        request = RequestFactory().get("/", {"q": EVIL})
        found = Template('{% load shell %}<a href="{% query page=2 %}">').render(
            Context({"request": request})
        )
        assert found.count("<") == 1
        assert found.count('"') == 2


class TestPages:
    """The way through the pages of a list of 10 a page."""

    def of(self, address: str, rows: int, number: int, more: str = "") -> str:
        page = Paginator(range(rows), 10).page(number)
        context = Context({"request": RequestFactory().get(address), "list": page})
        with translation.override("en"):
            return Template(f"{{% load shell %}}{{% pages list {more} %}}").render(context)

    @pytest.mark.parametrize("rows", [0, 1, 10])
    def test_one_page_needs_no_way(self, rows: int) -> None:
        assert self.of("/", rows, 1).strip() == ""

    @pytest.mark.parametrize(
        ("number", "shown"),
        [
            (1, ["1", "2", "…", "12", "Next"]), (6, ["Previous", "1", "…", "5", "6", "7", "…", "12", "Next"]),
            (12, ["Previous", "1", "…", "11", "12"]),
        ],
    )  # fmt: skip
    def test_ends_and_neighbours_are_shown_and_dots_for_the_rest(self, number: int, shown: list[str]) -> None:
        assert re.findall(r"<li><\w+[^>]*>([^<]*)<", self.of("/", 118, number)) == shown

    def test_a_reader_of_the_screen_hears_what_a_number_is_and_which_is_shown(self) -> None:
        root = ElementTree.fromstring(self.of("/", 118, 12).strip())
        assert root.get("aria-label") == "Pages"
        assert [(a.get("aria-label"), a.text) for a in root.iter("a") if a.get("aria-current") == "page"] == [
            ("Page 12", "12")
        ]
        assert [dots.get("aria-hidden") for dots in root.iter("span")] == ["true"]
        assert "111 to 118 of 118" in "".join(root.itertext())

    def test_every_way_keeps_what_was_asked_for_and_leads_to_the_list(self) -> None:
        found = self.of("/?q=a&d=1&d=2&p=2", 30, 2, 'key="p" at="results" css="desk-pages"')
        root = ElementTree.fromstring(found.strip())
        assert root.get("class") == "desk-pages"
        ways = [str(a.get("href")) for a in root.iter("a")]
        assert ways == [f"?q=a&d=1&d=2&p={number}#results" for number in (1, 1, 2, 3, 3)]

    def test_what_was_searched_for_cannot_leave_the_attribute(self) -> None:
        found = self.of("/?q=%22%3E%3Cscript%3E", 20, 1)
        assert "<script" not in found
        assert "q=%22%3E%3Cscript%3E" in found


class Sheet(forms.Form):
    """A form with a field of each kind."""

    name = forms.CharField(help_text="As in the passport", max_length=5)
    note = forms.CharField(required=False, widget=forms.Textarea)
    agree = forms.BooleanField()
    topic = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)


class TestForms:
    def test_each_field_is_named_for_who_does_not_see_it(self) -> None:
        html = str(Sheet())
        assert re.search(r'<label class="field__label" for="id_name">Name', html)
        assert re.search(r'<label class="choice" for="id_agree">', html)
        assert "<fieldset" in html
        assert "<legend" in html

    def test_only_what_may_be_left_out_says_so(self) -> None:
        with translation.override("en"):
            parts = str(Sheet()).split('<div class="field')
        optional = [part for part in parts if "(optional)" in part]
        assert len(optional) == 1
        assert "id_note" in optional[0]

    def test_a_hint_and_an_error_belong_to_their_field(self) -> None:
        html = str(Sheet({"name": "much too long", "agree": "on", "topic": "a"}))
        field = next(part for part in html.split('<div class="field') if "id_name" in part)
        assert field.startswith(" field--bad")
        described = re.search(r'aria-describedby="([^"]+)"', field)
        assert described is not None
        for target in described[1].split():
            assert f'id="{target}"' in field
        assert 'aria-invalid="true"' in field
        assert html.count("field--bad") == 1

    def test_a_checkbox_is_drawn_once(self) -> None:
        assert str(Sheet()).count('type="checkbox"') == 1

    def test_what_was_typed_comes_back_as_text(self) -> None:
        html = str(Sheet({"name": EVIL}))
        assert "<script" not in html
        assert "&lt;script&gt;" in html
