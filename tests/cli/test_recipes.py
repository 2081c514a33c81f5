"""Recipes on the command line."""

import json
from pathlib import Path

import pytest
from command_line import chiasm
from joblib import parallel_config

from chiasm.cli.options import TrainingOptions
from chiasm.recipes.files import load_recipe, packaged_recipes
from chiasm.training.recipe import Recipe


def test_all_are_listed_with_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert chiasm("recipes") == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    assert [line.split()[0] for line in lines] == list(packaged_recipes())
    needs = {line.split()[0]: line.split()[-1] for line in lines}
    assert (needs["review"], needs["review-offline"]) == ("hub", "wheels")


def test_one_is_printed_to_be_copied(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert chiasm("recipes", "vqa") == 0
    copy = tmp_path / "mine.yaml"
    copy.write_text(capsys.readouterr().out)
    assert load_recipe(copy) == load_recipe("vqa")
    assert "# Rows a step. Default: 64" in " ".join(copy.read_text().split())


def test_without_options_the_recipe_is_the_default_one() -> None:
    assert TrainingOptions().read_recipe() == Recipe()


def test_options_change_what_they_name_and_nothing_else() -> None:
    recipe = load_recipe("lab-gated")
    changed = TrainingOptions(
        recipe="lab-gated",
        image_encoder="efficientnet-lite0",
        trainable_blocks=["image=3", "text=0"],
        lora=["text=8"],
        max_seconds=2.5,
        epochs=2,
        seed=0,
        group_by="text,image",
    ).read_recipe()
    assert changed.encoders == {"text": recipe.encoders["text"], "image": "efficientnet-lite0"}
    assert changed.trainable_blocks == {"image": 3, "text": 0}
    assert (changed.lora, changed.max_seconds) == ({"text": 8}, 2.5)
    assert (changed.training.epochs, changed.training.batch_size) == (2, recipe.training.batch_size)
    assert changed.group_by == ("text", "image")
    assert changed.fusion == recipe.fusion


def test_any_setting_is_set_by_its_name_and_what_is_not_named_stays() -> None:
    recipe = load_recipe("lab-gated")
    settings = (
        *("training.patience=0.5", "fusion.dim=64", "encoders.text=minilm", "staged=true"),
        *("group_by=[text]", "training.learning_rate=2e-5", "trainable_blocks.image=all"),
    )
    changed = TrainingOptions(recipe="lab-gated", set=list(settings)).read_recipe("late")
    assert (changed.training.patience, changed.training.learning_rate) == (0.5, 2e-5)
    assert changed.training.batch_size == recipe.training.batch_size
    assert (changed.fusion.name, changed.fusion.dim) == ("late", 64)
    assert changed.encoders == {**recipe.encoders, "text": "minilm"}
    assert (changed.staged, changed.group_by) == (True, ("text",))
    assert changed.trainable_blocks == {**recipe.trainable_blocks, "image": "all"}


def test_an_audio_encoder_can_be_named() -> None:
    recipe = TrainingOptions(
        recipe="review-offline", audio_encoder="whisper-tiny-last"
    ).read_recipe()
    assert recipe.encoders["audio"] == "whisper-tiny-last"


def test_train_follows_the_recipe_and_the_options_on_top(reviews: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    options = ("--recipe", "lab-text-offline", "--epochs", 1)
    assert chiasm("train", reviews / "reviews.csv", *options, "--out", out) == 0
    record = json.loads((out / "run.json").read_text())
    assert set(record["encoders"]) == {"text"}
    assert record["recipe"]["fusion"]["name"] == "text"
    assert record["recipe"]["training"]["epochs"] == 1


def test_compare_looks_at_what_the_recipe_looks_at(reviews: Path, tmp_path: Path) -> None:
    options = ("--recipe", "lab-text-offline", "--folds", 2, "--epochs", 1)
    # In this process: others would take half a minute to start. Not in threads of it: a training
    # keeps its settings in global state.
    with parallel_config(backend="sequential"):
        assert chiasm("compare", reviews / "reviews.csv", *options, "--out", tmp_path) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert [row["name"] for row in report["rows"]] == ["majority", "text"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--recipe", "revew"), "Did you mean 'review'?"),
        (("--recipe", "{mine}"), "Did you mean 'gated'?"),
        (("--recipe", "review"), "--recipe review-offline"),
        (("--recipe", "audiovisual-offline"), "no fusion 'cross_attention' of image"),
        (("--trainable-blocks", "text"), "MODALITY=K"),
        (("--trainable-blocks", "text=-1"), "MODALITY=K"),
        (("--trainable-blocks", "txt=1"), "'txt', which has no encoder"),
        (("--lora", "text=all"), "MODALITY=RANK"),
        (("--lora", "text=8"), "give the number of --trainable-blocks or all"),
        (("--max-seconds", "0"), "max_seconds is 0"),
        (("--set", "training.epochs"), "A setting is NAME=VALUE"),
        (("--set", "training.epoch=3"), "Did you mean 'training.epochs'?"),
        (("--set", "patiense=0.5"), "Did you mean 'training.patience'?"),
        (("--set", "training.epochs=three"), "epochs is 'three', and must be a whole number"),
        (("--set", "training.patience=2"), "patience is 2.0, and must be above 0"),
        (("--set", "fusion.name=gatd"), "There is no fusion 'gatd' of text and image"),
        (("--set", "training=3"), "has no setting 'training'"),
        (("--set", "seed=1", "--seed", "2"), "Did you mean 'training.seed'?"),
        (
            ("--set", "training.seed=1", "--seed", "2"),
            "--seed and --set training.seed are one setting",
        ),
        (("--set", "fusion.name=text", "--fusion", "gated"), "--fusion and --set fusion.name"),
        (("--set", "fusion.dim=8", "--set", "fusion.dim=16"), "twice for one setting"),
        (("--set", "encoders.audio=whisper-tiny"), "--set encoders.audio has an effect only"),
        (("--set", "training.epochs=[1"), "The setting training.epochs is not YAML"),
    ],
)
def test_a_users_error_is_told_in_words(
    options: tuple[str, ...],
    told: str,
    reviews: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    mine = tmp_path / "mine.yaml"
    mine.write_text("fusion: {name: gatd}")
    given = [option.format(mine=mine) for option in options]
    assert chiasm("train", reviews / "reviews.csv", "--out", tmp_path / "out", *given) == 1
    assert told in " ".join(capsys.readouterr().err.split())
