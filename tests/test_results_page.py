"""What the page of results says of a model is what the recipe and the command beside it say."""

import re
from pathlib import Path

import pytest

from chiasm.recipes.files import load_recipe

PAGE = Path(__file__).parents[1] / "docs" / "results.md"


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text("utf-8")


def test_epochs_are_those_of_the_recipe(page: str) -> None:
    named = re.findall(r"`([\w-]+)`, (\d+) epochs", page)
    assert named
    for recipe, epochs in named:
        assert load_recipe(recipe).training.epochs == int(epochs)


def test_a_modality_that_was_left_out_is_none_of_those_of_the_model(page: str) -> None:
    (left_out,) = re.findall(r"\*(\w+) looks different in the test rows", page)
    after = page.partition("With `--ignore-shifted` it is left out")[2]
    (modalities,) = re.findall(r"^\| cross_attention, of ([^|]+) \|", after, re.MULTILINE)
    assert left_out not in modalities.replace(",", "").split()
