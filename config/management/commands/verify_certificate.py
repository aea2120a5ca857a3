"""`manage.py verify_certificate FILE…`: is each file signed by us, and unchanged? Needs no database."""

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

    def handle(self, *args: Any, files: list[Path], **options: Any) -> None:
        """Print a line a file; fail where one of them is not genuine."""
        bad = 0
        for path in files:
            try:
                content = path.read_bytes()
            except OSError as error:
                raise CommandError(f"{path}: {error.strerror}") from error
            genuine, words = self._check(content)
            bad += not genuine
            self.stdout.write(f"{'ok ' if genuine else 'BAD'} {path}: {words}")
        if bad:
            raise CommandError(f"{bad} of {len(files)} not genuine")

    def _check(self, content: bytes) -> tuple[bool, str]:
        if b"%PDF-" in content[:1024]:
            signature, credential = signing.check_pdf(content), embedded_credential(content)
            words = f"signed {signature.is_signed}, intact {signature.is_intact}, ours {signature.is_ours}"
            return signature.is_genuine, f"{words}, number {_number(credential)}"
        try:
            credential = json.loads(content)
        except (ValueError, RecursionError):
            return False, "neither a PDF nor a credential"
        check = signing.check_credential(credential if isinstance(credential, dict) else {})
        return (
            check.is_genuine,
            f"intact {check.is_intact}, ours {check.is_ours}, number {_number(credential)}",
        )


def _number(credential: Any) -> str:
    try:
        return str(credential["credentialSubject"]["licenseNumber"])
    except (KeyError, TypeError):
        return "unknown"
