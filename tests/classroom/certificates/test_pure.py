"""Names, facts, engraving, credential and the words on the sheet."""

import json
import re
from datetime import date
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.certificates import credential, engraving, facts, names, sheet
from tests.classroom.certificates.samples import sample_facts


@pytest.mark.parametrize(
    ("name", "romanised"),
    [
        ("林静", "LIN Jing"),
        ("欧阳修", "OUYANG Xiu"),
        ("欧阳", "OU Yang"),
        ("单雄信", "SHAN Xiongxin"),
        ("吕布", "LYU Bu"),
        ("曾子墨", "ZENG Zimo"),
        ("仇英", "QIU Ying"),
        ("尉迟恭", "YUCHI Gong"),
        ("䶮㛃", "YAN Jie"),
        ("阿卜杜拉·买买提", "Abodula Maimaiti"),
        ("John Smith", ""),
        ("林", ""),
        ("", ""),
    ],
)
def test_names_are_romanised_as_in_passports(name, romanised):
    assert names.romanise(name) == romanised


@given(st.text(max_size=40))
def test_any_text_can_be_asked_for_its_pinyin(text):
    assert isinstance(names.romanise(text), str)


@pytest.mark.parametrize(
    ("day", "months", "until"),
    [
        (date(2026, 9, 17), 36, date(2029, 9, 16)),
        (date(2026, 1, 1), 12, date(2026, 12, 31)),
        (date(2024, 2, 29), 12, date(2025, 2, 27)),
        (date(2026, 8, 31), 6, date(2027, 2, 27)),
        (date(2026, 9, 17), None, None),
    ],
)
def test_the_last_valid_day(day, months, until):
    assert facts.last_valid_day(day, months) == until


def test_the_digest_does_not_depend_on_the_order_of_keys():
    one = sample_facts()
    turned = dict(reversed(list(one.items())))
    assert facts.digest(one) == facts.digest(turned)
    assert facts.digest(one) == facts.digest(json.loads(json.dumps(one)))
    assert facts.digest({**one, "score": "92.1"}) != facts.digest(one)


def test_corrections_touch_nothing_else():
    one = sample_facts()
    corrected = facts.corrected(one, {"name": "林婧", "institution": ""})
    assert corrected["holder"]["name"] == "林婧"
    assert corrected["holder"]["document"] == one["holder"]["document"]
    assert corrected["institution"] is None
    assert {key for key in one if one[key] != corrected[key]} == {"holder", "institution"}
    assert facts.corrected(one, {}) == one


def test_lessons_without_their_own_record_become_one_stretch():
    assert facts.lessons_in_order([(1, "a"), (2, "b")], {}, 90) == [{"title": "", "seconds": 90}]
    assert facts.lessons_in_order([(1, "a"), (2, "b")], {2: 5999, 1: 200}, 90) == [
        {"title": "b", "seconds": 5}
    ]
    assert facts.lessons_in_order([], {}, 0) == []


class TestEngraving:
    def test_the_background_is_well_formed_and_stays_on_the_sheet(self):
        root = ElementTree.fromstring(engraving.background())
        assert root.get("viewBox") == "0 0 297.0 210.0"
        for path in root.iter("{http://www.w3.org/2000/svg}path"):
            for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path.get("d") or ""):
                assert 0 <= float(x) <= 297
                assert 0 <= float(y) <= 210

    def test_the_frame_is_a_true_millimetre_scale(self):
        ticks = engraving.frame_ticks()
        assert len(ticks) == 2 * 280 + 2 * 193
        assert "M58 8L58 11" in ticks  # 50 mm from the corner: the long tick
        assert "M63 8L63 10.2" in ticks
        assert "M59 8L59 9.3" in ticks

    def test_it_is_the_same_each_time(self):
        first = engraving.background()
        engraving.background.cache_clear()
        assert engraving.background() == first

    @given(st.floats(0.05, 3000))
    def test_a_ruler_of_any_length_has_few_figures_that_rise_to_its_end(self, minutes):
        ticks = engraving.ruler_ticks(minutes)
        assert [tick.minute for tick in ticks] == sorted(tick.minute for tick in ticks)
        assert ticks[-1].minute == minutes
        assert 1 <= len([tick for tick in ticks if tick.label]) <= 9
        assert len(ticks) < 140

    def test_a_ruler_of_nothing_has_no_ticks(self):
        assert engraving.ruler_ticks(0) == []

    def test_the_drawn_example(self):
        labels = [tick.label for tick in engraving.ruler_ticks(180) if tick.label]
        assert labels == ["0", "30", "60", "90", "120", "150", "180"]

    @given(st.text("检验检测培训中心上海", min_size=0, max_size=40))
    def test_a_seal_takes_any_length_and_its_characters_never_touch(self, issuer):
        seal = engraving.seal(issuer, "演示")
        assert "".join(c.text for c in seal.characters) == issuer
        angles = [c.angle for c in seal.characters]
        assert angles == sorted(angles)
        assert all(abs(angle) <= 150.1 for angle in angles)
        for c in seal.characters:
            assert ((c.x - 20) ** 2 + (c.y - 20) ** 2) ** 0.5 == pytest.approx(14.6, abs=0.01)
        for one, other in zip(seal.characters, seal.characters[1:], strict=False):
            assert ((one.x - other.x) ** 2 + (one.y - other.y) ** 2) ** 0.5 >= seal.size * 0.95


class TestSheet:
    def words(self, **changes):
        return sheet.data(sample_facts(**changes), facts_digest="ab" * 32, verify_url="https://x.test/v/t/")

    def test_the_example_of_the_drawing(self):
        data = self.words()
        assert data["result"]["zh"] == "经核验学习 180 分钟，计 4.0 学时，考试 92 分，合格，准予结业。"
        assert data["result"]["en"][1] == "and passed the examination with a score of 92 out of 100."
        assert data["validity"] == {"label": "有效至 Valid until", "value": "2029-09-16"}
        assert data["verify"] == {"url": "https://x.test/v/t/", "shown": "x.test/v/t"}
        assert data["seal"]["middle"] == "演示"
        assert data["ruler"]["total"] == 180
        assert data["ruler"]["segments"][0]["title"] == "主体责任"

    def test_without_exam_end_or_lectures(self):
        data = self.words(score=None, valid_until=None, verified_seconds=0, lessons=[], is_demo=False)
        assert data["result"] == {
            "zh": "计 4.0 学时，准予结业。",
            "en": ["has completed Supervision Rules and Report Compliance (B1), 4.0 credit hours."],
        }
        assert data["validity"]["value"] == "长期 No end date"
        assert data["ruler"]["ticks"] == []
        assert data["seal"]["middle"] == "培训专用"
        assert "演示" not in data["disclaimer"]

    def test_a_specimen_says_so(self):
        data = sheet.data(
            sample_facts(), facts_digest="ab" * 32, verify_url="https://x.test/", watermark="样张"
        )
        assert "样张 SPECIMEN" in data["disclaimer"]

    @pytest.mark.parametrize(("seconds", "words"), [(10_800, "180"), (659, "10"), (192, "3.2"), (59, "0.9")])
    def test_minutes_are_rounded_down(self, seconds, words):
        assert sheet.minutes(seconds) == words

    def test_every_level_of_assurance_has_its_honest_words(self):
        assert set(sheet.ASSURANCE) == {"A0", "A1", "A2", "A3"}
        assert "不证明专注" in sheet.ASSURANCE["A1"]


class TestCredential:
    def build(self, **changes):
        return credential.build(
            sample_facts(**changes),
            facts_digest="ab" * 32,
            did="did:key:z6Mk",
            site_url="https://x.test",
            verify_url="https://x.test/v/t/",
        )

    def test_it_is_an_open_badge_of_the_facts(self):
        built = self.build()
        assert built["type"] == ["VerifiableCredential", "OpenBadgeCredential"]
        assert built["validUntil"] == "2029-09-16T23:59:59+08:00"
        subject = built["credentialSubject"]
        assert subject["licenseNumber"] == "HJY-2026-B1-000123-8"
        assert subject["result"] == [{"type": ["Result"], "value": "92.0"}]
        assert subject["creditsEarned"] == 4.0
        assert built["evidence"][0]["id"] == "urn:sha256:" + "ab" * 32

    def test_what_is_not_there_is_left_out(self):
        built = self.build(score=None, valid_until=None)
        assert "validUntil" not in built
        assert "result" not in built["credentialSubject"]

    def test_the_document_number_stays_on_the_sheet(self):
        assert "001X" not in json.dumps(self.build())
