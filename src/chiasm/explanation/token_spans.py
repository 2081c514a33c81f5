"""token_spans: what the tokens of rows stand for."""

from collections.abc import Sequence

import torch

from chiasm.data.table import Table
from chiasm.inference.token_spans import TokenSpan
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable
from chiasm.model.logits import encoded_batches


@torch.inference_mode()
def token_spans(
    model: FusionClassifier, table: Table, rows: Sequence[int], encoded: EncodedTable
) -> list[dict[str, tuple[TokenSpan, ...]]]:
    """The spans by modality, without those that a row lacks; ``encoded`` holds these very rows."""
    # Counted behind the trainable layers: a wholly trained one makes a few tokens of many pixels.
    counts = [
        {modality: int(tokens.mask[i].sum()) for modality, tokens in batch.items()}
        for batch in encoded_batches(model, encoded)
        for i in range(len(next(iter(batch.values()))))
    ]
    return [
        {
            modality: tuple(
                model.encoders[modality].token_spans(table.values[modality][row], count)
            )
            for modality, count in of_row.items()
            if count
        }
        for row, of_row in zip(rows, counts, strict=True)
    ]
