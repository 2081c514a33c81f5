"""Words for what the system refuses: room on a disk, access, memory."""

import errno
import re

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
# Of torch on a processor and on a GPU, of ONNX Runtime, and of threads that find no room.
_NO_MEMORY = re.compile(
    "can't allocate memory|out of memory|Failed to allocate memory|can't start new thread"
)


def tell_disk_error(error: OSError) -> str:
    """What could not be read or written, why, and what to do next."""
    file = f"{error.filename}: " if error.filename else ""
    said = f"{file}{error.strerror or error}".rstrip(".")
    if error.errno in _FULL or "os error 28" in said:
        return f"{said}. Free some disk space, then run the command again: it goes on from there."
    if error.errno in _FORBIDDEN:
        return f"{said}. Choose a place that you may read and write, or change its permissions."
    return f"{said}. See to that place, then run the command again."


def is_out_of_memory(error: Exception) -> bool:
    """Whether the system gave no more memory: libraries say so with errors of their own."""
    return isinstance(error, MemoryError) or _NO_MEMORY.search(str(error)) is not None
