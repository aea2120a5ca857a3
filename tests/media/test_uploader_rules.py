"""The uploader's rules run in node, without a browser."""

import subprocess

from tests.environment import ROOT


def test_the_rules_of_the_uploader() -> None:
    ran = subprocess.run(
        ["node", "--test", "--experimental-strip-types", "--no-warnings", "tests/media/js/uploader.test.ts"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stdout
