import subprocess
import sys
from itertools import permutations

import numpy as np
import pytest
import torch
from captum.attr import ShapleyValues as CaptumShapleyValues
from hypothesis import given
from hypothesis import strategies as st

from chiasm.inference.shapley import Coalition, coalitions, shapley_values
from chiasm.utils.arrays import Array

MODALITIES = ("text", "image", "audio", "motion")


def random_game(players: int, seed: int) -> dict[Coalition, Array]:
    random = np.random.default_rng(seed)
    return {chosen: random.normal(size=(2, 3)) for chosen in coalitions(MODALITIES[:players])}


games = st.builds(random_game, st.integers(2, 4), st.integers(0, 999))


def test_coalitions_are_all_sets_from_none_to_all() -> None:
    found = coalitions(("a", "b", "c"))
    assert len(found) == len(set(found)) == 8
    assert found[0] == frozenset()
    assert found[-1] == frozenset("abc")


@given(games)
def test_values_and_base_sum_to_the_prediction_of_all(game: dict[Coalition, Array]) -> None:
    found = shapley_values(game)
    total = found.base + sum(found.values.values())
    np.testing.assert_allclose(total, game[max(game, key=len)], atol=1e-12)


@given(games)
def test_values_are_means_over_all_orders_of_joining(game: dict[Coalition, Array]) -> None:
    everyone = max(game, key=len)
    found = shapley_values(game)
    for modality in everyone:
        gains = [
            game[frozenset(order[: order.index(modality) + 1])]
            - game[frozenset(order[: order.index(modality)])]
            for order in permutations(sorted(everyone))
        ]
        np.testing.assert_allclose(found.values[modality], np.mean(gains, axis=0), atol=1e-12)


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=4))
def test_where_each_adds_for_itself_there_is_no_interaction(worth: list[float]) -> None:
    own = dict(zip(MODALITIES, worth, strict=False))
    game = {
        chosen: np.full((1, 1), 1.0 + sum(own[m] for m in chosen))
        for chosen in coalitions(tuple(own))
    }
    found = shapley_values(game)
    assert found.base == pytest.approx(1)
    for modality, value in found.values.items():
        assert value == pytest.approx(own[modality], abs=1e-9)
    for interaction in found.interactions.values():
        assert interaction == pytest.approx(0, abs=1e-9)


def test_what_only_two_together_are_worth_is_their_interaction_and_shared_equally() -> None:
    game = {
        chosen: np.array([[1.0 if chosen >= {"text", "image"} else 0.0]])
        for chosen in coalitions(("text", "image", "audio"))
    }
    found = shapley_values(game)
    assert {m: v.item() for m, v in found.values.items()} == pytest.approx(
        {"text": 0.5, "image": 0.5, "audio": 0.0}
    )
    assert found.interactions["image", "text"].item() == pytest.approx(1)
    assert found.interactions["audio", "text"].item() == pytest.approx(0)


@pytest.mark.parametrize("players", [2, 3, 4])
def test_values_agree_with_captum(players: int) -> None:
    game = random_game(players, seed=players)
    names = sorted(MODALITIES[:players])

    def play(present: torch.Tensor) -> torch.Tensor:
        rows = [
            game[frozenset(n for n, here in zip(names, row, strict=True) if here)][0]
            for row in present
        ]
        return torch.tensor(np.stack(rows))

    for target in range(3):
        (expected,) = CaptumShapleyValues(play).attribute(
            torch.ones(1, players), target=target, perturbations_per_eval=1
        )
        found = shapley_values(game).values
        np.testing.assert_allclose(
            [found[n][0, target] for n in names], expected.numpy(), atol=1e-5
        )


def test_shapley_values_need_no_torch() -> None:
    program = (
        "import sys; sys.modules['torch'] = None; "
        "from chiasm.inference.shapley import shapley_values, coalitions"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
