"""The offline verifier with public keys alone: another machine, another key, no database."""

import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from django.core.management import CommandError, call_command

from classroom.certificates import credential, press, sheet, signing
from tests.classroom.certificates.samples import sample_facts

URL = "http://x.test/v/t/"


def _forget():
    for known in (signing.identity, signing._roots, signing._credential_key):
        known.cache_clear()


@pytest.fixture
def elsewhere(settings, tmp_path):
    """Return files that the site issued, on a machine that holds none of its secrets."""
    facts = sample_facts()
    did = signing.issuer_did()
    unsigned = credential.build(
        facts, facts_digest="ab" * 32, did=did, site_url="http://x.test", verify_url=URL
    )
    badge = signing.sign_credential(unsigned, created="2026-09-17T00:00:00Z")
    data = sheet.data(facts, facts_digest="ab" * 32, verify_url=URL) | {"credential": json.dumps(badge)}
    (tmp_path / "c.pdf").write_bytes(signing.sign_pdf(press.pdf(data), reason="x"))
    (tmp_path / "c.json").write_text(json.dumps(badge))
    root = signing.identity().chain[-1].public_bytes(serialization.Encoding.PEM)
    (tmp_path / "root.pem").write_bytes(root)
    settings.VAR, settings.EVIDENCE_KEY = tmp_path / "var", "a key of another machine"
    _forget()
    yield tmp_path, did
    _forget()


def test_public_keys_alone_suffice_and_no_key_is_made(elsewhere, capsys):
    folder, did = elsewhere
    call_command(
        "verify_certificate", str(folder / "c.pdf"), str(folder / "c.json"),
        root=folder / "root.pem", issuer=did,
    )  # fmt: skip
    assert [line[:3] for line in capsys.readouterr().out.splitlines()] == ["ok ", "ok "]
    assert not (folder / "var").exists()


def test_without_them_another_machine_says_that_the_signer_is_not_its_own(elsewhere, capsys):
    folder, _ = elsewhere
    with pytest.raises(CommandError, match="2 of 2 not genuine"):
        call_command("verify_certificate", str(folder / "c.pdf"), str(folder / "c.json"))
    assert capsys.readouterr().out.count("ours False") == 2


def test_a_root_that_did_not_sign_it_is_refused(elsewhere, capsys):
    folder, _ = elsewhere
    other = x509.load_pem_x509_certificates(signing._made())[-1]
    (folder / "other.pem").write_bytes(other.public_bytes(serialization.Encoding.PEM))
    with pytest.raises(CommandError, match="1 of 1"):
        call_command("verify_certificate", str(folder / "c.pdf"), root=folder / "other.pem")
    assert "intact True, ours False" in capsys.readouterr().out


@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nbroken"])
def test_a_key_file_that_cannot_be_read_is_named(elsewhere, content):
    folder, _ = elsewhere
    if content is not None:
        (folder / "bad.pem").write_bytes(content)
    with pytest.raises(CommandError, match=r"bad\.pem is no PEM file"):
        call_command("verify_certificate", str(folder / "c.pdf"), root=folder / "bad.pem")


@pytest.mark.parametrize("share", [n / 12 for n in range(12)])
def test_a_changed_byte_anywhere_is_found_with_public_keys_too(elsewhere, share):
    folder, _ = elsewhere
    spoiled = bytearray((folder / "c.pdf").read_bytes())
    spoiled[20 + int((len(spoiled) - 40) * share)] ^= 0x01
    roots = signing.roots_in((folder / "root.pem").read_bytes())
    assert signing.check_pdf((folder / "c.pdf").read_bytes(), roots=roots).is_genuine
    assert not signing.check_pdf(bytes(spoiled), roots=roots).is_genuine
