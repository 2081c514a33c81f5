"""needs_onnxruntime: what to install where the engine of the packaged encoders is not."""

from collections.abc import Iterator
from contextlib import contextmanager

from chiasm.errors import EncoderError


@contextmanager
def needs_onnxruntime() -> Iterator[None]:
    """Import in here what imports ONNX Runtime.

    Raises:
        EncoderError: it is not installed.
    """
    try:
        yield
    except ImportError as error:
        raise EncoderError(
            "The packaged encoders of texts and pictures need ONNX Runtime where there is no GPU: "
            'pip install "chiasm[packaged]"'
        ) from error
