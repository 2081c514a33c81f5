"""Questions about images, on plain tensors."""

from chiasm.fusion.build import FusionConfig
from chiasm.nn.tensor_classifier import TensorClassifier


class VisualQuestionAnswering(TensorClassifier):
    """Words of the question ask the image, its patches ask the question; answers are classes.

    Each direction has the mask of those it asks (see fusion.cross_attention.CrossAttention).

    Shapes: ``image`` ``[b, l_i, image_dim]``, ``question`` ``[b, l_q, question_dim]``, or
    ``[b, dim]`` for one vector a row; ``image_mask`` bool ``[b, l_i]`` or ``[b]``, and
    ``question_mask`` alike; logits ``[b, answers]``; attention "question->image"
    ``[b, heads, l_q, l_i + 1]`` and "image->question" ``[b, heads, l_i, l_q + 1]``, null key last.

    Dropout, in training: ``dropout`` of features, ``key_dropout`` of the keys of each attention
    (None: 0.3, or 0 where ``dropout`` is 0).

    Notation: b: batch, l_i: patches of an image, l_q: words of the longest question.

    Example:
        >>> model = VisualQuestionAnswering(image_dim=112, question_dim=384, num_answers=13)
        >>> image, question = torch.randn(8, 49, 112), torch.randn(8, 12, 384)
        >>> asked = torch.arange(12) < torch.randint(1, 13, (8, 1))
        >>> logits, attention = model(
        ...     image=image, question=question, question_mask=asked, need_weights=True
        ... )
        >>> logits.shape, attention["question->image"].shape
        (torch.Size([8, 13]), torch.Size([8, 4, 12, 50]))
    """

    def __init__(
        self,
        *,
        image_dim: int,
        question_dim: int,
        num_answers: int,
        dim: int = FusionConfig.dim,
        num_heads: int = FusionConfig.num_heads,
        dropout: float = FusionConfig.dropout,
        key_dropout: float | None = FusionConfig.key_dropout,
    ) -> None:
        super().__init__(
            input_dims={"image": image_dim, "question": question_dim},
            fusion=FusionConfig(
                dim=dim, num_heads=num_heads, dropout=dropout, key_dropout=key_dropout
            ),
            num_classes=num_answers,
        )
