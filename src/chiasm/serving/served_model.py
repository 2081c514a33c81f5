"""ServedModel: what a server needs of a model."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from chiasm.data.media.kinds import Kind
from chiasm.inference.attribution import Attribution
from chiasm.inference.predictions import RowPrediction


class ServedModel(Protocol):
    """``chiasm.runtime.Runtime``, or what stands in for it in tests."""

    name: str
    classes: tuple[str, ...]
    modalities: tuple[str, ...]
    kinds: dict[str, Kind]

    def loader(self, modality: str) -> Callable[[Any], Any]:
        """What turns a text or the content of a file into an input; processes can be sent it."""
        ...

    def predict(
        self, rows: Sequence[Mapping[str, Any]], *, contributions: bool = True
    ) -> list[RowPrediction]: ...

    def occlude(
        self, row: Mapping[str, Any], *, label: str | None = None
    ) -> dict[str, Attribution]: ...
