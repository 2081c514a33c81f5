"""name_options: what the library calls an argument, the command line calls an option."""

import logging
import re

from chiasm.utils.terminal import VisibleFormatter

# In a message of the library an argument stands so: `group_by`.
OPTIONS = {
    name: f"--{name.replace('_', '-')}"
    for name in (
        *("text", "image", "audio", "label", "id", "split", "group", "group_by", "encoding"),
        *("on_bad", "allow_outside", "out", "folds", "batch_size", "trainable_blocks"),
        *("recipe", "address"),
    )
} | {"features": "--feature"}
_ARGUMENT = re.compile(f"`({'|'.join(OPTIONS)})`")


def name_options(message: str) -> str:
    """The message with each argument under the name of its option."""
    return _ARGUMENT.sub(lambda found: OPTIONS[found[1]], message)


class OptionFormatter(VisibleFormatter):
    """A line of the log as a terminal may show it, with the names of options."""

    def format(self, record: logging.LogRecord) -> str:
        return name_options(super().format(record))
