import torch

from chiasm.encoders.trainable.augmentation import RandomView

PICTURES = torch.rand(64, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def test_pictures_are_left_alone_unless_training_asks_for_views() -> None:
    view = RandomView().train()
    assert torch.equal(view(PICTURES), PICTURES)
    view.enabled = True
    assert torch.equal(view.eval()(PICTURES), PICTURES)


def test_views_differ_from_the_pictures_and_from_each_other() -> None:
    view = RandomView().train()
    view.enabled = True
    first, second = view(PICTURES), view(PICTURES)
    assert first.shape == PICTURES.shape
    assert not torch.equal(first, second)
    assert 0 <= float(first.min()) <= float(first.max()) <= 1 + 1e-6


def test_about_half_of_the_pictures_are_mirrored() -> None:
    view = RandomView().train()
    view.enabled = True
    ramp = torch.linspace(0, 1, 16).expand(400, 1, 16, 16)
    seen = view(ramp)[:, 0, 8]
    mirrored = seen[:, 0] > seen[:, -1]
    assert 0.35 < float(mirrored.float().mean()) < 0.65
