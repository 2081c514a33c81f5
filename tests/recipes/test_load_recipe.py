import math
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from chiasm.errors import ChiasmError
from chiasm.fusion.build import _RANGES as FUSION_RANGES
from chiasm.fusion.build import JOINT_FUSIONS, FusionConfig
from chiasm.recipes.files import load_recipe, write_recipe
from chiasm.training.config import _RANGES as TRAINING_RANGES
from chiasm.training.config import TrainingConfig
from chiasm.training.recipe import Recipe


def any_settings(kind: type, ranges: dict[str, tuple[float, float]]) -> dict[str, Any]:
    """Every field of a dataclass, numbers as they may be: ... lets hypothesis find out."""
    return {
        field.name: numbers(field.type, *ranges[field.name]) if field.name in ranges else ...
        for field in fields(kind)
    }


def numbers(kind: Any, least: float, most: float) -> SearchStrategy[float | None]:
    if kind in (float, float | None):
        # Some may be any number between the least and the largest, but not these themselves.
        highest = None if most == math.inf else most
        ends = {"exclude_min": True, "exclude_max": highest is not None}
        parts = st.floats(least, highest, allow_infinity=False, **ends)
        return parts if kind is float else st.none() | parts
    whole = st.integers(int(least), int(most))
    return whole if kind is int else st.none() | whole


@st.composite
def recipes(draw: Any) -> Recipe:
    modalities = st.sampled_from(["text", "image", "audio"])
    encoders = draw(st.dictionaries(modalities, st.text().filter(str.strip), min_size=1))
    own = st.sampled_from(sorted(encoders))
    pairs = st.tuples(own, st.just("visual")).map("->".join)
    fusion = any_settings(FusionConfig, FUSION_RANGES) | {
        "name": st.sampled_from(JOINT_FUSIONS) | own,
        "directions": st.none() | st.lists(pairs, min_size=1, unique=True).map(tuple),
        # Each head takes an equal part of the width.
        "dim": st.integers(1, 512).map(lambda part: 8 * part),
        "num_heads": st.sampled_from([1, 2, 4, 8]),
    }
    training = any_settings(TrainingConfig, TRAINING_RANGES) | {
        "validation": st.floats(0, 0.5, exclude_min=True) | st.integers(1, 9999).map(float),
    }
    return draw(
        st.builds(
            Recipe,
            description=st.text(),
            encoders=st.just(encoders),
            trainable_blocks=st.dictionaries(own, st.integers(0, 99) | st.just("all")),
            lora=st.dictionaries(own, st.integers(0, 99)),
            random_init=st.lists(own, unique=True).map(tuple),
            max_seconds=st.floats(min_value=0, exclude_min=True, allow_infinity=False),
            fusion=st.builds(FusionConfig, **fusion),
            training=st.builds(TrainingConfig, **training),
            group_by=...,
            offline_twin=...,
        )
    )


@given(recipe=recipes())
@settings(max_examples=60, deadline=None)
def test_a_recipe_that_is_written_and_read_is_the_same(recipe: Recipe) -> None:
    # PyYAML writes this line break, of old mainframes, in a form that it reads as another.
    assume("\\x85" not in repr(recipe))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "recipe.yaml"
        write_recipe(recipe, path)
        assert load_recipe(path) == recipe


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_a_file_leaves_out_has_its_default(tmp_path: Path) -> None:
    assert load_recipe(written(tmp_path, "{}")) == Recipe()
    recipe = load_recipe(written(tmp_path, "training: {epochs: 3}"))
    assert recipe == Recipe(training=TrainingConfig(epochs=3))


@pytest.mark.parametrize("number", ["2e-5", "2.0e-5", "0.00002", "2E-05"])
def test_a_small_number_may_be_written_in_any_form(tmp_path: Path, number: str) -> None:
    recipe = load_recipe(written(tmp_path, f"training: {{learning_rate: {number}}}"))
    assert recipe.training.learning_rate == 2e-5


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "must be a mapping of settings: description, encoders"),
        ("- text", "must be a mapping"),
        ("fusion: gated", "fusion is 'gated', and must be a mapping of settings: name, dim"),
        ("a: [", "is not YAML"),
        ("encoder: {text: minilm}", "no setting 'encoder'. Did you mean 'encoders'? Choose from"),
        ("training: {learning_rat: 1}", "Did you mean 'learning_rate'?"),
        ("training: {epochs: many}", "training.epochs is 'many', and must be a whole number or"),
        ("training: {epochs: true}", "training.epochs is True"),
        ("training: {batch_size: 1.5}", "must be a whole number"),
        ("training: {learning_rate: .nan}", "must be a number"),
        ("training: {class_weight: rare}", "must be 'none' or 'sqrt' or 'balanced'"),
        ("fusion: {directions: text->image}", "must be a list, each item a text or null"),
        ("fusion: {directions: []}", "asks for the directions []. Give one or more"),
        ("fusion: {directions: [text->text]}", "asks for the directions ['text->text']"),
        ("fusion: {directions: [text>image]}", "such as text->image"),
        ("fusion: {directions: [text->image, text->image]}", "each once"),
        (
            "{encoders: {text: minilm}, fusion: {directions: [text->image]}}",
            "between two of its modalities",
        ),
        ("encoders: {text: 5}", "encoders.text is 5, and must be a text"),
        ("encoders: {txt: minilm}", "'txt', which is no modality. Did you mean 'text'?"),
        ("fusion: {name: gate}", "'gate', which there is not. Did you mean 'gated'?"),
        ("lora: {text: -1}", "lora.text is -1"),
        ("lora: {text: all}", "must be a whole number"),
        ("{encoders: {text: minilm}, lora: {image: 8}}", "'image', which has no encoder"),
        ("max_seconds: 0", "max_seconds is 0. Give the seconds"),
        ("trainable_blocks: {image: some}", "must be a whole number or 'all'"),
        (
            "{encoders: {text: minilm}, trainable_blocks: {image: 1}}",
            "'image', which has no encoder. Choose from: text",
        ),
        (
            "{encoders: {text: minilm}, random_init: [image]}",
            "'image', which has no encoder. Choose from: text",
        ),
    ],
)
def test_a_file_that_is_no_recipe_is_refused_in_words(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ChiasmError) as refused:
        load_recipe(written(tmp_path, text))
    assert told in str(refused.value)


def test_directions_may_name_features_that_only_the_data_tells(tmp_path: Path) -> None:
    recipe = load_recipe(written(tmp_path, "fusion: {directions: [visual->text]}"))
    assert recipe.fusion.directions == ("visual->text",)


def test_an_unknown_name_says_which_there_are(tmp_path: Path) -> None:
    with pytest.raises(ChiasmError, match=r"Did you mean 'review'\? Choose from: audiovisual, "):
        load_recipe("revew")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "picture.yaml"
    path.write_bytes(b"\xff\xd8\xff")
    with pytest.raises(ChiasmError, match="cannot be read"):
        load_recipe(path)


def test_no_file_runs_code(tmp_path: Path) -> None:
    text = f"!!python/object/apply:pathlib.Path.touch [{tmp_path / 'exploded'}]"
    with pytest.raises(ChiasmError, match="is not YAML"):
        load_recipe(written(tmp_path, text))
