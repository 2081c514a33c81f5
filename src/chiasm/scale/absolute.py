"""absolute: values that mean the same on every machine."""

from pathlib import Path

from chiasm.data.table import Value


def absolute(value: Value | None) -> Value | None:
    """The value; a file by its whole path, since the working folder is another elsewhere."""
    return value.absolute() if isinstance(value, Path) else value
