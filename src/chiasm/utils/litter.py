"""is_litter: what systems put beside a user's files by themselves."""

from pathlib import Path

# Of macOS on disks that cannot hold its attributes, and of Office while a file is open.
_BEGINNINGS = ("._", "~$")
_NAMES = (".ds_store", ".localized", "desktop.ini", "ehthumbs.db", "thumbs.db")


def is_litter(path: Path) -> bool:
    """Whether a file is none of the user's, by its name."""
    return path.name.startswith(_BEGINNINGS) or path.name.lower() in _NAMES
