"""Target: what about a prediction is explained."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Target:
    """The class of each row whose score is explained, alone or held against another.

    Attributes:
        classes: class indices ``[b]``.
        contrast: class indices ``[b]``; None: all others together.
    """

    classes: Tensor
    contrast: Tensor | None = None

    def log_odds(self, logits: Tensor) -> Tensor:
        """How much likelier the class is than what it is held against, ``[b]``, from ``[b, c]``."""
        own = logits.gather(1, self.classes[:, None])[:, 0]
        if self.contrast is not None:
            return own - logits.gather(1, self.contrast[:, None])[:, 0]
        others = logits.scatter(1, self.classes[:, None], -float("inf"))
        return own - others.logsumexp(dim=1)
