import copy
import io
import pickle
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_predict

import chiasm
from chiasm.data.reading import read
from chiasm.encoders.features.cache import FeatureCache
from chiasm.errors import ChiasmError, DataError, DataWarning, EncoderError
from chiasm.fusion.build import FusionConfig
from chiasm.training.config import TrainingConfig
from chiasm.training.recipe import Recipe
from chiasm.training.run.pipeline import train


@pytest.fixture(scope="module")
def frame(reviews: Path) -> pd.DataFrame:
    rows = pd.read_csv(reviews / "reviews.csv")
    rows["image"] = [str(reviews / path) for path in rows.pop("image_path")]
    return rows


@pytest.fixture(scope="module")
def fitted(frame: pd.DataFrame) -> chiasm.Classifier:
    return chiasm.Classifier(epochs=2, fusion="concat").fit(
        frame[["text", "image"]], frame["label"]
    )


def test_predictions_are_labels_and_probabilities_in_the_order_of_classes(
    fitted: chiasm.Classifier, frame: pd.DataFrame
) -> None:
    probabilities = fitted.predict_proba(frame)
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert list(fitted.classes_) == ["negative", "positive"]
    assert list(fitted.predict(frame)) == list(fitted.classes_[probabilities.argmax(axis=1)])
    assert fitted.score(frame, frame["label"]) == np.mean(fitted.predict(frame) == frame["label"])


def test_one_row_is_predicted_as_in_a_batch(fitted: chiasm.Classifier, frame: pd.DataFrame) -> None:
    together = fitted.predict_proba(frame.head(8))
    alone = np.concatenate([fitted.predict_proba(frame.iloc[[i]]) for i in range(8)])
    np.testing.assert_allclose(alone, together, atol=1e-5)


def test_permuted_rows_give_permuted_predictions(
    fitted: chiasm.Classifier, frame: pd.DataFrame
) -> None:
    order = np.random.default_rng(0).permutation(len(frame))
    np.testing.assert_allclose(
        fitted.predict_proba(frame.iloc[order]), fitted.predict_proba(frame)[order], atol=1e-5
    )


def test_images_may_be_bytes_or_images(fitted: chiasm.Classifier, frame: pd.DataFrame) -> None:
    from PIL import Image

    paths = frame.head(4)
    contents = paths.assign(image=[Path(path).read_bytes() for path in paths["image"]])
    images = paths.assign(image=[Image.open(io.BytesIO(x)) for x in contents["image"]])
    expected = fitted.predict_proba(paths)
    np.testing.assert_allclose(fitted.predict_proba(contents), expected, atol=1e-6)
    np.testing.assert_allclose(fitted.predict_proba(images), expected, atol=1e-2)


def test_rows_may_come_as_arrow_data(fitted: chiasm.Classifier, frame: pd.DataFrame) -> None:
    rows = frame[["text", "image"]].head(3)
    np.testing.assert_array_equal(
        fitted.predict(pa.Table.from_pandas(rows, preserve_index=False)), fitted.predict(rows)
    )


def test_saved_and_loaded_predict_alike(
    fitted: chiasm.Classifier, frame: pd.DataFrame, tmp_path: Path
) -> None:
    fitted.save(tmp_path / "model")
    loaded = chiasm.Classifier.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict_proba(frame), fitted.predict_proba(frame))
    assert loaded.get_params()["fusion"] == "concat"


def test_clone_is_unfitted_with_the_same_parameters(fitted: chiasm.Classifier) -> None:
    copy = clone(fitted)
    assert copy.get_params() == fitted.get_params()
    with pytest.raises(NotFittedError):
        copy.predict(pd.DataFrame({"text": ["a"]}))


def test_copies_predict_alike_without_the_frozen_weights_in_them(
    fitted: chiasm.Classifier, frame: pd.DataFrame
) -> None:
    expected = fitted.predict_proba(frame)
    pickled = pickle.dumps(fitted)
    assert len(pickled) < 4 << 20  # the encoders have a hundred megabytes
    for twin in (pickle.loads(pickled), copy.deepcopy(fitted)):
        assert list(twin.classes_) == list(fitted.classes_)
        np.testing.assert_array_equal(twin.predict_proba(frame), expected)


def test_a_copy_and_its_original_are_trained_apart(
    fitted: chiasm.Classifier, frame: pd.DataFrame
) -> None:
    expected = fitted.predict_proba(frame)
    copy.deepcopy(fitted).model_.head.weight.data.zero_()
    np.testing.assert_array_equal(fitted.predict_proba(frame), expected)


def test_a_pickle_refuses_encoders_that_have_changed(
    fitted: chiasm.Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(fitted.model_.encoders["text"], "fingerprint", "another")
        pickled = pickle.dumps(fitted)
    with pytest.raises(EncoderError, match="not the one that is asked for"):
        pickle.loads(pickled)


def test_folds_may_be_predicted_in_other_processes(frame: pd.DataFrame) -> None:
    predicted = cross_val_predict(
        chiasm.Classifier(epochs=1, fusion="text"),
        frame[["text"]],
        frame["label"],
        cv=2,
        n_jobs=2,
    )
    assert set(predicted) <= set(frame["label"])


_FORKS = """
import multiprocessing, os, signal, sys
import pandas as pd, torch, chiasm
torch.set_num_threads(2)
X = pd.DataFrame({"text": [f"{'good' if i % 2 else 'bad'} thing {i}" for i in range(40)]})
y = ["p" if i % 2 else "n" for i in range(40)]
model = chiasm.Classifier(fusion="text", epochs=1).fit(X, y)
expected = model.predict(X).tolist()

def predict(rows):
    return model.predict(rows).tolist()

def child(act):
    process = os.fork()
    if not process:
        signal.alarm(60)  # what hangs is killed
        try:
            os._exit(0 if act() else 1)
        finally:
            os._exit(2)
    assert os.waitpid(process, 0)[1] == 0

child(lambda: predict(X) == expected)
child(lambda: len(predict(X.assign(text=X["text"] + " and more"))) == 40)
child(lambda: chiasm.Classifier(fusion="text", epochs=1).fit(X, y).predict(X).tolist() == expected)
signal.alarm(60)
with multiprocessing.get_context("fork").Pool(2) as pool:
    assert sum(pool.map(predict, [X[:20], X[20:]]), []) == expected
"""


@pytest.mark.skipif(sys.platform != "linux", reason="forks are for Linux")
def test_a_forked_process_predicts_and_trains_as_its_parent_does() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _FORKS], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr


def test_a_grid_can_be_searched(frame: pd.DataFrame) -> None:
    search = GridSearchCV(
        chiasm.Classifier(epochs=1), {"fusion": ["text", "late"]}, cv=2, error_score="raise"
    )
    search.fit(frame[["text", "image"]], frame["label"])
    assert search.best_params_["fusion"] in ("text", "late")
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_labels_keep_their_type_and_order(frame: pd.DataFrame) -> None:
    stars = np.where(frame["label"] == "positive", 10, 9)
    model = chiasm.Classifier(epochs=1, fusion="text").fit(frame[["text"]], stars)
    assert list(model.classes_) == [9, 10]
    assert set(model.predict(frame[["text"]])) <= {9, 10}
    # As strings "10" sorts before "9": the columns must follow classes_ all the same.
    predicted = model.predict_proba(frame[["text"]]).argmax(axis=1)
    assert list(model.predict(frame[["text"]])) == list(model.classes_[predicted])
    assert model.model_.classes == ("10", "9")


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([1, "1", 2, "2.0"], [1, 2]),
        ([True, "no", "TRUE", "no"], [True, "no"]),
        (["a", " a", "b", "b\u200b"], ["a", "b"]),
        (["a", "null", "b", "nan"], ["a", "b"]),
        (["a", "", "b", None], ["a", "b"]),
        ([np.int64(3), 3.0, np.int64(4), "4"], [3, 4]),
        (pd.Categorical(["a", "b", None, "b"]), ["a", "b"]),
    ],
)
def test_labels_of_several_spellings_are_the_classes_of_the_model(
    labels: list[object], classes: list[object]
) -> None:
    rows = pd.DataFrame({"text": [f"{'good' if i % 2 else 'bad'} thing {i}" for i in range(40)]})
    y = pd.Series(list(labels) * 10, dtype=object)
    model = chiasm.Classifier(fusion="text", epochs=1).fit(rows, y)
    assert sorted(model.classes_, key=str) == classes
    assert len(model.classes_) == len(model.model_.classes)
    assert model.predict_proba(rows).sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert set(model.predict(rows)) <= set(model.classes_)
    assert 0 <= model.score(rows, y) <= 1


def test_a_class_whose_only_row_is_unreadable_is_no_class() -> None:
    texts = [f"{'good' if i % 2 else 'bad'} thing {i}" for i in range(40)]
    rows = pd.DataFrame({"text": [*texts, ""]})
    model = chiasm.Classifier(fusion="text", epochs=1).fit(rows, ["b", "a"] * 20 + ["c"])
    assert list(model.classes_) == ["a", "b"]
    assert model.predict_proba(rows.head(3)).shape == (3, 2)


def test_a_row_with_nothing_readable_gets_no_prediction(
    fitted: chiasm.Classifier, frame: pd.DataFrame
) -> None:
    rows = frame.head(3).copy()
    rows.loc[1, ["text", "image"]] = [None, None]
    with pytest.warns(UserWarning, match="1 rows have nothing readable"):
        predicted = fitted.predict(rows)
    assert predicted[1] is None
    assert predicted[0] in fitted.classes_


def test_x_that_is_no_frame_is_refused_in_words() -> None:
    with pytest.raises(DataError, match="DataFrame"):
        chiasm.Classifier().fit(["a", "b"], [0, 1])
    with pytest.raises(DataError, match="2 rows and y has 3 labels"):
        chiasm.Classifier().fit(pd.DataFrame({"text": ["a", "b"]}), [0, 1, 0])


TEXTS = pd.DataFrame({"text": [f"{'good' if i % 2 else 'bad'} thing {i}" for i in range(40)]})
LABELS = np.array(["p" if i % 2 else "n" for i in range(40)])


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        (
            {"class_weight": None},
            "class_weight is None, and must be 'none' or 'sqrt' or 'balanced'",
        ),
        ({"class_weight": {"p": 1, "n": 2}}, "must be 'none' or 'sqrt' or 'balanced'"),
        ({"class_weight": np.ones(2)}, "must be 'none' or 'sqrt' or 'balanced'"),
        ({"class_weight": "balance"}, "class_weight is 'balance', and must be 'none' or"),
        ({"seed": None}, "seed is None, and must be a whole number"),
        ({"seed": np.random.RandomState(0)}, "must be a whole number"),
        ({"seed": -1}, "seed is -1, and must be 0 or more"),
        ({"epochs": 0}, "epochs is 0, and must be 1 or more"),
        ({"epochs": True}, "epochs is True, and must be a whole number"),
        ({"epochs": "3"}, "epochs is '3', and must be a whole number"),
        ({"batch_size": 8.0}, "batch_size is 8.0, and must be a whole number"),
        ({"learning_rate": "fast"}, "learning_rate is 'fast', and must be a number"),
        ({"learning_rate": float("nan")}, "learning_rate is nan, and must be a number"),
        ({"dropout": 1.5}, "dropout is 1.5, and must be 0 or more, and below 1"),
        ({"text_encoder": ""}, "encoders.text is empty. Give the name or the folder"),
        ({"dim": 10, "num_heads": 4}, "dim=10, num_heads=4"),
        ({"fusion": None}, "fusion is None, and must be a text"),
        ({"fusion": "cross-attention"}, "Did you mean 'cross_attention'?"),
        ({"text_encoder": None}, "text_encoder is None, and must be a text"),
    ],
)
def test_a_setting_is_refused_in_words_before_anything_is_read(
    setting: dict[str, Any], told: str
) -> None:
    model = chiasm.Classifier(**setting)  # as scikit-learn wants it: nothing is checked here
    with pytest.raises(ChiasmError) as refused:
        model.fit("no table at all", LABELS)  # type: ignore[arg-type]
    assert told in str(refused.value)


def test_numbers_of_numpy_are_as_good_as_those_of_python() -> None:
    settings = {
        "epochs": np.int64(1),
        "batch_size": np.uint8(8),
        "learning_rate": np.float32(1e-3),
        "dropout": np.float64(0.25),
        "seed": np.int32(3),
        "fusion": np.str_("text"),
        "verbose": np.bool_(False),
    }
    model = chiasm.Classifier(**settings).fit(TEXTS, LABELS)
    same = chiasm.Classifier(
        **{name: value.item() for name, value in settings.items()}  # type: ignore[attr-defined]
    ).fit(TEXTS, LABELS)
    np.testing.assert_array_equal(model.predict_proba(TEXTS), same.predict_proba(TEXTS))


def test_labels_may_be_a_column() -> None:
    by_list = chiasm.Classifier(fusion="text", epochs=1).fit(TEXTS, list(LABELS))
    for labels in (LABELS[:, None], pd.DataFrame({"y": LABELS})):
        model = chiasm.Classifier(fusion="text", epochs=1).fit(TEXTS, labels)
        assert list(model.classes_) == ["n", "p"]
        assert model.score(TEXTS, labels) == by_list.score(TEXTS, LABELS)
    with pytest.raises(DataError, match="y has 2 columns"):
        by_list.fit(TEXTS, np.stack([LABELS, LABELS], axis=1))


def test_fit_tells_what_is_not_used_as_it_came_and_keeps_it() -> None:
    missing = TEXTS.assign(image=[f"nowhere/{i}.jpg" for i in range(40)])
    with pytest.warns(DataWarning, match=r"40 rows marked missing: image: .*positions 0 .*35 more"):
        model = chiasm.Classifier(epochs=1).fit(missing, LABELS)
    assert [(p.field, p.position) for p in model.problems_] == [("image", i) for i in range(40)]

    # Two rows have each id, and the labels differ between ids.
    repeated = TEXTS.assign(id=[i // 4 * 2 + i % 2 for i in range(40)])
    with pytest.warns(DataWarning, match="20 rows set aside: id: "):
        model = chiasm.Classifier(epochs=1, fusion="text").fit(repeated, LABELS)
    assert len(model.problems_) == 20

    parted = TEXTS.assign(split=["train"] * 10 + ["test"] * 30)
    with pytest.warns(DataWarning, match="30 of 40 rows are not trained on: X has a column"):
        chiasm.Classifier(epochs=1, fusion="text").fit(parted, LABELS)


def test_each_finding_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    texts = TEXTS.assign(text=["word " * 400, *TEXTS["text"][1:]])
    model = chiasm.Classifier(epochs=1, fusion="text")
    with pytest.warns(DataWarning, match="longer than 128 tokens") as fitted:
        model.fit(texts, LABELS)
    with pytest.warns(DataWarning, match="longer than 128 tokens") as predicted:
        model.predict(texts)
    assert (len(fitted), len(predicted)) == (1, 1)
    # Where nobody set up logging, Python prints what is logged as a warning.
    assert [record.getMessage() for record in caplog.records if record.levelname != "INFO"] == []


def test_what_is_as_it_should_be_is_not_warned_of() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataWarning)
        model = chiasm.Classifier(epochs=1, fusion="text").fit(TEXTS, LABELS)
        model.predict(TEXTS)
    assert model.problems_ == ()


@pytest.mark.parametrize("act", ["predict", "predict_proba", "explain", "score"])
def test_broken_values_of_new_rows_are_told(
    fitted: chiasm.Classifier, frame: pd.DataFrame, act: str
) -> None:
    rows = frame.head(4).assign(image=["nowhere.jpg", *frame["image"][1:4]])
    given = (rows, frame["label"][:4]) if act == "score" else (rows,)
    with pytest.warns(DataWarning, match="1 rows marked missing: image: .*positions 0") as told:
        getattr(fitted, act)(*given)
    assert len(told) == 1


@pytest.mark.parametrize("name", ["sentiment", "Target", "tag", "label"])
def test_a_label_column_in_x_never_matters(name: str) -> None:
    own = chiasm.Classifier(epochs=1, fusion="text").fit(TEXTS, LABELS)
    labelled = TEXTS.assign(**{name: LABELS, "answer": LABELS[::-1]})
    model = chiasm.Classifier(epochs=1, fusion="text").fit(labelled, LABELS)
    expected = own.predict_proba(TEXTS)
    np.testing.assert_array_equal(model.predict_proba(labelled), expected)
    np.testing.assert_array_equal(model.predict_proba(TEXTS), expected)


def test_a_loaded_model_can_be_saved_and_trained_again(
    fitted: chiasm.Classifier, frame: pd.DataFrame, tmp_path: Path
) -> None:
    fitted.save(tmp_path / "first")
    loaded = chiasm.Classifier.load(tmp_path / "first")
    loaded.save(tmp_path / "second")
    for name in ("README.md", "config.json"):
        assert (tmp_path / "first" / name).read_text() == (tmp_path / "second" / name).read_text()
    again = chiasm.Classifier.load(tmp_path / "second")
    np.testing.assert_array_equal(again.predict_proba(frame), fitted.predict_proba(frame))
    loaded.set_params(epochs=1, fusion="text").fit(TEXTS, LABELS).save(tmp_path / "third")
    assert "# text classifier" in (tmp_path / "third" / "README.md").read_text()


def test_explanations_have_the_labels_and_neighbours_that_are_given(
    fitted: chiasm.Classifier, frame: pd.DataFrame
) -> None:
    rows, labels = frame[["text", "image"]], frame["label"]
    (without, *_) = fitted.explain(rows.head(4))
    assert without.label is None
    assert without.neighbours == ()
    explained = fitted.explain(rows.head(4), labels.head(4))
    assert [one.label for one in explained] == list(labels.head(4))
    assert len(explained[0].neighbours) == 3
    (one,) = fitted.explain(rows.iloc[[0]], training=(rows[8:], labels[8:]))
    assert one.label is None
    assert len(one.neighbours) == 3


def test_a_column_of_numbers_that_is_not_looked_at_is_told() -> None:
    rows = TEXTS.assign(visual=list(np.zeros((40, 3))))
    with pytest.raises(DataError, match=r"X has one: text\. Its columns are 'text', 'visual'"):
        chiasm.Classifier().fit(rows, LABELS)


def test_a_loaded_model_looks_at_the_features_that_it_was_trained_with(tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).normal(size=(40, 3)) + np.arange(40)[:, None] % 2 * 4
    rows = pd.DataFrame({"visual": list(vectors), "label": LABELS})
    train(
        read(rows, features={"visual": "visual"}),
        Recipe(fusion=FusionConfig(name="visual", dim=8), training=TrainingConfig(epochs=20)),
        out=tmp_path / "run",
        command="",
        cache=FeatureCache(),
        report=lambda _: None,
    )
    loaded = chiasm.Classifier.load(tmp_path / "run")
    assert loaded.score(rows, LABELS) > 0.9
    assert loaded.explain(rows.head(1), ["n"])[0].label == "n"


def test_a_modality_that_the_rows_lack_is_warned_of_with_the_columns_that_are_there(
    fitted: chiasm.Classifier, frame: pd.DataFrame
) -> None:
    rows = frame[["text", "image"]].rename(columns={"image": "photo_url"}).head(4)
    for use in (
        fitted.predict,
        fitted.explain,
        lambda given: fitted.score(given, frame["label"].head(4)),
    ):
        with pytest.warns(DataWarning, match=r"The model looks at image.*'text', 'photo_url'"):
            use(rows)


def test_texts_that_are_not_wholly_read_are_warned_of(
    fitted: chiasm.Classifier, frame: pd.DataFrame
) -> None:
    rows = frame[["text", "image"]].head(2).assign(text=["\U0001f600", "good " * 200])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fitted.predict(rows)
    said = "\n".join(str(one.message) for one in caught)
    assert "text: nothing in it is known to its encoder: positions 0" in said
    assert "text: longer than 128 tokens; only the beginning is read: positions 1" in said
