"""What a worker of videos does not carry: libraries that only other work needs, and copies of what is shared."""

import ast
import gc
from pathlib import Path

import pytest
from celery.signals import worker_before_create_process

from config.env import ROOT

ROOMS = ("config", "media", "courses", "classroom")


def loaded_at_once(source: str) -> set[str]:
    """Return the packages that a module imports as soon as it is imported itself."""
    found: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("library", ["pypinyin", "openpyxl", "rapidocr", "onnxruntime", "boto3"])
def test_a_large_library_is_loaded_only_where_it_is_used(library: str) -> None:
    files = [path for room in ROOMS for path in Path(ROOT, room).rglob("*.py")]
    texts = {path: text for path in files if library in (text := path.read_text())}
    assert [str(path) for path, text in texts.items() if library in loaded_at_once(text)] == []


def test_a_worker_leaves_what_it_loaded_out_of_its_childrens_collections() -> None:
    before = gc.get_freeze_count()
    try:
        worker_before_create_process.send(sender=None)
        assert gc.get_freeze_count() > before
    finally:
        gc.unfreeze()
