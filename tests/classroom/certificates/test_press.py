"""The sheet as PDF: nothing missing, nothing over the edge, signed, tampering found."""

import io
import json
import re
import struct

import pypdfium2
import pytest
import zxingcpp
from pyhanko.pdf_utils.generic import NameObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader

from classroom.certificates import credential, press, sheet, signing
from classroom.certificates.errors import CannotRender
from tests.classroom.certificates.samples import sample_facts

URL = "http://127.0.0.1:8000/v/abcdefghijklmnopqrstuv/"
LONG_TITLE = "检验检测机构资质认定评审准则与监督管理办法条款逐条解读及实验室内部质量控制方法验证与确认" * 2


def data_of(**changes):
    return sheet.data(sample_facts(**changes), facts_digest="ab" * 32, verify_url=URL)


def text_of(pdf):
    page = pypdfium2.PdfDocument(pdf)[0]
    return page.get_textpage().get_text_range().replace("\r\n", "").replace("\n", "").replace(" ", "")


def boxes_of(pdf):
    """Return the text boxes in millimetres from the upper left."""
    page = pypdfium2.PdfDocument(pdf)[0]
    text = page.get_textpage()
    mm = 25.4 / 72
    for n in range(text.count_rects()):
        left, bottom, right, top = text.get_rect(n)
        yield left * mm, 210 - top * mm, right * mm, 210 - bottom * mm


@pytest.fixture(scope="module")
def drawn():
    return press.pdf(data_of())


def test_it_is_a_landscape_a4_pdf_a(drawn):
    page = pypdfium2.PdfDocument(drawn)[0]
    assert [round(side * 25.4 / 72) for side in page.get_size()] == [297, 210]
    assert b"<pdfaid:part>3</pdfaid:part>" in drawn
    assert len(drawn) < 400_000


def test_all_the_words_are_text(drawn):
    words = text_of(drawn)
    for part in (
        "HJY-2026-B1-000123-8", "林静", "LINJing", "310***********001X", "东岸食品检测（演示）有限公司",
        "监督管理办法与报告合规", "2026.1版", "180分钟", "4.0学时", "考试92分", "核验时长", "主体责任",
        "2029-09-16", "2026年9月17日", "仅作培训证明，不代表资质认定或人员资格", "CertificateofCompletion",
        "摘要SHA-256", "不证明专注", "演示DEMO",
    ):  # fmt: skip
        assert part in words


def test_the_qr_code_leads_to_the_public_page(drawn):
    picture = pypdfium2.PdfDocument(drawn)[0].render(scale=150 / 72).to_pil()
    assert [found.text for found in zxingcpp.read_barcodes(picture)] == [URL]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"holder": {"name": "䶮㛃", "romanised": "YAN Jie", "document": ""}},
        {"holder": {"name": "Christopher Alexander Montgomery-Featherstonehaugh van der Linden III", "romanised": "", "document": ""}},
        {"holder": {"name": "阿卜杜拉赫曼·买买提艾力·吐尔逊", "romanised": "W" * 96, "document": "310***********001X"}},
        {"institution": {"name": "上海检验检测认证技术研究院", "uscc": ""}},
        {"institution": {"name": "检验检测" * 32, "uscc": ""}},
        {"course": {"code": "CCC20269", "title": LONG_TITLE, "title_en": "Long title of a course " * 7, "edition": "2026.12"}},
        {"lessons": [{"title": "很长的课时标题与要点" * 3, "seconds": 300 + 90 * n} for n in range(16)]},
        {"lessons": [{"title": "一", "seconds": 1}, {"title": "二", "seconds": 20_000}]},
        {"issuer": {"name": "上海市检验检测认证行业协会继续教育与技术培训中心", "name_en": ""}},
        {"verified_seconds": 0, "lessons": [], "score": None, "valid_until": None, "institution": None},
    ],
)  # fmt: skip
def test_nothing_leaves_the_inner_frame(changes):
    pdf = press.pdf(data_of(**changes))
    for left, top, right, bottom in boxes_of(pdf):
        if bottom < 13:
            continue  # the figures of the frame's scale
        assert left > 21
        assert right < 276.2
        assert top > 21
        assert bottom < 189.2


def test_a_long_title_leaves_the_ruler_alone():
    pdf = press.pdf(
        data_of(course={"code": "B1", "title": LONG_TITLE, "title_en": "Very long " * 16, "edition": "1"})
    )
    between = [box for box in boxes_of(pdf) if 93 < box[1] < 127]
    assert between
    assert max(bottom for *_, bottom in between) < 127.5
    assert LONG_TITLE[-12:] in text_of(pdf)


def test_a_character_that_no_face_draws_is_written_as_its_reading(monkeypatch):
    monkeypatch.setattr(press, "_WIDER", ())
    monkeypatch.setattr(press, "_compilers", {True: press._compiler(False)})
    pdf = press.pdf(data_of(holder={"name": "林𬎆", "romanised": "LIN Ying", "document": ""}))
    assert re.search(r"林〔[A-Z]*〕|林〓", text_of(pdf))


def test_what_no_reading_helps_becomes_a_geta():
    assert press._substitute({"a": ["x\ue000y"], "credential": "\ue000", "n": 1}, "\ue000") == {
        "a": ["x〓y"],
        "credential": "\ue000",
        "n": 1,
    }


def test_missing_fonts_are_named(settings, monkeypatch, tmp_path):
    settings.FONTS_DIR = tmp_path
    monkeypatch.setattr(press, "_compilers", {})
    with pytest.raises(CannotRender, match="Fonts are missing"):
        press.pdf(data_of())


def test_a_specimen_is_a_picture():
    png = press.picture(data_of(), dots_per_inch=72)
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", png[16:24]) == (842, 596) or struct.unpack(">II", png[16:24]) == (842, 595)


@pytest.fixture(scope="module")
def signed():
    unsigned = credential.build(
        sample_facts(),
        facts_digest="ab" * 32,
        did=signing.issuer_did(),
        site_url="http://x.test",
        verify_url=URL,
    )
    data = data_of()
    data["credential"] = json.dumps(signing.sign_credential(unsigned, created="2026-09-17T00:00:00Z"))
    return signing.sign_pdf(press.pdf(data), reason="结业证书签发")


class TestSignature:
    def test_it_is_whole_and_ours(self, signed):
        assert signing.check_pdf(signed) == signing.PdfCheck(is_signed=True, is_intact=True, is_ours=True)

    def test_the_credential_is_inside(self, signed):
        names = PdfFileReader(io.BytesIO(signed)).root["/Names"]["/EmbeddedFiles"]["/Names"]
        inside = json.loads(names[1]["/EF"]["/F"].data)
        assert signing.check_credential(inside).is_genuine

    @pytest.mark.parametrize("place", [0.1, 0.3, 0.5, 0.7, 0.9])
    def test_one_changed_byte_is_found(self, signed, place):
        spoiled = bytearray(signed)
        spoiled[int(len(spoiled) * place)] ^= 0x01
        assert not signing.check_pdf(bytes(spoiled)).is_genuine

    def test_something_added_after_signing_is_found(self, signed):
        writer = IncrementalPdfFileWriter(io.BytesIO(signed))
        writer.root["/PageMode"] = NameObject("/FullScreen")
        writer.update_root()
        out = io.BytesIO()
        writer.write(out)
        assert not signing.check_pdf(out.getvalue()).is_genuine

    def test_another_key_is_not_ours(self, signed, settings, tmp_path):
        settings.VAR = tmp_path
        for cached in (signing.identity, signing._roots):
            cached.cache_clear()
        try:
            check = signing.check_pdf(signed)
        finally:
            for cached in (signing.identity, signing._roots):
                cached.cache_clear()
        assert check.is_intact
        assert not check.is_ours

    @pytest.mark.parametrize(
        "content", [b"", b"%PDF-1.7 nonsense", b"\x00" * 5000, b"%PDF-1.7\n" + b"[" * 50_000]
    )
    def test_what_cannot_be_read_is_not_signed(self, content):
        assert signing.check_pdf(content).is_signed is False

    def test_an_unsigned_pdf_is_not_signed(self, drawn):
        assert signing.check_pdf(drawn).is_signed is False

    def test_several_processes_agree_on_one_key(self, settings, tmp_path):
        settings.VAR = tmp_path
        first = signing._embedded()
        assert signing._embedded() == first
        assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["signing.pem"]
        assert (tmp_path / "secrets" / "signing.pem").stat().st_mode & 0o777 == 0o600

    def test_given_files_are_used(self, settings, tmp_path):
        made = signing._made().decode()
        key, _, chain = made.partition("-----BEGIN CERTIFICATE-----")
        (tmp_path / "key.pem").write_text(key)
        settings.SIGNING_KEY = str(tmp_path / "key.pem")
        settings.SIGNING_CERT = "-----BEGIN CERTIFICATE-----" + chain
        signing.identity.cache_clear()
        try:
            assert len(signing.identity().chain) == 2
        finally:
            signing.identity.cache_clear()

    def test_a_cluster_without_a_key_says_what_to_set(self, settings):
        settings.EMBEDDED = False
        signing.identity.cache_clear()
        try:
            with pytest.raises(signing.NoSigningKey, match="SIGNING_CERT"):
                signing.identity()
        finally:
            signing.identity.cache_clear()


class TestCredentialProof:
    def signed(self):
        unsigned = credential.build(
            sample_facts(),
            facts_digest="ab" * 32,
            did=signing.issuer_did(),
            site_url="http://x.test",
            verify_url=URL,
        )
        return signing.sign_credential(unsigned, created="2026-09-17T00:00:00Z")

    def test_it_verifies_from_itself_alone_and_is_repeatable(self):
        assert signing.check_credential(self.signed()).is_genuine
        assert self.signed() == self.signed()

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda c: c["credentialSubject"].update(licenseNumber="HJY-2026-B1-000124-0"),
            lambda c: c.update(extra="term"),
            lambda c: c["proof"].update(created="2027-01-01T00:00:00Z"),
            lambda c: c["proof"].update(proofValue="z111"),
            lambda c: c["proof"].update(cryptosuite="none"),
            lambda c: c["proof"].pop("proofValue"),
            lambda c: c.pop("proof"),
            lambda c: c.update(proof=[]),
        ],
    )
    def test_any_change_is_found(self, spoil):
        one = json.loads(json.dumps(self.signed()))
        spoil(one)
        assert not signing.check_credential(one).is_genuine

    def test_an_impostor_with_a_key_of_their_own_is_not_us(self, settings):
        own = settings.EVIDENCE_KEY
        settings.EVIDENCE_KEY = "another"
        signing._credential_key.cache_clear()
        theirs = self.signed()
        settings.EVIDENCE_KEY = own
        signing._credential_key.cache_clear()
        assert signing.check_credential(theirs) == signing.CredentialCheck(is_intact=True, is_ours=False)

    def test_the_did_is_an_ed25519_key(self):
        assert signing.issuer_did().startswith("did:key:z6Mk")
