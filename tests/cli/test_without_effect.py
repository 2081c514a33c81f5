"""An option without effect, beside the others or on the data, is refused before the long work."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import chiasm
from typer.main import get_command

from chiasm.cli.app import app

READING = "text image audio feature label id split group on-bad allow-outside"
TRAINING = "recipe group-by epochs batch-size learning-rate class-weight seed"
# These have an effect whatever else is given. What names columns, permits (--allow-outside,
# --no-key) or demands (--strict) says how a command is meant, even where it changes nothing.
ALWAYS = {
    "check": f"{READING} json recipe",
    "compare": f"{READING} {TRAINING} out folds only-folds fusions validation",
    "train": f"{READING} {TRAINING} out fusion tensorboard",
    "tune": f"{READING} {TRAINING} out trials time folds validation",
    "evaluate": f"{READING} json out strict",
    "predict": f"{READING} out strict engine",
    "encode": f"{READING} recipe engine",
    "explain": f"{READING} out row audit strict",
    "export": "out int8",
    "serve": "host port api-key-file no-key rate allow-host allow-origin behind "
    "max-batch max-waiting timeout grace max-body max-rows",
}
# All the others, each with what it has no effect beside: on features in a Parquet file, which
# names training and validation rows.
_AUDIO = [
    *("--text-encoder minilm", "--audio-encoder whisper-tiny", "--max-seconds 3"),
    "--set encoders.image=minilm",
]
_ENCODERS = [
    *_AUDIO,
    "--image-encoder efficientnet-lite0",
    "--trainable-blocks image=1",
    "--lora image=4 --trainable-blocks image=1",
]
WITHOUT = {
    "check": [*_AUDIO, "--encoding cp1252"],
    "compare": [*_ENCODERS, "--encoding cp1252"],
    "train": [*_ENCODERS, "--encoding cp1252", "--ignore-shifted", "--validation 0.2"],
    "tune": [*_ENCODERS, "--encoding cp1252"],
    "evaluate": ["--group-by image", "--encoding cp1252"],
    "predict": ["--address here:1", "--encoding cp1252", "--show-formulas --out p.jsonl"],
    "encode": [*_ENCODERS, "--encoding cp1252", "--address here:1"],
    "explain": [
        "--rows 7 --row 1",
        "--group-by image --row 1",
        "--class a --audit",
        "--against a --audit",
        "--training t.csv --audit",
        "--encoding cp1252 --audit",
    ],
    "serve": [
        "--max-wait 9 --max-batch 1",
        "--max-characters 9",
        "--max-megapixels 9",
        "--max-seconds 9",
    ],
}
CALLS = {
    "check": "check {data}",
    "compare": "compare {data} --out new",
    "train": "train {data} --out new",
    "tune": "tune {data} --out new",
    "evaluate": "evaluate {model} {data}",
    "predict": "predict {model} {data} --out new.csv",
    "encode": "encode {data}",
    "explain": "explain {model} {data} --out new",
    "serve": "serve {exported} --port 0",
}


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Features, a model of them, and the same exported."""
    pytest.importorskip("onnxscript")
    folder = tmp_path_factory.mktemp("features")
    numbers = np.random.default_rng(0).normal(size=(60, 3))
    rows = pd.DataFrame({"v": list(numbers), "label": np.where(numbers[:, 0] > 0, "a", "b")})
    rows["split"] = ["train"] * 40 + ["validation"] * 20
    data, model, exported = folder / "rows.parquet", folder / "model", folder / "exported"
    rows.to_parquet(data)
    settings = ("--feature", "v=v", "--fusion", "v", "--epochs", 1)
    assert chiasm("train", data, *settings, "--out", model) == 0
    assert chiasm("export", model, "--out", exported) == 0
    return {"data": data, "model": model, "exported": exported}


def test_each_option_has_an_effect_always_or_is_tried_where_it_has_none() -> None:
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        options = {each.opts[-1] for each in command.params} - {"--help"}
        named = {option for option in options if option.startswith("--")}
        always = {f"--{option}" for option in ALWAYS.get(name, "").split()}
        assert named == always | {given.split()[0] for given in WITHOUT.get(name, [])}, name


@pytest.mark.parametrize(
    ("command", "given"), [(command, given) for command, many in WITHOUT.items() for given in many]
)
def test_an_option_without_effect_is_refused(
    command: str,
    given: str,
    places: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    reading = [] if command == "serve" else ["--feature", "v=v"]
    assert chiasm(*CALLS[command].format(**places).split(), *given.split(), *reading) == 1
    told = " ".join(capsys.readouterr().err.split())
    assert "has an effect only" in told or "no encoding can be chosen" in told
    assert not list(tmp_path.iterdir())


def test_an_address_that_ray_left_in_the_environment_is_no_option(
    places: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "nowhere:1")
    reading = ("--feature", "v=v")
    out = tmp_path / "predictions.csv"
    assert chiasm("predict", places["model"], places["data"], *reading, "--out", out) == 0
    assert len(pd.read_csv(out)) == 60
