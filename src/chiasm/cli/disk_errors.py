"""tell_disk_error: words for what the system refuses."""

import errno

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


def tell_disk_error(error: OSError) -> str:
    """What could not be read or written, why, and what to do next."""
    file = f"{error.filename}: " if error.filename else ""
    said = f"{file}{error.strerror or error}".rstrip(".")
    if error.errno in _FULL or "os error 28" in said:
        return f"{said}. Free some disk space, then run the command again: it goes on from there."
    if error.errno in _FORBIDDEN:
        return f"{said}. Choose a place that you may read and write, or change its permissions."
    return f"{said}. See to that place, then run the command again."
