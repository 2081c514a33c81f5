"""The fusions as plain modules on plain tensors, for people who bring their own training loop."""

from chiasm.fusion.attention import CrossModalAttention
from chiasm.nn.audio_visual_classifier import AudioVisualClassifier
from chiasm.nn.gated_fusion import GatedFusion
from chiasm.nn.tensor_classifier import TensorClassifier
from chiasm.nn.tri_modal_fusion import TriModalFusion
from chiasm.nn.visual_question_answering import VisualQuestionAnswering

__all__ = [
    "AudioVisualClassifier",
    "CrossModalAttention",
    "GatedFusion",
    "TensorClassifier",
    "TriModalFusion",
    "VisualQuestionAnswering",
]
