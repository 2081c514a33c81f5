"""Target: what about a prediction is explained."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Target:
    """The class of each row that is explained, alone or held against another (``Task.explained``).

    Attributes:
        classes: class indices ``[b]``.
        contrast: class indices ``[b]``; None: all others together.
    """

    classes: Tensor
    contrast: Tensor | None = None
