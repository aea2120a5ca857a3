"""Signatures of certificates: PAdES in the PDF, Ed25519 in the credential. The only place with keys.

Embedded, a root and a signing certificate are made once and kept under `var/secrets/`. Elsewhere
`SIGNING_CERT` (leaf first, then its chain, root last) and `SIGNING_KEY` name them. The credential
key is derived from `EVIDENCE_KEY` for this one use.
"""

import hashlib
import io
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import base58
import rfc8785
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.x509.oid import NameOID
from django.conf import settings
from pyhanko.pdf_utils.decode_limits import DecodeLimits, DocumentDecodeBudget, StreamDecodeLimits
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfDecodeLimitError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from classroom.certificates.errors import NoSigningKey

_ED25519 = b"\xed\x01"  # multicodec of an Ed25519 public key
_PEM = serialization.Encoding.PEM
# What is read of a certificate of ours unpacks to some ten kilobytes; of a stranger's file a few megabytes
# may unpack to gigabytes, and a page's worker has to outlive that.
UNPACKED_MAX = 8 * 1024 * 1024
_UNPACKING = DecodeLimits(
    per_stream=StreamDecodeLimits(max_output_size=UNPACKED_MAX),
    document_budget=DocumentDecodeBudget(base_allowance=UNPACKED_MAX, max_ratio=0),
)


# --- the PDF's key -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Identity:
    """A signing key with its certificate and the certificates above it, the root last."""

    key: ec.EllipticCurvePrivateKey
    chain: tuple[x509.Certificate, ...]


def _certificate(
    name: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    is_root: bool,
) -> x509.Certificate:
    now = datetime.now(UTC) - timedelta(minutes=5)
    usage = x509.KeyUsage(
        digital_signature=not is_root,
        content_commitment=not is_root,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_root,
        crl_sign=is_root,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=3653))
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=0 if is_root else None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )
    return builder.sign(issuer_key, hashes.SHA256())


def _name(common: str) -> x509.Name:
    organisation = settings.CERTIFICATE_ISSUER[:64]
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _made() -> bytes:
    """Return PEM text of a new key, its certificate, and the root that signed it.

    The root's key is thrown away: nothing else can ever be signed under this root.
    """
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = _name("Certificate root")
    root = _certificate(root_name, root_key, root_name, root_key, is_root=True)
    leaf = _certificate(_name("Certificate seal"), key, root_name, root_key, is_root=False)
    private = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private + leaf.public_bytes(_PEM) + root.public_bytes(_PEM)


def _embedded() -> bytes:
    """Return the embedded identity; of several processes that start together one makes it."""
    path = Path(settings.VAR) / "secrets" / "signing.pem"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f"signing.{secrets.token_hex(8)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(_made())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_bytes()


def _pem(value: str) -> bytes:
    return value.encode() if value.startswith("-----BEGIN") else Path(value).read_bytes()


@cache
def identity() -> Identity:
    """Return the key and certificates that sign PDFs. Raises `NoSigningKey`."""
    if settings.SIGNING_CERT and settings.SIGNING_KEY:
        text = _pem(settings.SIGNING_KEY) + b"\n" + _pem(settings.SIGNING_CERT)
    elif settings.EMBEDDED:
        text = _embedded()
    else:
        raise NoSigningKey("Set SIGNING_CERT and SIGNING_KEY to PEM files.")
    key = serialization.load_pem_private_key(text, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise NoSigningKey("SIGNING_KEY is not an elliptic-curve key.")
    return Identity(key, tuple(x509.load_pem_x509_certificates(text)))


def _asn1(certificate: x509.Certificate) -> Any:
    return asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))


def sign_pdf(pdf: bytes, *, reason: str) -> bytes:
    """Return the PDF with a certifying PAdES signature (B-B): no later change is permitted."""
    own = identity()
    store = SimpleCertificateStore.from_certs([_asn1(one) for one in own.chain[1:]])  # type: ignore[no-untyped-call]
    private = own.key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    signer = signers.SimpleSigner(
        signing_cert=_asn1(own.chain[0]),
        signing_key=asn1_keys.PrivateKeyInfo.load(private),
        cert_registry=store,
    )
    meta = signers.PdfSignatureMetadata(
        field_name="Seal",
        subfilter=fields.SigSeedSubFilter.PADES,
        md_algorithm="sha256",
        reason=reason,
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
    )
    out = io.BytesIO()
    signers.PdfSigner(meta, signer=signer).sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), output=out)
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class PdfCheck:
    """What a PDF's signature says: there is one, the bytes are as signed, and the key is ours.

    `is_bloated`: it unpacks to more than `UNPACKED_MAX`, so it was not read to its end.
    """

    is_signed: bool
    is_intact: bool = False
    is_ours: bool = False
    is_bloated: bool = False

    @property
    def is_genuine(self) -> bool:
        """Whether all of it holds."""
        return self.is_signed and self.is_intact and self.is_ours


@cache
def _roots() -> tuple[Any, ...]:
    former = [x509.load_pem_x509_certificates(_pem(path))[-1] for path in settings.SIGNING_FORMER_ROOTS]
    return tuple(_asn1(root) for root in [identity().chain[-1], *former])


def roots_in(pem: bytes) -> tuple[Any, ...]:
    """Return the last certificate of a PEM file: the root that an offline check trusts. Raises `ValueError`."""
    return (_asn1(x509.load_pem_x509_certificates(pem)[-1]),)


def open_pdf(pdf: bytes) -> Any:
    """Return a reader that unpacks no more than `UNPACKED_MAX`. Raises what pyHanko raises."""
    return PdfFileReader(io.BytesIO(pdf), decode_limits=_UNPACKING)


def _ran_over(error: BaseException | None) -> bool:
    """Whether the limit was met; pyHanko wraps it where it was reading an object."""
    while error is not None and not isinstance(error, PdfDecodeLimitError):
        error = error.__cause__ or error.__context__
    return error is not None


def check_pdf(pdf: bytes, *, roots: tuple[Any, ...] | None = None) -> PdfCheck:
    """Return what the PDF's first signature says. Never raises: what cannot be read is not signed.

    `roots` are trusted instead of this site's own: with them no key of the site is needed.
    """
    try:
        signatures = open_pdf(pdf).embedded_signatures
        if not signatures:
            return PdfCheck(is_signed=False)
        context = ValidationContext(trust_roots=list(roots or _roots()), allow_fetching=False)
        status = validate_pdf_signature(signatures[0], signer_validation_context=context)
    except NoSigningKey:
        raise
    except Exception as error:  # a file from anywhere may break the reader in any way
        return PdfCheck(is_signed=False, is_bloated=_ran_over(error))
    whole = status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    return PdfCheck(
        is_signed=True, is_intact=bool(status.intact and status.valid and whole), is_ours=bool(status.trusted)
    )


# --- the credential's key ------------------------------------------------------------------------


@cache
def _credential_key() -> Ed25519PrivateKey:
    derive = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"certificates:credential:v1")
    return Ed25519PrivateKey.from_private_bytes(derive.derive(settings.EVIDENCE_KEY.encode()))


def _multibase(key: Ed25519PublicKey) -> str:
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return "z" + str(base58.b58encode(_ED25519 + raw).decode())


def issuer_did() -> str:
    """Return the `did:key` that signs credentials."""
    return f"did:key:{_multibase(_credential_key().public_key())}"


def _hash_data(document: dict[str, Any], proof: dict[str, Any]) -> bytes:
    """Return what eddsa-jcs-2022 signs: digests of the proof's options, then of the document."""
    return hashlib.sha256(rfc8785.dumps(proof)).digest() + hashlib.sha256(rfc8785.dumps(document)).digest()


def sign_credential(document: dict[str, Any], *, created: str) -> dict[str, Any]:
    """Return the credential with an `eddsa-jcs-2022` proof; the same document gives the same proof."""
    did = issuer_did()
    proof = {
        "@context": document["@context"],
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "created": created,
        "verificationMethod": f"{did}#{did.removeprefix('did:key:')}",
        "proofPurpose": "assertionMethod",
    }
    value = base58.b58encode(_credential_key().sign(_hash_data(document, proof))).decode()
    return {**document, "proof": {**proof, "proofValue": f"z{value}"}}


@dataclass(frozen=True, slots=True)
class CredentialCheck:
    """Whether a credential is as it was signed, and whether the signer is us."""

    is_intact: bool
    is_ours: bool

    @property
    def is_genuine(self) -> bool:
        """Whether both hold."""
        return self.is_intact and self.is_ours


def check_credential(credential: dict[str, Any], *, issuer: str = "") -> CredentialCheck:
    """Check a credential's proof from the credential alone: no network, no database. Never raises.

    `issuer` is the `did:key` to trust instead of this site's own.
    """
    try:
        proof = dict(credential["proof"])
        value = base58.b58decode(proof.pop("proofValue").removeprefix("z"))
        document = {key: part for key, part in credential.items() if key != "proof"}
        did = proof["verificationMethod"].partition("#")[0]
        raw = base58.b58decode(did.removeprefix("did:key:z"))
        if proof["cryptosuite"] != "eddsa-jcs-2022" or raw[:2] != _ED25519:
            return CredentialCheck(False, False)
        same_issuer = document["issuer"]["id"] == did and proof["@context"] == document["@context"]
        Ed25519PublicKey.from_public_bytes(raw[2:]).verify(value, _hash_data(document, proof))
    except InvalidSignature:
        return CredentialCheck(False, False)
    except Exception:  # a file from anywhere may lack anything
        return CredentialCheck(False, False)
    return CredentialCheck(bool(same_issuer), did == (issuer or issuer_did()))
