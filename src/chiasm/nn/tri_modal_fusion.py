"""What is seen, heard and said, on plain tensors."""

from chiasm.fusion.build import FusionConfig
from chiasm.nn.tensor_classifier import TensorClassifier


class TriModalFusion(TensorClassifier):
    """A ring of three attentions: the sight asks the audio, the audio the text, the text the sight.

    Each modality is normalised and projected, asks the next, and is then pooled by attention over
    its own tokens; the pooled vectors are concatenated, so the lengths need not agree (see
    fusion.cross_attention.CrossAttention).

    Shapes: ``visual`` ``[b, l_v, visual_dim]``, ``audio`` ``[b, l_a, audio_dim]``, ``text``
    ``[b, l_t, text_dim]``, or ``[b, dim]`` for one vector a row; ``visual_mask`` bool ``[b, l_v]``
    or ``[b]``, and so on; logits ``[b, classes]``; attention "visual->audio"
    ``[b, heads, l_v, l_a + 1]``, "audio->text" and "text->visual", null key last.

    Dropout, in training: ``dropout`` of features, ``key_dropout`` of the keys of each attention
    (None: 0.3, or 0 where ``dropout`` is 0).

    Notation: b: batch, l_v, l_a, l_t: tokens of each modality.

    Example:
        >>> model = TriModalFusion(visual_dim=35, audio_dim=74, text_dim=300, num_classes=2)
        >>> visual, audio, text = (torch.randn(8, l, d) for l, d in [(20, 35), (50, 74), (9, 300)])
        >>> heard = torch.arange(50) < torch.randint(51, (8, 1))
        >>> logits, _ = model(visual=visual, audio=audio, text=text, audio_mask=heard)
        >>> logits.shape
        torch.Size([8, 2])
    """

    def __init__(
        self,
        *,
        visual_dim: int,
        audio_dim: int,
        text_dim: int,
        num_classes: int,
        dim: int = FusionConfig.dim,
        num_heads: int = FusionConfig.num_heads,
        dropout: float = FusionConfig.dropout,
        key_dropout: float | None = FusionConfig.key_dropout,
    ) -> None:
        fusion = FusionConfig(
            dim=dim,
            num_heads=num_heads,
            dropout=dropout,
            key_dropout=key_dropout,
            directions=("visual->audio", "audio->text", "text->visual"),
        )
        input_dims = {"visual": visual_dim, "audio": audio_dim, "text": text_dim}
        super().__init__(input_dims=input_dims, fusion=fusion, num_classes=num_classes)
