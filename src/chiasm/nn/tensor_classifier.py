"""Tensors in, logits out: any fusion without tables, encoders or files."""

import torch
from torch import Tensor, nn

from chiasm.encoders.tokens import Tokens
from chiasm.fusion.build import FusionConfig, build_fusion


class TensorClassifier(nn.Module):
    """A fusion and a linear head, called with one tensor a modality.

    Args:
        input_dims: width of the tensor of each modality; its keys name the arguments of the call.
        fusion: which fusion, and how large.
        num_classes: number of logits.

    Raises:
        ChiasmError: the modalities do not allow that fusion.

    Notation: b: batch, l: tokens of that modality, d: its width in ``input_dims``.

    Example:
        >>> fusion = FusionConfig(name="late", dim=32)
        >>> dims = {"touch": 6, "smell": 9}
        >>> model = TensorClassifier(input_dims=dims, fusion=fusion, num_classes=3)
        >>> touch, smell = torch.randn(4, 20, 6), torch.randn(4, 9)
        >>> logits, _ = model(touch=touch, smell=smell, smell_mask=torch.tensor([1, 1, 0, 1]) > 0)
        >>> logits.shape
        torch.Size([4, 3])
    """

    def __init__(
        self, *, input_dims: dict[str, int], fusion: FusionConfig, num_classes: int
    ) -> None:
        super().__init__()
        self.input_dims = dict(input_dims)
        self.fusion = build_fusion(fusion, self.input_dims)
        self.head = nn.Linear(self.fusion.dim, num_classes)

    def forward(
        self, *, need_weights: bool = False, **tensors: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Logits from a tensor for each modality and, named ``text_mask`` for "text", its mask.

        A tensor is ``[b, l, d]``, or ``[b, d]`` for a single vector a row; its mask is bool
        ``[b, l]`` or ``[b]``, True where it is real. Without a mask all of it is real; a row of
        which nothing is real lacks that modality. What a masked position holds never matters.

        Returns:
            The logits ``[b, classes]``, and the attention as in FusionOutput if asked for.

        Raises:
            TypeError: a modality is left out, or an argument belongs to none.
            ValueError: the shapes do not fit, or a mask is not bool.
        """
        masks = [f"{modality}_mask" for modality in self.input_dims]
        if not self.input_dims.keys() <= tensors.keys() <= {*self.input_dims, *masks}:
            raise TypeError(
                f"Give a tensor for each of {', '.join(self.input_dims)}, and masks as "
                f"{', '.join(masks)}; got {', '.join(tensors) or 'nothing'}. For rows that lack a "
                "modality, give a mask that is False."
            )
        tokens = {
            modality: _to_tokens(modality, tensors[modality], tensors.get(f"{modality}_mask"), dim)
            for modality, dim in self.input_dims.items()
        }
        rows = {modality: len(t) for modality, t in tokens.items()}
        if len(set(rows.values())) > 1:
            raise ValueError(f"All modalities need the same number of rows; got {rows}.")
        fused = self.fusion(tokens, need_weights=need_weights)
        return self.head(fused.features), fused.attention


def _to_tokens(modality: str, values: Tensor, mask: Tensor | None, dim: int) -> Tokens:
    if values.dim() not in (2, 3) or values.shape[-1] != dim:
        raise ValueError(
            f"{modality} must be [b, l, {dim}] or [b, {dim}]; got {tuple(values.shape)}."
        )
    if mask is None:
        mask = torch.ones(values.shape[:-1], dtype=torch.bool, device=values.device)
    elif mask.dtype == torch.bool and mask.shape == values.shape[:-1]:
        # A weight of 0 does not keep NaN out of a sum.
        values = values.masked_fill(~mask[..., None], 0.0)
    else:
        raise ValueError(
            f"{modality}_mask must be bool, True where {modality} is real, and "
            f"{tuple(values.shape[:-1])}; got {mask.dtype} {tuple(mask.shape)}."
        )
    return Tokens(values, mask) if values.dim() == 3 else Tokens(values[:, None], mask[:, None])
