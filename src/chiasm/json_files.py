"""JSON files, as people and other programs read them."""

import json
from pathlib import Path

from chiasm.whole_files import written_whole


def write_json(content: object, path: Path) -> None:
    """Write a file of indented JSON, in UTF-8."""
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    with written_whole(path) as part:
        part.write_text(text, encoding="utf-8")
