"""fit_in_stages: train a recipe's model, all at once or one encoder after the other."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from chiasm.encoders.features.encoding import compact
from chiasm.encoders.features.store import Features
from chiasm.encoders.features.token_file import TokenFile
from chiasm.encoders.tokens import Tokens
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable, stack_tokens
from chiasm.model.storage import read_tensors, write_tensors
from chiasm.training.loop.compute import distributed_state
from chiasm.training.loop.epochs import Epoch
from chiasm.training.loop.fitting import fit
from chiasm.training.recipe import Recipe

_BATCH_SIZE = 32


def fit_in_stages(
    model: FusionClassifier,
    train: EncodedTable,
    validation: EncodedTable,
    recipe: Recipe,
    *,
    checkpoints: Path,
    report: Callable[[Epoch], None],
    events: Path | None = None,
) -> None:
    """Train ``model`` in place as the recipe says.

    A staged recipe first trains each encoder's layers alone, as a classifier of its own modality;
    then these are frozen, run once over all rows, and the fusion is trained on what they give. All
    stages share one split: were they trained on several, a row that judges the last stage could
    have taught an earlier one.

    Raises:
        TrainingStopped: as ``fit``; the same call goes on.
    """
    layers = model.trainable_layers
    if recipe.staged:
        for modality in model.modalities:
            _fit_alone(model, modality, train, validation, recipe, checkpoints / modality, report)
        layers.eval()
        train = _encode(layers, train, checkpoints)
        validation = _encode(layers, validation, checkpoints)
        model.trainable_layers = nn.ModuleDict({modality: nn.Identity() for modality in layers})
        torch.manual_seed(recipe.training.seed)
    try:
        fit(
            model,
            train,
            validation,
            recipe.training,
            checkpoints=checkpoints / "fusion",
            report=report,
            events=events,
        )
    finally:
        model.trainable_layers = layers


def _fit_alone(
    model: FusionClassifier,
    modality: str,
    train: EncodedTable,
    validation: EncodedTable,
    recipe: Recipe,
    folder: Path,
    report: Callable[[Epoch], None],
) -> None:
    """Train the layers of one modality, unless that was done before an interruption."""
    own = model.trainable_layers[modality]
    if not any(p.requires_grad for p in own.parameters()):
        return
    finished = folder / "trainable_layers.safetensors"
    if not finished.is_file():
        # Each stage begins from the seed, whether the one before it was trained now or earlier.
        torch.manual_seed(recipe.training.seed)
        alone = FusionClassifier(
            encoders={modality: model.encoders[modality]},
            fusion=replace(recipe.fusion, name=modality),
            task=model.task,
        )
        fit(
            alone,
            train.of([modality]),
            validation.of([modality]),
            replace(recipe.training, epochs=recipe.epochs_alone(modality)),
            checkpoints=folder,
            report=report,
        )
        with distributed_state().main_process_first():
            if not finished.is_file():
                write_tensors(alone.trainable_layers[modality].state_dict(), finished)
    own.load_state_dict(read_tensors(finished))


@torch.inference_mode()
def _encode(layers: nn.ModuleDict, rows: EncodedTable, folder: Path) -> EncodedTable:
    """The rows with the tokens that the layers give, as the cache would hold them, in a folder."""
    keys: dict[str, list[bytes | None]] = {modality: [] for modality in layers}
    stores = {modality: TokenFile(folder) for modality in layers}
    dims: dict[str, int] = {}
    for start in range(0, len(rows), _BATCH_SIZE):
        stop = min(start + _BATCH_SIZE, len(rows))
        given = stack_tokens([rows[index] for index in range(start, stop)])
        for modality, own in layers.items():
            device = next((p.device for p in own.parameters()), torch.device("cpu"))
            tokens: Tokens = own(given[modality].to(device)).to("cpu")
            dims[modality] = tokens.values.shape[2]
            for values in compact(tokens):
                keys[modality].append(stores[modality].append(values) if len(values) else None)
    features = {
        modality: Features(keys[modality], store, dim=dims[modality], encoded=len(rows), reused=0)
        for modality, store in stores.items()
    }
    return EncodedTable(features, [rows[index].target for index in range(len(rows))])
