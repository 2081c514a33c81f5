"""Commands to be broken off: how each is called, what it comes to, and what must outlive a kill."""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import lmdb
import numpy as np
import pandas as pd
from safetensors.numpy import load_file

from chiasm.errors import ChiasmError
from chiasm.inference.manifest import read_manifest
from chiasm.samples.reviews.write_reviews import write_reviews
from tests.faults.forked import Child, Place

# What differs between two runs of one command that come to the same.
_TIMES = ("seconds", "command")
# float32, in whatever order it was summed up.
_TOLERANCE = 1e-6
_READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": pd.read_csv,
    ".jsonl": partial(pd.read_json, lines=True),
    ".parquet": pd.read_parquet,
}
ROWS, UNSEEN = 40, 40
STAGED = "description: features, one after the other\nstaged: true\n"


@dataclass(frozen=True)
class Scenario:
    """A command and how to judge what it wrote.

    ``arguments`` are those after which ``--out`` follows; ``out`` is a file, a folder or "": it
    writes to the cache alone. ``result``
    reads what must be the same, however often the command was broken off. ``earlier`` are arguments
    of a run that came before, into the same place; its result must stay until that of the new one
    is there, as ``intact`` says. ``moment`` is what begins before it is killed.
    """

    name: str
    arguments: tuple[str, ...]
    out: str
    result: Callable[[Place, Path], Any]
    earlier: tuple[str, ...] = ()
    intact: Callable[[Path, Path, Path], str | None] = field(default=lambda *_: None)
    moment: str = "start"
    warm: bool = True
    processes: bool = False


def write_features(folder: Path) -> None:
    """A table and its features, one of which tells the label; and a recipe in stages."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    visual = random.normal(size=(120, 3)).astype(np.float32)
    np.save(folder / "visual.npy", visual)
    np.save(folder / "heard.npy", random.normal(size=(120, 5, 4)).astype(np.float32))
    labels = np.where(visual[:, 0] > 0, "up", "down")
    pd.DataFrame({"id": range(120), "label": labels}).to_csv(folder / "features.csv", index=False)
    (folder / "staged.yaml").write_text(STAGED)


def scenarios(data: Path, models: Path) -> dict[str, list[Scenario]]:
    """By stage, in turn; ``provide`` makes what they need in ``data`` and ``models``."""
    reviews = (str(data / "reviews" / "reviews.csv"), "--image-encoder", "efficientnet-lite0")
    unseen = str(data / "reviews" / "unseen.csv")
    features = (
        *(str(data / "features.csv"), "--feature", f"visual={data / 'visual.npy'}"),
        *("--feature", f"heard={data / 'heard.npy'}", "--allow-outside"),
    )
    encode = ("encode", *reviews)
    train, compare = ("train", *reviews, "--epochs", "3"), ("--folds", "2", "--epochs", "2")
    staged = ("train", *features, "--recipe", str(data / "staged.yaml"), "--epochs", "4")
    singly = ("compare", *features, *compare, "--fusions", "visual,heard,concat")
    together = ("compare", *reviews, *compare, "--fusions", "text,image,gated")
    return {
        "encode": [
            Scenario("encode", encode, "", _cache, moment="encode", warm=False),
            Scenario("encode", encode, "", _cache, moment="encode", warm=False),
            Scenario("train", train, "out", _cache_and_model, moment="encode", warm=False),
        ],
        "train": [
            Scenario("reviews", train, "out", _model, (*train, "--seed", "1"), _model_intact),
            Scenario("features, staged", staged, "out", _model),
            Scenario(
                "features",
                (*staged[:-4], "--epochs", "6"),
                "out",
                _model,
                (*staged, "--seed", "1"),
                _model_intact,
            ),
        ],
        "compare": [
            Scenario("features", singly, "out", _report, (*singly, "--seed", "1")),
            Scenario("reviews", together, "out", _report),
            Scenario("features, in processes", singly, "out", _report, processes=True),
        ],
        "predict": [
            Scenario(
                f"{kind} {'warm' if warm else 'cold'}",
                ("predict", str(models / "reviews"), unseen),
                f"out.{kind}",
                _predictions,
                ("predict", str(models / "reviews"), reviews[0]),
                _predictions_intact,
                warm=warm,
            )
            for kind in ("csv", "jsonl", "parquet")
            for warm in (True, False)
        ],
        "export": [
            Scenario(
                name,
                ("export", str(models / "features"), *more),
                "out",
                _exported,
                ("export", str(models / "other")),
                _export_intact,
            )
            for name, more in (("fp32", ()), ("int8", ("--int8",)))
        ],
    }


def provide(scenario: Scenario, data: Path, models: Path, cache: Path) -> None:
    """Make the data and the models of a scenario, where they are not there yet."""
    if not data.is_dir():
        write_features(data)
    ways = scenarios(data, models)["train"]
    made = {"reviews": ways[0].arguments, "features": ways[2].arguments, "other": ways[2].earlier}
    for argument in (*scenario.arguments, *scenario.earlier):
        path = Path(argument)
        if data / "reviews" in path.parents and not path.is_file():
            write_reviews(data / "reviews", rows=ROWS, unseen=UNSEEN)
        if path.parent == models and not path.is_dir():
            model = Scenario(path.name, made[path.name], "out", _model)
            provide(model, data, models, cache)
            _make(model.arguments, path, cache)
    if scenario.name == "csv warm":
        unseen = cache.with_name("unseen.csv")
        _make(scenario.arguments, unseen, cache)


def _make(arguments: Sequence[str], out: Path, cache: Path) -> None:
    place = Place(out.with_name(f"making-{out.name}"), cache)
    place.folder.mkdir(parents=True)
    ended = Child([*arguments, "--out", out], place).end()
    if ended.status:
        raise RuntimeError(ended.said)


def same(first: Any, second: Any) -> bool:
    """Whether two results are equal, numbers within rounding."""
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return first.keys() == second.keys() and all(same(first[k], second[k]) for k in first)
    if isinstance(first, list | tuple) and isinstance(second, list | tuple):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, pd.DataFrame):
        try:
            pd.testing.assert_frame_equal(first, second, atol=_TOLERANCE, rtol=0)
        except AssertionError:
            return False
        return True
    if isinstance(first, np.ndarray):
        return first.shape == second.shape and np.allclose(first, second, atol=_TOLERANCE, rtol=0)
    if isinstance(first, float) and isinstance(second, float):
        return bool(np.isclose(first, second, atol=_TOLERANCE, rtol=0, equal_nan=True))
    return bool(first == second)


def _without_times(content: Any) -> Any:
    if isinstance(content, dict):
        return {k: _without_times(v) for k, v in content.items() if k not in _TIMES}
    if isinstance(content, list):
        return [_without_times(item) for item in content]
    return content


def _json(path: Path) -> Any:
    return _without_times(json.loads(path.read_text("utf-8")))


def _model(place: Place, out: Path) -> Any:
    # Nothing is left over.
    unfinished = sorted(p.name for p in out.iterdir() if p.name.startswith(".") or p.is_dir())
    return {
        "left over": unfinished,
        "weights": load_file(out / "model.safetensors"),
        "config": _json(out / "config.json"),
        "metrics": _json(out / "metrics.json"),
        "history": pd.read_csv(out / "history.csv").drop(columns="seconds"),
        **_report(place, out),
    }


def _report(place: Place, out: Path) -> Any:
    report = _json(out / "report.json")
    return {
        "report": report,
        "predictions": pd.read_csv(out / "predictions.csv"),
        "page": (out / "report.html").read_text("utf-8").endswith("</html>\n"),
        "files": sorted(path.name for path in out.iterdir() if not path.name.startswith(".")),
    }


def _cache(place: Place, out: Path) -> Any:
    (store,) = (path for path in place.cache.iterdir() if path.is_dir())
    with lmdb.open(str(store), readonly=True, lock=False) as environment, environment.begin() as t:
        return {key.hex(): hashlib.sha256(value).hexdigest() for key, value in t.cursor()}


def _cache_and_model(place: Place, out: Path) -> Any:
    return {"cache": _cache(place, out), **_model(place, out)}


def _predictions(place: Place, out: Path) -> Any:
    return _READERS[out.suffix](out)


def _exported(place: Place, out: Path) -> Any:
    from chiasm.inference.runtime import load_runtime

    runtime = load_runtime(out)
    random = np.random.default_rng(0)
    rows = [
        {
            "visual": runtime.load("visual", random.normal(size=(1, 3))),
            "heard": runtime.load("heard", random.normal(size=(5, 4))),
        }
        for _ in range(20)
    ]
    found = runtime.predict(rows, contributions=False)
    return {
        "probabilities": [list(one.probabilities.values()) for one in found],
        "precision": json.loads((out / "manifest.json").read_text())["precision"],
    }


def _model_intact(out: Path, earlier: Path, new: Path) -> str | None:
    """Either the earlier model or the new one, never parts of both."""
    if not (out / "config.json").is_file():
        return None
    pair = [(out / name).read_bytes() for name in ("config.json", "model.safetensors")]
    for whole in (earlier, new):
        if pair == [(whole / name).read_bytes() for name in ("config.json", "model.safetensors")]:
            return None
    return "config.json and model.safetensors are of different models"


def _predictions_intact(out: Path, earlier: Path, new: Path) -> str | None:
    if not out.is_file():
        return "the earlier predictions are gone"
    content = out.read_bytes()
    if content in (earlier.read_bytes(), new.read_bytes()):
        return None
    return "the predictions are neither the earlier ones nor the new ones"


def _export_intact(out: Path, earlier: Path, new: Path) -> str | None:
    if not (out / "manifest.json").is_file():
        # The new one is moving in: it is whole, and moves in with the next run.
        moving = (out / ".part" / "manifest.json").is_file()
        return None if moving else "the earlier export is gone"
    try:
        read_manifest(out)
    except ChiasmError as error:
        return str(error)
    return None


def copy(source: Path, target: Path) -> None:
    """A file or a folder."""
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy(source, target)
