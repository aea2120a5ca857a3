"""Reads the text on pictures; a program of its own, run by media.slides_ocr and imported by nobody.

    slides_ocr_program.py PICTURE ...

Prints one line of JSON: the engine (null where it cannot be loaded, with the reason) and for each picture
its height and lines. A process of its own, since the engine takes most of a gigabyte, which is given back
when it ends, and reads what strangers uploaded.
"""

import json
import sys
from importlib import metadata
from typing import Any


def _engine() -> Any:
    from rapidocr import RapidOCR

    # One thread: it has the lowest priority of all work. Slides stand upright, so no line is turned.
    one = {f"EngineConfig.onnxruntime.{which}_op_num_threads": 1 for which in ("intra", "inter")}
    return RapidOCR(
        params={**one, "Global.use_cls": False, "Global.text_score": 0.3, "Global.log_level": "critical"}
    )


def _lines(engine: Any, path: str) -> list[list[Any]]:
    found = engine(path)
    if found.boxes is None or found.txts is None:
        return []
    lines = []
    for corners, text, score in zip(found.boxes, found.txts, found.scores, strict=True):
        across, down = [point[0] for point in corners], [point[1] for point in corners]
        places = [round(float(place), 1) for place in (min(across), min(down), max(across), max(down))]
        lines.append([str(text), round(float(score), 3), *places])
    return lines


def main(paths: list[str]) -> None:
    """Print what stands on the pictures."""
    try:
        engine = _engine()
    except Exception as error:
        json.dump({"engine": None, "why": f"{type(error).__name__}: {error}"}, sys.stdout)
        return
    from PIL import Image

    pages = []
    for path in paths:
        with Image.open(path) as picture:
            height = picture.height
        pages.append({"height": height, "lines": _lines(engine, path)})
    name = f"rapidocr {metadata.version('rapidocr')}"
    json.dump({"engine": name, "pages": pages}, sys.stdout, ensure_ascii=True)


if __name__ == "__main__":
    main(sys.argv[1:])
