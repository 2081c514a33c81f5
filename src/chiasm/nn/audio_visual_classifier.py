"""Audio and sight, on plain tensors."""

from chiasm.fusion.build import FusionConfig
from chiasm.nn.tensor_classifier import TensorClassifier


class AudioVisualClassifier(TensorClassifier):
    """Frames of the audio ask the image, its patches ask the audio.

    Each direction has the mask of those it asks (see fusion.cross_attention.CrossAttention).

    Shapes: ``audio`` ``[b, l_a, audio_dim]``, ``visual`` ``[b, l_v, visual_dim]``, or ``[b, dim]``
    for one vector a row; ``audio_mask`` bool ``[b, l_a]`` or ``[b]``, and ``visual_mask`` alike;
    logits ``[b, classes]``; attention "audio->visual" ``[b, heads, l_a, l_v + 1]`` and
    "visual->audio" ``[b, heads, l_v, l_a + 1]``, null key last.

    Dropout, in training: ``dropout`` of features, ``key_dropout`` of the keys of each attention
    (None: 0.3, or 0 where ``dropout`` is 0).

    Notation: b: batch, l_a: frames of the longest audio, l_v: patches of an image.

    Example:
        >>> model = AudioVisualClassifier(audio_dim=768, visual_dim=192, num_classes=10)
        >>> audio, visual = torch.randn(8, 99, 768), torch.randn(8, 197, 192)
        >>> heard = torch.arange(99) < torch.randint(1, 100, (8, 1))
        >>> logits, attention = model(audio=audio, visual=visual, audio_mask=heard)
        >>> logits.shape, attention
        (torch.Size([8, 10]), {})
    """

    def __init__(
        self,
        *,
        audio_dim: int,
        visual_dim: int,
        num_classes: int,
        dim: int = FusionConfig.dim,
        num_heads: int = FusionConfig.num_heads,
        dropout: float = FusionConfig.dropout,
        key_dropout: float | None = FusionConfig.key_dropout,
    ) -> None:
        super().__init__(
            input_dims={"audio": audio_dim, "visual": visual_dim},
            fusion=FusionConfig(
                dim=dim, num_heads=num_heads, dropout=dropout, key_dropout=key_dropout
            ),
            num_classes=num_classes,
        )
