"""Where the files lie that a data file names, and what lies beside them."""

import base64
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data_inputs import encode, noise

from chiasm.data.reading import read
from chiasm.data.table import Table
from chiasm.errors import DataError

ROWS = pd.DataFrame({"image": ["a.png", "sub/b.png"], "label": ["x", "y"]})


@pytest.fixture
def real(tmp_path: Path) -> Path:
    """A data set of two images, in a folder of its own."""
    folder = tmp_path / "real"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.png").write_bytes(encode(noise(0)))
    (folder / "sub" / "b.png").write_bytes(encode(noise(1)))
    ROWS.to_csv(folder / "rows.csv", index=False)
    ROWS.to_parquet(folder / "rows.parquet")
    return folder


def link(path: Path, target: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(target)
    return path


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet"])
def test_files_beside_the_data_are_found_through_a_link_to_it(
    name: str, real: Path, tmp_path: Path
) -> None:
    linked = read(link(tmp_path / "elsewhere" / name, real / name))
    assert not linked.problems
    assert linked.fingerprint == read(real / name).fingerprint


def test_files_beside_the_link_are_found_too_and_come_first(real: Path, tmp_path: Path) -> None:
    path = link(tmp_path / "elsewhere" / "rows.csv", real / "rows.csv")
    own = path.parent / "a.png"
    own.write_bytes(encode(noise(2)))
    assert read(path).values["image"] == (own, real / "sub" / "b.png")


def test_a_link_lets_no_path_out_of_the_two_folders(real: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(encode(noise(3)))
    link(real / "c.png", tmp_path / "secret.png")
    rows = pd.DataFrame({"image": ["../secret.png", str(tmp_path / "secret.png"), "c.png"]})
    rows.to_csv(real / "rows.csv", index=False)
    path = link(tmp_path / "elsewhere" / "rows.csv", real / "rows.csv")
    assert read(path).values["image"] == (None,) * 3
    assert not read(path, allow_outside=True).problems


def test_features_beside_the_data_are_found_through_a_link_to_it(
    real: Path, tmp_path: Path
) -> None:
    np.save(real / "visual.npy", np.ones((2, 3)))
    path = link(tmp_path / "elsewhere" / "rows.csv", real / "rows.csv")
    assert read(path, features={"visual": "visual.npy"}).widths == {"visual": 3}


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_the_files_of_a_folder_are_images_or_audio_as_their_names_end(
    ending: str, real: Path
) -> None:
    soundfile = pytest.importorskip("soundfile")
    audio = io.BytesIO()
    soundfile.write(audio, np.linspace(-0.5, 0.5, 800), 8000, format="WAV")
    (real / "c.WAV").write_bytes(audio.getvalue())
    for modality, files in (("image", ["a.png", "sub/b.png"]), ("audio", ["c.WAV", None])):
        rows = pd.DataFrame({"file_name": files, "label": ["x", "y"]})
        path = real / f"metadata.{ending}"
        if ending == "csv":
            rows.to_csv(path, index=False)
        elif ending == "jsonl":
            rows.to_json(path, orient="records", lines=True)
        else:
            rows.to_parquet(path)
        table = read(path)
        assert table.modalities == (modality,)
        assert table.values[modality][0] is not None


def test_a_folder_without_the_labs_list_names_the_file_to_give_instead(real: Path) -> None:
    (real / "._rows.csv").write_bytes(b"\0\5\x16\7")
    with pytest.raises(DataError, match=r"such as .*/real/rows\.csv\."):
        read(real)


def test_what_a_system_leaves_in_a_folder_of_texts_is_none_of_them(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    texts = [f"第{i}条：质量很好，非常喜欢" for i in range(9)]  # noqa: RUF001
    for i, text in enumerate(texts):
        (data / f"{i}.txt").write_bytes(text.encode("gb18030"))
        (data / f"._{i}.txt").write_bytes(b"\0\5\x16\7\0\2\0\0Mac OS X" + bytes(range(256)) * 16)
        (data / f"{i}.png").write_bytes(encode(noise(i)))
        (data / f"._{i}.png").write_bytes(b"\0\5\x16\7")
    for name in (".DS_Store", "Thumbs.db", "desktop.ini", "~$0.txt"):
        (data / name).write_bytes(b"\xff\xd8\0")
    tags = "".join(f"{i},good\n" for i in range(9))
    (tmp_path / "train.txt").write_text(f"guid,tag\n{tags}")
    table = read(tmp_path)
    assert table.values["text"] == tuple(texts)
    assert not table.problems


def _read(folder: Path, cells: list[str], kind: str = ".csv") -> Table:
    path = folder / f"written{kind}"
    frame = pd.DataFrame({"image": cells, "label": ["x"] * len(cells)})
    if kind == ".csv":
        frame.to_csv(path, index=False)
    elif kind == ".jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.to_parquet(path)
    return read(path)


@pytest.mark.parametrize("kind", [".csv", ".jsonl", ".parquet"])
def test_paths_of_windows_are_found_where_the_file_is_there(real: Path, kind: str) -> None:
    cells = ["sub\\b.png", ".\\a.png", "..\\real\\a.png", "sub\\c.png", "C:\\a.png"]
    table = _read(real, cells, kind)
    assert table.values["image"][:3] == (real / "sub/b.png", real / "a.png", real / "a.png")
    reasons = [problem.reason for problem in table.problems if problem.field == "image"]
    assert reasons == ["file not found", "path of a Windows drive, which is not here"]


def test_a_backslash_may_be_part_of_a_name(real: Path) -> None:
    (real / "sub\\b.png").write_bytes(encode(noise(7)))
    assert _read(real, ["sub\\b.png"]).values["image"] == (real / "sub\\b.png",)


def test_no_backslash_leads_out_of_the_folder(real: Path) -> None:
    (real.parent / "secret.png").write_bytes(encode(noise(7)))
    problem, _ = _read(real, ["..\\secret.png"]).problems
    assert problem.reason in ("path leaves the data folder", "file not found")


def test_images_in_cells_are_read_and_not_repeated(real: Path) -> None:
    content = encode(noise(3, size=(200, 200)))
    plain = base64.b64encode(content).decode()
    cells = [plain, f"data:image/png;base64,{plain}", f"data:image/png;base64,{plain[:-9]}!"]
    cells += [f"data:image/png,{plain}", "x" * 100_000]
    table = _read(real, cells)
    assert table.values["image"] == (content, content, None, None, None)
    assert [problem.reason for problem in table.problems][:1] == ["broken base64"]
    assert all(len(problem.detail) <= 200 for problem in table.problems)


def test_file_uris_are_paths(real: Path) -> None:
    inside, outside = (real / "a.png").as_uri(), (real.parent / "a.png").as_uri()
    table = _read(real, [inside, outside])
    assert table.values["image"][0] == real / "a.png"
    assert [p.reason for p in table.problems][:1] == ["path leaves the data folder"]
