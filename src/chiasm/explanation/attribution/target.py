"""Target: what about a prediction is explained."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Target:
    """The class of each row whose score is explained, alone or against another.

    Attributes:
        chosen: class indices ``[b]``.
        against: class indices ``[b]``; None: against all others together.
    """

    chosen: Tensor
    against: Tensor | None = None

    def log_odds(self, logits: Tensor) -> Tensor:
        """How much likelier the class is than what it is held against, ``[b]``, from ``[b, c]``."""
        own = logits.gather(1, self.chosen[:, None])[:, 0]
        if self.against is not None:
            return own - logits.gather(1, self.against[:, None])[:, 0]
        others = logits.scatter(1, self.chosen[:, None], -float("inf"))
        return own - others.logsumexp(dim=1)
