"""The key that signs checkpoints, derived from `settings.EVIDENCE_KEY`, and its predecessors."""

import hashlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_PURPOSE = b"cloud-classroom evidence checkpoints v1"


def _derived(secret: str) -> Ed25519PrivateKey:
    derive = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=_PURPOSE)
    return Ed25519PrivateKey.from_private_bytes(derive.derive(secret.encode()))


def _public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()


def signing_key() -> Ed25519PrivateKey:
    """Return the Ed25519 key of checkpoints; a key of its own, though all come from one secret."""
    return _derived(settings.EVIDENCE_KEY)


def public_key() -> str:
    """Return the public key in hex, as the verifier takes it."""
    return _public(signing_key())


def public_keys() -> list[str]:
    """Return the public key and those before it, which signed what is older."""
    return [public_key(), *(_public(_derived(former)) for former in settings.EVIDENCE_KEY_FALLBACKS)]


def key_id(public: str) -> str:
    """Return a short name of a public key."""
    return hashlib.sha256(bytes.fromhex(public)).hexdigest()[:16]
