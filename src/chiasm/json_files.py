"""JSON files, as people and other programs read them."""

import json
from pathlib import Path


def write_json(content: object, path: Path) -> None:
    """Write a file of indented JSON, in UTF-8."""
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8")
