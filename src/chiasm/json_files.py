"""JSON files, as people and other programs read them."""

import json
import re
from pathlib import Path
from typing import Any

from chiasm.errors import UnreadableExample
from chiasm.regular_files import SMALL, read_regular
from chiasm.whole_files import written_whole

_SURROGATE = re.compile("[\ud800-\udfff]")


def write_json(content: object, path: Path) -> None:
    """Write a file of indented JSON, in UTF-8; undecodable bytes of a path can be read back."""
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    text = _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    with written_whole(path) as part:
        part.write_text(text, encoding="utf-8")


def read_json(path: Path) -> Any:
    """What such a file says.

    Raises:
        UnreadableExample: it is no JSON, or as ``read_regular``.
    """
    try:
        return json.loads(read_regular(path, most=SMALL))
    except (ValueError, RecursionError) as error:
        raise UnreadableExample("no JSON") from error
