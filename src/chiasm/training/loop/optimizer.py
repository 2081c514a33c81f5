"""build_optimizer: one that is slower for what is pretrained than for what is new."""

from collections.abc import Iterable

from torch import nn
from torch.optim import Adam, AdamW, Optimizer

from chiasm.encoders.trainable.layers import TrainableLayers
from chiasm.training.config import TrainingConfig

_OPTIMIZERS: dict[str, type[Adam]] = {"adamw": AdamW, "adam": Adam}


def build_optimizer(model: nn.Module, config: TrainingConfig) -> Optimizer:
    """Give each block of a tuned encoder its own learning rate, and decay matrices only.

    The last block of an encoder learns at ``encoder_learning_rate``, each one before it at
    ``layer_decay`` times the rate of the next (Clark et al., "ELECTRA", 2020, appendix A.2); all
    else learns at ``learning_rate``. Biases, norms and other vectors are not decayed.
    """
    groups: list[dict[str, object]] = []
    seen: set[nn.Parameter] = set()

    def add(parameters: Iterable[nn.Parameter], rate: float) -> None:
        new = [p for p in parameters if p.requires_grad and p not in seen]
        seen.update(new)
        for decay, part in (
            (config.weight_decay, [p for p in new if p.ndim > 1]),
            (0.0, [p for p in new if p.ndim <= 1]),
        ):
            if part:
                groups.append({"params": part, "lr": rate, "weight_decay": decay})

    for module in model.modules():
        if isinstance(module, TrainableLayers):
            rate = config.encoder_learning_rate
            for block in reversed(module.blocks()):
                add(block.parameters(), rate)
                rate *= config.layer_decay
            add(module.parameters(), rate)
    add(model.parameters(), config.learning_rate)
    # One pass over the weights, instead of a dozen small operations for each matrix.
    return _OPTIMIZERS[config.optimizer](groups, fused=True)
