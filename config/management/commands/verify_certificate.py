"""`manage.py verify_certificate FILE…`: is each file signed by us, and unchanged? Needs no database.

Elsewhere than on the site, `--root` and `--issuer` name the public keys to trust; nothing else is needed.
"""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from classroom.certificates import signing
from classroom.certificates.files import embedded_credential


class Command(BaseCommand):
    """Checks certificate files (PDF or JSON) from the files alone."""

    help = "Check signature and credential of certificate files, offline."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take one or more files."""
        parser.add_argument("files", nargs="+", type=Path)
        parser.add_argument("--root", type=Path, help="PEM file whose last certificate PDFs must lead to.")
        parser.add_argument("--issuer", default="", help="The did:key that credentials must be signed by.")

    def handle(self, *args: Any, files: list[Path], **options: Any) -> None:
        """Print a line a file; fail where one of them is not genuine."""
        roots, issuer = _roots(options["root"]), options["issuer"]
        bad = 0
        for path in files:
            try:
                content = path.read_bytes()
            except OSError as error:
                raise CommandError(f"{path}: {error.strerror}") from error
            genuine, words = self._check(content, roots, issuer)
            bad += not genuine
            self.stdout.write(f"{'ok ' if genuine else 'BAD'} {path}: {words}")
        if bad:
            raise CommandError(f"{bad} of {len(files)} not genuine")

    def _check(self, content: bytes, roots: tuple[Any, ...] | None, issuer: str) -> tuple[bool, str]:
        if b"%PDF-" in content[:1024]:
            signature, credential = signing.check_pdf(content, roots=roots), embedded_credential(content)
            words = f"signed {signature.is_signed}, intact {signature.is_intact}, ours {signature.is_ours}"
            return signature.is_genuine, f"{words}, number {_number(credential)}"
        try:
            credential = json.loads(content)
        except (ValueError, RecursionError):
            return False, "neither a PDF nor a credential"
        check = signing.check_credential(credential if isinstance(credential, dict) else {}, issuer=issuer)
        return (
            check.is_genuine,
            f"intact {check.is_intact}, ours {check.is_ours}, number {_number(credential)}",
        )


def _roots(path: Path | None) -> tuple[Any, ...] | None:
    if path is None:
        return None
    try:
        return signing.roots_in(path.read_bytes())
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} is no PEM file of a certificate: {error}") from error


def _number(credential: Any) -> str:
    try:
        return str(credential["credentialSubject"]["licenseNumber"])
    except (KeyError, TypeError):
        return "unknown"
