"""The deploy check of the signing key."""

import pytest

from classroom.certificates import signing
from classroom.certificates.checks import signing_key


@pytest.fixture(autouse=True)
def _fresh_key():
    signing.identity.cache_clear()
    yield
    signing.identity.cache_clear()


def test_embedded_there_is_always_one(settings):
    settings.EMBEDDED = True
    assert signing_key(None) == []


@pytest.mark.parametrize("cert", ["", "/nowhere/cert.pem", "-----BEGIN CERTIFICATE-----\nbroken"])
def test_a_cluster_without_a_readable_key_is_told(settings, cert):
    settings.EMBEDDED, settings.SIGNING_CERT, settings.SIGNING_KEY = False, cert, cert
    (error,) = signing_key(None)
    assert error.id == "certificates.E001"
    assert "SIGNING_CERT" in error.hint


def test_a_given_key_is_fine(settings):
    key, _, chain = signing._made().decode().partition("-----BEGIN CERTIFICATE-----")
    settings.EMBEDDED, settings.SIGNING_KEY = False, key
    settings.SIGNING_CERT = "-----BEGIN CERTIFICATE-----" + chain
    assert signing_key(None) == []
