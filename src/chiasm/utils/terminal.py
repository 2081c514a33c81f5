"""Terminal: what is shown, with nothing in it that a terminal would take for a command."""

import logging
from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

# Besides line ends and tabs. Some move the cursor, set colours or the clipboard; some turn the
# order of what follows, or hide in it.
_CONTROLS = (*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0))
_UNSEEN = (
    *(0x00AD, 0x061C, 0x200B, 0x200E, 0x200F, 0x2028, 0x2029, 0xFEFF),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xE0000, 0xE0080),
)
_SHOWN = {code: f"\\x{code:02x}" for code in _CONTROLS}
_SHOWN |= {code: f"\\u{code:04x}" for code in _UNSEEN}
# Bytes of a name that are no UTF-8, as Python keeps them; and halves of broken pairs.
_SHOWN |= {code: f"\\u{code:04x}" for code in range(0xD800, 0xE000)}
_SHOWN |= {0xDC00 + byte: f"\\x{byte:02x}" for byte in range(0x80, 0x100)}


def visible(text: str) -> str:
    """The text with each control character, and each that cannot be seen, as its number.

    Line ends and tabs stay, and so do the joiners that scripts and emoji need.
    """
    return text.translate(_SHOWN)


class Terminal(Console):
    """A console on which texts of any origin can be printed: no markup, no ``:emoji:``."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, markup=False, emoji=False)

    def render_str(self, text: str, **settings: Any) -> Text:
        # Before lines are broken, so that the numbers count.
        return super().render_str(visible(text), **settings)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        return _show(super().render(renderable, options))


class VisibleFormatter(logging.Formatter):
    """A line of the log in which a terminal takes nothing for a command."""

    def format(self, record: logging.LogRecord) -> str:
        return visible(super().format(record))


def _show(segments: Iterable[Segment]) -> Iterator[Segment]:
    for segment in segments:
        yield segment if segment.control else segment._replace(text=visible(segment.text))
