"""The commands as other programs call them, on real encoders and a small generated set."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from command_line import chiasm


@pytest.fixture(scope="module")
def model(reviews: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "model"
    assert chiasm("train", reviews / "reviews.csv", "--out", out, "--epochs", 2) == 0
    return out


@pytest.fixture
def lab(reviews: Path, tmp_path: Path) -> Path:
    """The generated reviews in the form of the lab: a folder of pairs and two lists."""
    folder = tmp_path / "lab"
    (folder / "data").mkdir(parents=True)
    for name, list_name in (("reviews", "train.txt"), ("unseen", "test_without_label.txt")):
        rows = pd.read_csv(reviews / f"{name}.csv")
        for row in rows.itertuples():
            (folder / "data" / f"{row.id}.txt").write_text(f"{row.text} \n")
            shutil.copy(reviews / row.image_path, folder / "data" / f"{row.id}.jpg")
        tags = rows["label"] if "label" in rows else ["null"] * len(rows)
        lines = [f"{guid},{tag}" for guid, tag in zip(rows["id"], tags, strict=True)]
        (folder / list_name).write_text("\n".join(["guid,tag", *lines]) + "\n")
    return folder


def test_check_writes_json(reviews: Path, tmp_path: Path) -> None:
    assert chiasm("check", reviews / "reviews.csv", "--json", tmp_path / "check.json") == 0
    report = json.loads((tmp_path / "check.json").read_text())
    assert (report["rows"], report["labelled"]) == (120, 120)
    assert report["classes"] == {"negative": 60, "positive": 60}


def test_training_writes_a_run_that_says_all_about_itself(model: Path) -> None:
    record = json.loads((model / "run.json").read_text())
    assert record["data"]["labelled"] == 120
    assert set(record["encoders"]) == {"text", "image"}
    assert record["recipe"]["fusion"]["name"] == "cross_attention"
    assert {"chiasm", "torch", "transformers"} <= set(record["versions"])
    assert len(pd.read_csv(model / "history.csv")) == 2
    assert json.loads((model / "metrics.json").read_text())["validation"]["rows"] > 0
    assert (model / "problems.csv").read_text().startswith("row,field,reason,action")
    assert "library_name: chiasm" in (model / "README.md").read_text()
    assert not (model / "checkpoints").exists()
    assert not [path for path in model.iterdir() if path.suffix in (".bin", ".pt", ".pkl")]


def test_training_again_gives_the_same_predictions(
    model: Path, reviews: Path, tmp_path: Path
) -> None:
    data, unseen = reviews / "reviews.csv", reviews / "unseen.csv"
    assert chiasm("train", data, "--out", tmp_path / "again", "--epochs", 2) == 0
    for name, folder in (("first", model), ("second", tmp_path / "again")):
        assert chiasm("predict", folder, unseen, "--out", tmp_path / f"{name}.csv") == 0
    assert (tmp_path / "first.csv").read_bytes() == (tmp_path / "second.csv").read_bytes()


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_predictions_are_in_the_order_of_the_file(
    model: Path, reviews: Path, tmp_path: Path, ending: str
) -> None:
    out = tmp_path / f"filled.{ending}"
    assert chiasm("predict", model, reviews / "unseen.csv", "--out", out) == 0
    readers = {"csv": pd.read_csv, "parquet": pd.read_parquet}
    filled = readers[ending](out) if ending in readers else pd.read_json(out, lines=True)
    assert list(filled["id"]) == list(pd.read_csv(reviews / "unseen.csv")["id"])
    probabilities = filled[["probability_negative", "probability_positive"]]
    assert probabilities.sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-5)
    assert list(filled["label"]) == list(
        probabilities.idxmax(axis=1).str.removeprefix("probability_")
    )


def test_the_lab_form_fills_in_the_unlabelled_rows(model: Path, lab: Path, tmp_path: Path) -> None:
    assert chiasm("predict", model, lab, "--out", tmp_path / "filled.txt") == 0
    filled = [line.split(",") for line in (tmp_path / "filled.txt").read_text().splitlines()]
    asked = [line.split(",") for line in (lab / "test_without_label.txt").read_text().splitlines()]
    assert [guid for guid, _ in filled] == [guid for guid, _ in asked]
    assert {tag for _, tag in filled[1:]} <= {"negative", "positive"}


def test_a_folder_and_a_csv_of_the_same_rows_are_judged_alike(
    model: Path, reviews: Path, lab: Path, tmp_path: Path
) -> None:
    for name, data in (("csv", reviews / "reviews.csv"), ("lab", lab)):
        assert chiasm("evaluate", model, data, "--json", tmp_path / f"{name}.json") == 0
    assert (tmp_path / "csv.json").read_text() == (tmp_path / "lab.json").read_text()


def test_a_row_that_cannot_be_read_is_named_and_the_others_go_on(
    model: Path, reviews: Path, tmp_path: Path
) -> None:
    rows = pd.read_csv(reviews / "unseen.csv").head(3)
    rows["image_path"] = rows["image_path"].map(lambda path: reviews / path)
    rows.loc[0, "image_path"] = "gone.jpg"
    rows.loc[1, ["text", "image_path"]] = ["", "gone.jpg"]
    rows.to_csv(tmp_path / "rows.csv", index=False)
    data, out = tmp_path / "rows.csv", tmp_path / "filled.csv"
    assert chiasm("predict", model, data, "--out", out, "--allow-outside") == 0
    filled = pd.read_csv(out)
    assert list(filled["label"].notna()) == [True, False, True]
    assert list(filled["problem"].notna()) == [True, True, False]


def test_compare_writes_a_report(reviews: Path, tmp_path: Path) -> None:
    arguments = ("--folds", 2, "--epochs", 2, "--fusions", "text,concat")
    assert chiasm("compare", reviews / "reviews.csv", "--out", tmp_path, *arguments) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert [row["name"] for row in report["rows"]] == ["majority", "text", "concat"]
    for row in report["rows"]:
        for score in (row["accuracy"], row["macro_f1"]):
            assert set(score) == {"mean", "sd", "low", "high"}
            assert score["low"] <= score["mean"] <= score["high"]
        assert row["metrics"]["rows"] == 120
    assert (tmp_path / "report.md").read_text().startswith(f"# {report['finding']}")
    assert report["winner"]["name"] == "concat"
    assert [len(epochs) for epochs in report["winner"]["epochs"]] == [2, 2]
    assert {one["damage"] for one in report["winner"]["robustness"]} > {"image removed"}
    assert len(pd.read_csv(tmp_path / "contributions.csv")) == 120
    assert "<h1>" in (tmp_path / "report.html").read_text()
    assert (tmp_path / "scores.png").stat().st_size > 10_000
    assert (tmp_path / "confusion.png").stat().st_size > 10_000


def test_every_judging_command_writes_the_page(model: Path, reviews: Path, tmp_path: Path) -> None:
    assert chiasm("evaluate", model, reviews / "reviews.csv", "--out", tmp_path) == 0
    for folder, winner in ((model, "cross_attention"), (tmp_path, "cross_attention")):
        page = (folder / "report.html").read_text()
        report = json.loads((folder / "report.json").read_text())
        assert report["finding"].startswith(f"{winner} is right in ")
        assert report["winner"]["name"] == winner
        assert [row["name"] for row in report["rows"]] == ["majority", winner]
        assert "image shuffled" in page
        assert page.count("<img") > 6
        assert len(page) < 3_000_000
    assert len(json.loads((model / "report.json").read_text())["winner"]["epochs"][0]) == 2


def test_cache_is_shown_and_cleared(
    model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert chiasm("cache", "info") == 0
    assert "minilm" in capsys.readouterr().out
    monkeypatch.setenv("CHIASM_CACHE", str(tmp_path))
    assert chiasm("cache", "clear") == 0
    assert chiasm("cache", "info") == 0
    assert "minilm" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("check", "nowhere.csv"), "nowhere.csv"),
        (("train", "{data}", "--out", "{out}", "--fusion", "magic"), "cross_attention"),
        (("train", "{data}", "--out", "{data}"), "which is read"),
        (("train", "{data}", "--out", "{reviews}"), "which is read"),
        (("train", "{data}", "--out", "{out}", "--text-encoder", "no/such-model"), "minilm"),
        (("compare", "{data}", "--out", "{out}", "--folds", "90"), "--folds"),
        (("compare", "{data}", "--out", "{out}", "--only-folds", "6"), "numbers 1 to 5"),
        (("compare", "{data}", "--out", "{out}", "--only-folds", "1,x"), "--only-folds is"),
        (("evaluate", "{out}", "{data}"), "chiasm train"),
        (("predict", "{model}", "{data}", "--out", "x.docx"), ".parquet"),
        (("evaluate", "{model}", "{other}"), "'positiv' (1 rows) for 'positive'"),
        (("evaluate", "{model}", "{unseen}"), "no labelled rows"),
        (("sample", "reviews", "{reviews}"), "not empty"),
    ],
)
def test_a_users_error_is_told_in_words(
    arguments: tuple[str, ...],
    told: str,
    model: Path,
    reviews: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    other = pd.read_csv(reviews / "reviews.csv").head(4).drop(columns="image_path")
    other.loc[2, "label"] = "positiv"
    other.to_csv(tmp_path / "other.csv", index=False)
    places = {
        "data": reviews / "reviews.csv",
        "unseen": reviews / "unseen.csv",
        "reviews": reviews,
        "model": model,
        "other": tmp_path / "other.csv",
        "out": tmp_path / "out",
    }
    assert chiasm(*(argument.format(**places) for argument in arguments)) == 1
    said = capsys.readouterr().err
    assert said.startswith("Error:") or "\nError:" in said
    assert told in " ".join(said.split())
    assert "Traceback" not in said


def test_help_answers_without_loading_torch(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = "import sys, chiasm.cli; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_check_counts_texts_that_are_cut_or_not_known_and_warns_of_many(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = ["\U0001f600", "bad " * 300, *(f"a good mug {n}" for n in range(8))]
    pd.DataFrame({"text": texts}).to_csv(tmp_path / "texts.csv", index=False)
    assert chiasm("check", tmp_path / "texts.csv", "--json", tmp_path / "check.json") == 0
    report = json.loads((tmp_path / "check.json").read_text())
    assert {problem["reason"]: problem["rows"] for problem in report["problems"]} == {
        "nothing in it is known to its encoder": 1,
        "longer than 128 tokens; only the beginning is read": 1,
    }
    assert "minilm knows nothing of 1 of 10 texts" in report["warnings"][0]
    assert "minilm knows nothing of 1 of 10" in " ".join(capsys.readouterr().out.split())


@pytest.fixture
def renamed(reviews: Path, tmp_path: Path) -> Path:
    """Reviews whose column of images has a name that says nothing, one with an emoji."""
    rows = pd.read_csv(reviews / "reviews.csv").rename(columns={"image_path": "photo_url"}).head(20)
    rows.loc[0, "text"] = "\U0001f600"
    rows.to_csv(tmp_path / "renamed.csv", index=False)
    return tmp_path / "renamed.csv"


def test_predictions_tell_of_each_row_what_the_model_did_not_see(
    model: Path, renamed: Path, tmp_path: Path
) -> None:
    assert chiasm("predict", model, renamed, "--out", tmp_path / "out.csv") == 0
    problems = pd.read_csv(tmp_path / "out.csv")["problem"]
    assert problems.str.contains("image: the model looks at it").all()
    assert problems.str.contains("text: nothing in it is known").tolist() == [True] + [False] * 19


def test_a_problem_is_written_beside_its_own_row_where_ids_repeat(
    model: Path, tmp_path: Path
) -> None:
    (tmp_path / "rows.csv").write_text("id,text\na,a good mug\na,\nb,a bad mug\n")
    assert chiasm("predict", model, tmp_path / "rows.csv", "--out", tmp_path / "out.csv") == 0
    problems = pd.read_csv(tmp_path / "out.csv", dtype=str)["problem"].fillna("")
    assert ["text: empty text" in told for told in problems] == [False, True, False]


def test_evaluate_reports_a_modality_that_the_data_lacks(
    model: Path, renamed: Path, tmp_path: Path
) -> None:
    json_file, out = tmp_path / "metrics.json", tmp_path / "report"
    assert chiasm("evaluate", model, renamed, "--json", json_file, "--out", out) == 0
    problems = json.loads(json_file.read_text())["problems"]
    assert {(p["field"], p["rows"]) for p in problems} == {("image", 20), ("text", 1)}
    assert "the data was read without it" in (out / "report.html").read_text()


@pytest.mark.parametrize(
    ("command", "options"),
    [("predict", ["--out", "out.csv"]), ("evaluate", []), ("explain", ["--audit", "--out", "out"])],
)
def test_strict_refuses_data_that_lacks_a_modality(
    model: Path,
    renamed: Path,
    command: str,
    options: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(renamed.parent)
    assert chiasm(command, model, renamed, "--strict", *options) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "The model looks at image" in said
    assert "'photo_url'" in said
    assert not list(renamed.parent.glob("out*"))


def test_an_explanation_tells_what_of_its_row_the_model_did_not_see(
    model: Path, renamed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("captum")
    first = pd.read_csv(renamed)["id"][0]
    assert chiasm("explain", model, renamed, "--row", first, "--out", tmp_path / "why") == 0
    said = " ".join(capsys.readouterr().err.split())
    assert f"row {first}: text: nothing in it is known to its encoder" in said


def test_data_that_are_not_there_are_missed_before_what_is_slow_to_load(tmp_path: Path) -> None:
    look = (
        "import sys; from chiasm.cli import run\n"
        "try: run(['train', 'nowhere.csv', '--out', 'model'])\n"
        "except SystemExit as ended: print(ended.code, 'torch' in sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", look], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == ["1", "False"]
    assert "There is no file or folder nowhere.csv." in found.stderr
