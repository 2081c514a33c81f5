"""A gate between modalities, on plain tensors."""

from chiasm.fusion.build import FusionConfig
from chiasm.nn.tensor_classifier import TensorClassifier


class GatedFusion(TensorClassifier):
    """Decides feature by feature which modality to believe, and classifies what comes of it.

    Every modality is averaged over its real tokens and brought to the width ``dim``; for each
    feature, a softmax over the *modalities* present weighs them (see fusion.gated.Gated).

    Shapes: by the names in ``input_dims``, each ``[b, l, d]`` or ``[b, d]``, and each mask bool
    ``[b, l]`` or ``[b]``; logits ``[b, classes]``, no attention.

    Notation: b: batch, l: tokens of that modality, d: its width in ``input_dims``.

    Example:
        >>> model = GatedFusion(input_dims={"text": 384, "image": 512}, num_classes=3)
        >>> text, image = torch.randn(8, 384), torch.randn(8, 49, 512)
        >>> has_image = torch.arange(8) > 2
        >>> logits, _ = model(text=text, image=image, image_mask=has_image[:, None].expand(8, 49))
        >>> logits.shape
        torch.Size([8, 3])
    """

    def __init__(
        self,
        *,
        input_dims: dict[str, int],
        num_classes: int,
        dim: int = FusionConfig.dim,
        dropout: float = FusionConfig.dropout,
    ) -> None:
        fusion = FusionConfig(name="gated", dim=dim, dropout=dropout)
        super().__init__(input_dims=input_dims, fusion=fusion, num_classes=num_classes)
