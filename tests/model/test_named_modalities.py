"""Several modalities of one kind, told apart by their names: two texts and two images a row."""

import io
import json
import pickle
import re
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from encoders.conftest import WORDS, save_checkpoint
from PIL import Image

from chiasm.data.checking.report import check
from chiasm.data.checking.tables import check_tables
from chiasm.data.duplicates.groups import find_groups
from chiasm.data.media.image_facts import inspect_image
from chiasm.data.table import Table
from chiasm.encoders.encoder_config import encoder_config, load_from_config
from chiasm.encoders.features.cache import FeatureCache
from chiasm.encoders.registry import load_encoder
from chiasm.errors import DataError, EncoderError
from chiasm.evaluation.robustness import predict_damaged
from chiasm.explanation.contributions import modality_contributions
from chiasm.explanation.files import write_explanations
from chiasm.explanation.page import render_explanation
from chiasm.explanation.rows import explain
from chiasm.fusion.build import FusionConfig
from chiasm.inference.runtime import Runtime
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import encode_table
from chiasm.model.left_out import left_out
from chiasm.model.predictions import predict
from chiasm.model.storage import load_model, save_model
from chiasm.tasks.multiclass import Multiclass
from chiasm.training.config import TrainingConfig
from chiasm.training.recipe import Recipe
from chiasm.training.run.pipeline import train

KINDS = {"title": "text", "body": "text", "front": "image", "back": "image"}
ROWS = 24


def sentence(seed: int, length: int) -> str:
    return " ".join(np.random.default_rng(seed).choice(WORDS, length))


def photo(seed: int) -> bytes:
    """An image whose perceptual hash is far from that of another seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(coarse).resize((48, 40), Image.Resampling.BICUBIC).save(file, "PNG")
    return file.getvalue()


def make_table(**changed: dict[int, str | bytes | None]) -> Table:
    """Rows r0, r1, ... of which these values are ``changed``, by modality and position."""
    values = {
        "title": [sentence(row, 3) for row in range(ROWS)],
        "body": [sentence(100 + row, 9) for row in range(ROWS)],
        "front": [photo(row) for row in range(ROWS)],
        "back": [photo(100 + row) for row in range(ROWS)],
    }
    for modality, cells in changed.items():
        for row, value in cells.items():
            values[modality][row] = value
    return Table(
        source="reviews",
        encoding=None,
        ids=tuple(f"r{row}" for row in range(ROWS)),
        values={name: tuple(column) for name, column in values.items()},
        labels=("good", "bad") * (ROWS // 2),
        split=(None,) * ROWS,
        group=(None,) * ROWS,
        usable=(True,) * ROWS,
        kinds=dict(KINDS),
        facts={
            name: tuple(None if cell is None else inspect_image(cell) for cell in values[name])
            for name in ("front", "back")
        },
        text_digests={name: tuple(values[name]) for name in ("title", "body")},
    )


TABLE = make_table(title={1: None}, body={2: None}, front={1: None, 3: None}, back={4: None})


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """It names an encoder for each kind."""
    folder = tmp_path_factory.mktemp("encoders")
    names = {"text": "bert", "image": "vit"}
    return Recipe(
        encoders={kind: str(save_checkpoint(folder / name, name)) for kind, name in names.items()},
        trainable_blocks={"text": 1},
        fusion=FusionConfig(dim=8, num_heads=2),
        training=TrainingConfig(epochs=2, batch_size=8, learning_rate=1e-2),
    )


@pytest.fixture(scope="module")
def run(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run") / "model"
    train(TABLE, recipe, out=out, command="", cache=FeatureCache(), report=lambda _: None)
    return out


@pytest.fixture(scope="module")
def model(run: Path) -> FusionClassifier:
    return load_model(run)


@pytest.fixture(scope="module")
def runtime(model: FusionClassifier, tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    pytest.importorskip("onnxscript")
    from chiasm.exporting.folder import export
    from chiasm.inference.runtime import load_runtime

    folder = tmp_path_factory.mktemp("exported")
    export(model, folder)
    return load_runtime(folder)


def test_a_name_that_is_a_kind_is_of_that_kind_and_features_are_vectors() -> None:
    values = dict.fromkeys(("text", "image", "audio", "visual", "title"), (None,) * ROWS)
    table = replace(TABLE, values=values, widths={"visual": 3})
    assert table.kinds == {
        **{kind: kind for kind in ("text", "image", "audio")},
        "visual": "vector",
        "title": "text",
    }


def test_a_table_takes_and_leaves_out_by_name() -> None:
    assert TABLE.of_kind("text") == ("title", "body")
    assert TABLE.of_kind("audio") == ()
    assert TABLE.without(["title"]).kinds == {m: k for m, k in KINDS.items() if m != "title"}
    part = TABLE.take([5, 0])
    assert part.kinds == KINDS
    assert part.contents_of(1) == TABLE.contents_of(0)
    assert part.facts["back"] == (TABLE.facts["back"][5], TABLE.facts["back"][0])
    assert part.text_digests["body"] == (TABLE.values["body"][5], TABLE.values["body"][0])


@pytest.mark.parametrize("pair", [("title", "body"), ("front", "back")])
def test_the_fingerprint_tells_which_is_which(pair: tuple[str, str]) -> None:
    one, other = pair
    columns = TABLE.values | {one: TABLE.values[other], other: TABLE.values[one]}
    facts = {"front": TABLE.facts["back"], "back": TABLE.facts["front"]}
    exchanged = replace(TABLE, values=columns, facts=facts if one == "front" else TABLE.facts)
    assert exchanged.fingerprint != TABLE.fingerprint


def test_each_modality_ties_rows_and_may_be_named_or_its_kind() -> None:
    table = make_table(title={1: sentence(0, 3)}, body={3: sentence(102, 9)}, back={5: photo(104)})

    def tied(**given: list[str]) -> set[tuple[int, ...]]:
        groups = find_groups(table, **given)
        members = (tuple(np.flatnonzero(groups == group)) for group in set(groups))
        return {rows for rows in members if len(rows) > 1}

    assert tied() == {(0, 1), (2, 3), (4, 5)}
    assert tied(by=["text"]) == {(0, 1), (2, 3)}
    assert tied(by=["body"]) == {(2, 3)}
    assert tied(by=["back", "title"]) == {(0, 1), (4, 5)}
    with pytest.raises(DataError, match="text, image, audio, title, body, front, back, group, not"):
        find_groups(table, by=["side"])


def test_a_check_looks_at_each() -> None:
    found = check(make_table(title={1: sentence(0, 3)}, back={5: photo(104)}, front={9: None}))
    counts = {name: groups.groups for name, groups in found.duplicates.items()}
    assert {name for name, count in counts.items() if count} == {
        *("title_exact", "title_stripped", "title_near", "back_exact", "back_near", "any")
    }
    assert {name for name, one in found.conflicts.items() if one.groups} == {"title", "back", "any"}
    assert found.present == {"title": ROWS, "body": ROWS, "front": ROWS - 1, "back": ROWS}
    assert found.text_characters is not None
    assert found.text_characters.maximum > max(len(str(text)) for text in TABLE.values["title"])
    assert found.image_pixels is not None
    assert "title" in {line[0] for table in check_tables(found) for line in table.rows}


def test_what_a_recipe_says_of_a_kind_holds_for_each_that_it_does_not_name(recipe: Recipe) -> None:
    own = replace(recipe, encoders=recipe.encoders | {"body": "minilm"}).for_table(TABLE)
    assert own.encoders["title"] == recipe.encoders["text"]
    assert own.encoders["body"] == "minilm"
    assert own.trainable_blocks == {"text": 1, "title": 1}
    assert own.looked_at(TABLE) == KINDS


def test_an_encoder_is_of_its_modality_wherever_it_is_opened(recipe: Recipe) -> None:
    for kind, name in recipe.encoders.items():
        encoder = load_encoder("other", name, kind=kind)
        assert (encoder.modality, encoder.kind) == ("other", kind)
        assert encoder.fingerprint == load_encoder(kind, name).fingerprint
        again = pickle.loads(pickle.dumps(encoder))
        assert (again.modality, again.kind) == ("other", kind)
    with pytest.raises(EncoderError, match="no encoder for the modality 'title'"):
        load_encoder("title", recipe.encoders["text"])


def test_an_encoder_that_was_written_without_a_kind_has_that_of_its_name(recipe: Recipe) -> None:
    described = encoder_config(load_encoder("text", recipe.encoders["text"]))
    del described["kind"]
    assert load_from_config("text", described).kind == "text"


def test_what_is_left_out_is_said_of_the_modality(model: FusionClassifier) -> None:
    table = make_table(title={3: "unheard words"}, body={5: sentence(0, 200)})
    found = left_out(table, model.encoders)
    assert [(problem.row, problem.field) for problem in found] == [("r3", "title"), ("r5", "body")]


def test_a_trained_model_is_read_back_and_predicts_from_each(
    run: Path, model: FusionClassifier, tmp_path: Path
) -> None:
    written = json.loads((run / "config.json").read_text("utf-8"))
    assert {m: each["kind"] for m, each in written["encoders"].items()} == KINDS
    made = predict(model, TABLE, cache=None)
    for modality in KINDS:
        changed = predict(model, TABLE.without([modality]), cache=None)
        assert np.abs(changed.probabilities - made.probabilities).max() > 1e-5
    save_model(model, tmp_path / "again", card="")
    again = predict(load_model(tmp_path / "again"), TABLE, cache=None)
    np.testing.assert_array_equal(again.probabilities, made.probabilities)


def test_each_of_four_modalities_has_its_part(model: FusionClassifier) -> None:
    rows = encode_table(TABLE, model.encoders, cache=None)
    found = modality_contributions(model, rows)
    assert found.modalities == tuple(KINDS)
    np.testing.assert_allclose(found.base + found.values.sum(axis=1), found.prediction, atol=1e-6)
    np.testing.assert_array_equal(found.values[1, [0, 2]], 0)
    assert {d for d in found.null_mass if "->" in d} == {
        "->".join(pair) for pair in permutations(KINDS, 2)
    }
    assert set(predict_damaged(model, rows, seed=0)) == {
        f"{modality} {damage}" for modality in KINDS for damage in ("removed", "shuffled", "noise")
    }


def test_directions_are_between_names(recipe: Recipe) -> None:
    directions = ("title->front", "back->body", "title->body")
    fusion = FusionConfig(dim=8, num_heads=2, directions=directions)
    encoders = recipe.for_table(TABLE).load_encoders(TABLE.kinds)
    model = FusionClassifier(
        encoders=encoders, fusion=fusion, task=Multiclass(TABLE.classes)
    ).eval()
    (one,) = explain(model, TABLE, rows=[0], cache=None)
    assert tuple(f"{a.query}->{a.key}" for a in one.attention) == directions


def test_an_explanation_shows_each_text_and_each_image(
    model: FusionClassifier, tmp_path: Path
) -> None:
    whole, part = explain(model, TABLE, rows=[0, 1], cache=None)
    assert {a.modality for a in whole.attributions} == set(KINDS)
    assert {a.modality for a in part.attributions} == {"body", "back"}
    for one, each in ((whole, 2), (part, 1)):
        page = render_explanation(one)
        assert page.count("<blockquote>") == each
        assert page.count('<img src="data:image/jpeg') == 2 * each  # and under its scores
    words = [re.sub("<[^>]*>", "", quoted) for quoted in render_explanation(whole).split("quote>")]
    assert str(TABLE.values["title"][0]) in " ".join(words)
    assert "no title; no front" not in render_explanation(whole)
    write_explanations([whole], tmp_path)
    written = {path.name for path in tmp_path.iterdir()}
    assert written >= {*(f"r0-{m}.png" for m in KINDS), "r0-title-front.png", "r0-front-back.png"}


def test_a_notebook_shows_each_image() -> None:
    shown = TABLE.take([0])._repr_html_()
    assert shown.count("<img") == 2
    assert f"{TABLE.values['title'][0]} {TABLE.values['body'][0]}" in shown


def test_an_export_says_the_same(model: FusionClassifier, runtime: Runtime) -> None:
    from chiasm.inference.tables import predict_table

    assert runtime.kinds == KINDS
    made = predict(model, TABLE, cache=None)
    exported = predict_table(runtime, TABLE)
    assert exported.labels == made.labels
    np.testing.assert_allclose(exported.probabilities, made.probabilities, atol=1e-4)
    contributions = modality_contributions(model, encode_table(TABLE, model.encoders, cache=None))
    given = {m: runtime.load(m, v) for m, v in TABLE.values_of(0).items() if v is not None}
    (alone,) = runtime.predict([given])
    label = model.classes.index(alone.label)
    np.testing.assert_allclose(
        list(alone.contributions.values()), contributions.values[0, :, label], atol=1e-4
    )
    assert set(runtime.occlude(given)) == set(KINDS)


def test_a_server_says_what_cannot_be_sent_to_it(runtime: Runtime) -> None:
    from chiasm.serving.create_app import create_app
    from chiasm.serving.problem import HTTPProblem
    from chiasm.serving.settings import ServerSettings

    with pytest.raises(HTTPProblem, match="title, body, front, back, which cannot be sent"):
        create_app(runtime, ServerSettings())
