import torch
from torch.nn import functional as F

from chiasm.encoders.packaged.efficientnet_lite import EfficientNetLite, SameConv2d


def constant_convolution(size: int, stride: int) -> SameConv2d:
    convolution = SameConv2d(1, 1, size, stride, bias=False)
    torch.nn.init.ones_(convolution.weight)
    return convolution


def test_same_padding_puts_the_odd_pixel_after() -> None:
    # TensorFlow pads 1 2 3 4 (stride 2, kernel 3) to 1 2 3 4 0; symmetric padding gives 0 1 2 3 4.
    row = torch.tensor([1.0, 2.0, 3.0, 4.0])
    image = row.repeat(4, 1)[None, None]
    horizontal = torch.tensor([1 + 2 + 3, 3 + 4 + 0.0])
    # Windows start at rows 0 and 2 and hold three and two rows of the image.
    expected = torch.stack([3 * horizontal, 2 * horizontal])
    torch.testing.assert_close(constant_convolution(3, 2)(image)[0, 0], expected)


def test_same_padding_is_symmetric_where_it_can_be() -> None:
    image = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0]).repeat(5, 1)[None, None]
    horizontal = torch.tensor([0 + 1 + 2.0, 2 + 3 + 4.0, 4 + 5 + 0.0])
    expected = torch.stack([2 * horizontal, 3 * horizontal, 2 * horizontal])
    torch.testing.assert_close(constant_convolution(3, 2)(image)[0, 0], expected)


@torch.no_grad()
def test_map_is_a_thirty_second_of_the_image_rounded_up() -> None:
    network = EfficientNetLite().eval()
    assert network(torch.zeros(1, 3, 64, 65)).shape == (1, 1280, 2, 3)


@torch.no_grad()
def test_folded_batch_norm_gives_the_same_map() -> None:
    torch.manual_seed(0)
    network = EfficientNetLite()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
            torch.nn.init.uniform_(module.weight, 0.5, 2)
            torch.nn.init.normal_(module.bias)
    network.eval()
    image = torch.randn(1, 3, 64, 64)
    before = network(image)
    network.fold_batch_norm()
    torch.testing.assert_close(network(image), before, rtol=1e-3, atol=1e-3)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in network.modules())
    assert before.std() > 0.1
    assert torch.equal(before, F.relu6(before))
