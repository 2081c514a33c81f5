import torch

from chiasm.encoders.trainable.augmentation import RandomFlipAndCrop

IMAGES = torch.rand(64, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def test_images_are_left_alone_unless_training_asks_for_views() -> None:
    view = RandomFlipAndCrop().train()
    assert torch.equal(view(IMAGES), IMAGES)
    view.enabled = True
    assert torch.equal(view.eval()(IMAGES), IMAGES)


def test_views_differ_from_the_images_and_from_each_other() -> None:
    view = RandomFlipAndCrop().train()
    view.enabled = True
    first, second = view(IMAGES), view(IMAGES)
    assert first.shape == IMAGES.shape
    assert not torch.equal(first, second)
    assert 0 <= float(first.min()) <= float(first.max()) <= 1 + 1e-6


def test_about_half_of_the_images_are_mirrored() -> None:
    view = RandomFlipAndCrop().train()
    view.enabled = True
    ramp = torch.linspace(0, 1, 16).expand(400, 1, 16, 16)
    seen = view(ramp)[:, 0, 8]
    mirrored = seen[:, 0] > seen[:, -1]
    assert 0.35 < float(mirrored.float().mean()) < 0.65
