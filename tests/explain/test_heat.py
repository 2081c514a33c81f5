import numpy as np
import pytest
from PIL import Image

from chiasm.encoders.place import WHOLE, Box, grid_places
from chiasm.explain.attribution.attribution import Attribution
from chiasm.explain.attribution.score_grid import score_grid
from chiasm.explain.drawing.heat import lay_heat


def of_cells(grid: np.ndarray, *, whole: int = 0, box: Box = WHOLE) -> Attribution:
    places = grid_places(*grid.shape, whole=whole, box=box)
    scores = np.concatenate([np.full(whole, 9.0), grid.ravel()])
    return Attribution("occlusion", "image", "good", None, tuple(places), scores)


@pytest.mark.parametrize("whole", [0, 2])
@pytest.mark.parametrize("box", [WHOLE, (0.1, 0.0, 0.7, 0.9)])
def test_cells_come_back_as_the_grid_they_were(whole: int, box: Box) -> None:
    grid = np.arange(6.0).reshape(2, 3)
    found, covered = score_grid(of_cells(grid, whole=whole, box=box))
    np.testing.assert_array_equal(found, grid)
    assert covered == pytest.approx(box)


@pytest.mark.parametrize("grid", [np.zeros((3, 3)), np.eye(4) - 0.5])
def test_colours_follow_the_scores(grid: np.ndarray) -> None:
    grey = Image.new("RGB", (80, 80), (128, 128, 128))
    drawn = np.asarray(lay_heat(grey, of_cells(grid)))
    if not grid.any():
        assert (drawn == 128).all()
        return
    red, _, blue = drawn[5, 5].astype(int)  # the diagonal speaks for
    assert blue > red
    red, _, blue = drawn[5, 75].astype(int)
    assert red > blue


def test_what_the_network_does_not_see_has_no_colour() -> None:
    grey = Image.new("RGB", (80, 40), (128, 128, 128))
    drawn = np.asarray(lay_heat(grey, of_cells(np.ones((2, 2)), box=(0.25, 0.0, 0.75, 1.0))))
    assert (drawn[:, :20] == 128).all()
    assert (drawn[:, 60:] == 128).all()
    assert (drawn[:, 20:60] != 128).any(axis=2).all()
