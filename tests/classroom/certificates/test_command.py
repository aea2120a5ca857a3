"""`manage.py verify_certificate`."""

import json

import pytest
from django.core.management import CommandError, call_command

from classroom.certificates import credential, press, sheet, signing
from tests.classroom.certificates.samples import sample_facts

URL = "http://x.test/v/t/"


@pytest.fixture
def issued(tmp_path):
    """Return paths of a signed PDF and of its credential."""
    facts = sample_facts()
    unsigned = credential.build(
        facts, facts_digest="ab" * 32, did=signing.issuer_did(), site_url="http://x.test", verify_url=URL
    )
    signed = signing.sign_credential(unsigned, created="2026-09-17T00:00:00Z")
    data = sheet.data(facts, facts_digest="ab" * 32, verify_url=URL) | {"credential": json.dumps(signed)}
    pdf, badge = tmp_path / "c.pdf", tmp_path / "c.json"
    pdf.write_bytes(signing.sign_pdf(press.pdf(data), reason="x"))
    badge.write_text(json.dumps(signed))
    return pdf, badge


def test_genuine_files_pass_without_a_database(issued, capsys):
    call_command("verify_certificate", *map(str, issued))
    lines = capsys.readouterr().out.splitlines()
    assert [line[:3] for line in lines] == ["ok ", "ok "]
    assert all("HJY-2026-B1-000123-8" in line for line in lines)


def test_a_changed_file_fails(issued, capsys):
    pdf, badge = issued
    content = bytearray(pdf.read_bytes())
    content[len(content) // 2] ^= 1
    pdf.write_bytes(bytes(content))
    badge.write_text(badge.read_text().replace("HJY-2026", "HJY-2027"))
    with pytest.raises(CommandError, match="2 of 2 not genuine"):
        call_command("verify_certificate", str(pdf), str(badge))
    assert capsys.readouterr().out.count("BAD") == 2


@pytest.mark.parametrize("content", [b"", b"[]", b"text", b"%PDF-1.4 nothing"])
def test_anything_else_fails(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(CommandError):
        call_command("verify_certificate", str(tmp_path / "x"))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CommandError, match=r"none\.pdf"):
        call_command("verify_certificate", str(tmp_path / "none.pdf"))
