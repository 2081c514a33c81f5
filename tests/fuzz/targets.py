"""What takes files from outside: each either works, or fails in words."""

import io
import json
import shutil
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from PIL import Image

from chiasm.data.checking.report import check
from chiasm.data.media.audio import inspect_audio, open_audio
from chiasm.data.media.images import FORMATS, open_image
from chiasm.data.media.vectors import open_array
from chiasm.data.reading import read
from chiasm.inference.runtime import load_runtime
from chiasm.model.storage import load_model, save_model
from chiasm.recipes.files import load_recipe, packaged_recipes
from chiasm.utils.digests import digest_of
from tests.inference.feature_models import WIDTHS, make_model, make_rows

_CORPUS = Path(__file__).parent / "corpus"
_TEXTS = ("Good, sharp", 'It broke: "twice"', "", "Déjà vu 词 😡", "NaN", "null")


@dataclass(frozen=True)
class Target:
    """A way in: files by name that it is given whole, and what is then done with their folder.

    ``plain`` names the files that hold JSON or YAML, which are changed as such too.
    """

    files: dict[str, bytes]
    use: Callable[[Path], Any]
    plain: tuple[str, ...] = ()


def make_targets(folder: Path) -> dict[str, Target]:
    """All of them; ``folder`` is for what has to be made on disk."""
    tables = {name: _read_table(name, content) for name, content in _tables().items()}
    images = {f"image.{kind.lower()}": _image(kind) for kind in FORMATS}
    return {
        **tables,
        "label files": Target(
            {
                "train.txt": b"guid,tag\r\n1,positive\n2,negative\n3,null\n",
                "test_without_label.txt": b"guid,tag\n4,null\n",
                "data/1.txt": b"so sharp",
                "data/2.txt": "Kaputt… für immer".encode("latin-1", "replace"),
                "data/3.txt": "词词词词".encode("gb18030"),
                "data/1.jpg": _image("JPEG"),
            },
            lambda place: check(read(place)),
        ),
        **{
            name: Target({name: content}, lambda place, name=name: _see(place / name))
            for name, content in images.items()
        },
        **{
            name: Target({name: content}, lambda place, name=name: _hear(place / name))
            for name, content in _audio().items()
        },
        "features.npy": Target(
            {"features.npy": _saved(np.save)}, lambda place: _sum(place / "features.npy")
        ),
        "features.npz": Target(
            {"features.npz": _saved(np.savez_compressed)},
            lambda place: _sum(place / "features.npz"),
        ),
        **{
            f"recipe {name}": Target(
                {"mine.yaml": packaged_recipes()[name].encode()},
                lambda place: load_recipe(place / "mine.yaml"),
                ("mine.yaml",),
            )
            for name in ("review", "lab-gated-published", "trimodal-features")
        },
        "model folder": _model(folder / "model"),
        "exported folder": _exported(folder / "exported"),
    }


def corpus(target: str) -> list[bytes]:
    """What once broke a target; a file is called ``target--what.ending``."""
    return [file.read_bytes() for file in sorted(_CORPUS.glob(f"{target}--*"))]


def rewrite(content: object, name: str) -> bytes:
    """JSON or YAML, by the ending of the name."""
    if name.endswith(".json"):
        return json.dumps(content).encode("utf-8", "surrogatepass")
    return yaml.safe_dump(content, allow_unicode=True).encode("utf-8", "surrogatepass")


def parse(content: bytes, name: str) -> object:
    return json.loads(content) if name.endswith(".json") else yaml.safe_load(content)


def _read_table(name: str, content: bytes) -> Target:
    def use(place: Path) -> None:
        table = read(place / name, features={"seen": "seen"} if "seen" in name else {})
        check(table)
        assert table.fingerprint

    return Target({name: content}, use)


def _tables() -> dict[str, bytes]:
    rows = pd.DataFrame(
        {
            "id": range(6),
            "text": _TEXTS,
            "image": ["a.jpg", "", "../b.png", "http://c/d.jpg", "e\0.jpg", "f.jpg"],
            "label": ["good", "bad", 1, "1.0", None, "null"],
            "split": ["train", "test", "dev", None, "", "train"],
        }
    )
    seen = rows.assign(seen=[[1, 2], None, [3.5, 4], [[1, 2], [3, 4]], [0, 0], [1, 1]])
    parquet = io.BytesIO()
    rows.astype({"label": str}).to_parquet(parquet, index=False)
    return {
        "rows.csv": rows.to_csv(index=False).encode(),
        "utf16.csv": rows.to_csv(index=False).encode("utf-16"),
        "chinese.csv": rows.to_csv(index=False).encode("gb18030"),
        "rows.tsv": rows.to_csv(index=False, sep="\t").encode(),
        "rows.jsonl": rows.to_json(orient="records", lines=True).encode(),
        "seen.jsonl": seen.to_json(orient="records", lines=True).encode(),
        "rows.parquet": parquet.getvalue(),
    }


def _image(kind: str) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (12, 9, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def _see(path: Path) -> None:
    open_image(path)
    open_image(path, at_least=4)


def _audio() -> dict[str, bytes]:
    soundfile = __import__("soundfile")
    samples = np.random.default_rng(0).normal(0, 0.1, (900, 2)).astype(np.float32)
    made = {}
    for kind in ("FLAC", "OGG", "MP3"):
        file = io.BytesIO()
        soundfile.write(file, samples, 8000, format=kind)
        made[f"audio.{kind.lower()}"] = file.getvalue()
    file = io.BytesIO()
    with wave.open(file, "wb") as audio:
        audio.setparams((2, 2, 8000, 0, "NONE", ""))
        audio.writeframes((samples * 30_000).astype("<i2").tobytes())
    return {**made, "sound.wav": file.getvalue()}


def _hear(path: Path) -> None:
    inspect_audio(path)
    open_audio(path, rate=16_000, max_seconds=2.0)


def _saved(save: Callable[..., None]) -> bytes:
    file = io.BytesIO()
    save(file, np.arange(24, dtype=np.float32).reshape(4, 3, 2))
    return file.getvalue()


def _sum(path: Path) -> float:
    return float(np.asarray(open_array(path), dtype=np.float64).sum())


def _model(folder: Path) -> Target:
    save_model(make_model(), folder, card="")

    def use(place: Path) -> None:
        model = load_model(place)
        assert all(isinstance(label, str) for label in model.classes)

    files = {name: (folder / name).read_bytes() for name in ("config.json", "model.safetensors")}
    return Target(files, use, ("config.json",))


def _exported(folder: Path) -> Target:
    from chiasm.exporting.folder import export

    export(make_model(), folder)
    files = {path.name: path.read_bytes() for path in folder.iterdir()}

    def use(place: Path) -> None:
        _seal(place)
        runtime = load_runtime(place)
        for row in make_rows(3):
            loaded = {m: runtime.load(m, value) for m, value in row.items() if m in WIDTHS}
            runtime.predict([loaded])

    return Target(files, use, ("manifest.json",))


def _seal(place: Path) -> None:
    """Note the digests of the files as they are: a digest alone would keep all changes out."""
    manifest = place / "manifest.json"
    try:
        content = json.loads(manifest.read_bytes())
        content["files"] = {name: digest_of(place / name).hex() for name in content["files"]}
    except (ValueError, TypeError, KeyError, OSError, AttributeError):
        return
    manifest.write_text(json.dumps(content))


def lay_out(files: dict[str, bytes], place: Path) -> None:
    """Write the files into a folder that holds nothing else."""
    shutil.rmtree(place, ignore_errors=True)
    for name, content in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
