import numpy as np
import pytest
from PIL import Image

from chiasm.explanation.attribution.scores import score_grid
from chiasm.explanation.drawing.heat import overlay_heatmap
from chiasm.explanation.drawing.shade import relative
from chiasm.inference.attribution import Attribution
from chiasm.inference.token_spans import WHOLE, Box, grid_spans


def of_cells(grid: np.ndarray, *, whole: int = 0, box: Box = WHOLE) -> Attribution:
    places = grid_spans(*grid.shape, whole=whole, box=box)
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
    drawn = np.asarray(overlay_heatmap(grey, of_cells(grid)))
    if not grid.any():
        assert (drawn == 128).all()
        return
    red, _, blue = drawn[5, 5].astype(int)  # the diagonal speaks for
    assert blue > red
    red, _, blue = drawn[5, 75].astype(int)
    assert red > blue


def opacity(grid: np.ndarray) -> np.ndarray:
    """How far each cell's middle is from the paler image beneath, over the farthest possible."""
    grey = Image.new("RGB", (80, 80), (128, 128, 128))
    side = 80 // len(grid)
    drawn = np.asarray(overlay_heatmap(grey, of_cells(grid)))[side // 2 :: side, side // 2 :: side]
    full = np.asarray(overlay_heatmap(grey, of_cells(np.eye(8))))[5, 5]
    found: np.ndarray = np.abs(drawn.astype(int) - 128)[..., 2] / abs(int(full[2]) - 128)
    return found


def test_attention_that_is_nearly_uniform_paints_nothing_in_full_colour() -> None:
    even = 1 / 64 + np.random.default_rng(0).uniform(-1e-3, 1e-3, (8, 8))
    assert opacity(even).max() < 0.25


def test_what_stands_out_has_the_full_colour() -> None:
    peaked = np.full((8, 8), 0.01)
    peaked[3, 4] = 0.3
    found = opacity(peaked)
    assert found[3, 4] > 0.75
    assert np.sort(found.ravel())[-6] < 0.25


@pytest.mark.parametrize(
    ("scores", "strengths"), [([], []), ([-2.0], [-1.0]), ([1, -2], [0.5, -1])]
)
def test_few_tokens_are_measured_by_the_largest(
    scores: list[float], strengths: list[float]
) -> None:
    assert relative(np.array(scores, dtype=np.float64)).tolist() == strengths


def test_what_the_network_does_not_see_has_no_colour() -> None:
    grey = Image.new("RGB", (80, 40), (128, 128, 128))
    drawn = np.asarray(overlay_heatmap(grey, of_cells(np.ones((2, 2)), box=(0.25, 0.0, 0.75, 1.0))))
    assert (drawn[:, :20] == 128).all()
    assert (drawn[:, 60:] == 128).all()
    assert (drawn[:, 20:60] != 128).any(axis=2).all()
