"""The page, driven in a real browser; skipped where there is none."""

import csv
import io
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import image
from .process import served

sync_api = pytest.importorskip("playwright.sync_api")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
# Where tests keep what they fetch, out of the repository.
FETCHED = Path(__file__).parents[2] / "build" / "fetched"
AXE = "axe-core@4.10.3"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served() as server:
        yield server.url


@pytest.fixture(scope="module")
def browser() -> Iterator["sync_api.Browser"]:
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page(browser: "sync_api.Browser", url: str) -> Iterator["sync_api.Page"]:
    """The page, which must report no error and ask nobody but its server."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    faults: list[str] = []
    asked: set[str] = set()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if "Policy" in said.text else None)
    page.on("request", lambda request: asked.add(request.url))
    page.goto(url)
    page.wait_for_selector("#examples button")
    yield page
    page.close()
    assert not faults
    assert {
        address for address in asked if not address.startswith((url, "blob:", "data:"))
    } == set()


def photo(name: str = "photo.jpg", content: bytes | None = None) -> dict[str, object]:
    content = image("JPEG") if content is None else content
    return {"name": name, "mimeType": "image/jpeg", "buffer": content}


def predict(page: "sync_api.Page") -> None:
    page.get_by_role("button", name="Predict").click()
    page.wait_for_selector("#answer:not([hidden]), #problem:not([hidden])")


def test_a_text_alone(page: "sync_api.Page") -> None:
    page.get_by_label("Text", exact=True).fill("a good, good mug 👍")
    predict(page)
    assert page.inner_text("#label") == "positive"
    assert "%" in page.inner_text("#confidence")
    assert page.inner_text("#words") == "a good, good mug 👍"
    assert page.locator("#words mark").count() == 5
    assert page.inner_text("#missing") == "Said with no photo."
    assert page.is_hidden("#image-part")
    assert page.locator("#steps li").count() == 3


def test_what_the_model_does_not_see_is_shown(page: "sync_api.Page") -> None:
    page.get_by_label("Text", exact=True).fill("a good mug ☃")
    predict(page)
    assert page.inner_text("#notes") == "text: signs that nobody knows"
    page.get_by_label("Text", exact=True).fill("a good mug")
    predict(page)
    page.wait_for_selector("#notes", state="hidden")


def test_a_photo_alone(page: "sync_api.Page") -> None:
    page.set_input_files("#image", photo())
    predict(page)
    assert page.inner_text("#missing") == "Said with no text."
    assert page.is_hidden("#words-part")
    assert page.evaluate("document.getElementById('heat').naturalWidth") == 96
    assert page.get_attribute("#heat", "alt")


def test_both_and_then_nothing(page: "sync_api.Page") -> None:
    page.get_by_label("Text", exact=True).fill("good")
    page.set_input_files("#image", photo())
    predict(page)
    assert page.is_visible("#image-part")
    assert page.is_visible("#words-part")
    assert page.is_hidden("#missing")
    assert page.locator("#steps li").count() == 4
    page.get_by_role("button", name="Clear").click()
    predict(page)
    assert "nothing to look at" in page.inner_text("#problem")


def test_a_bad_file_is_told_and_can_be_replaced(page: "sync_api.Page") -> None:
    page.set_input_files("#image", photo("letter.jpg", b"%PDF-1.7 not a photo"))
    predict(page)
    assert "not an image" in page.inner_text("#problem")
    assert page.is_hidden("#answer")
    page.get_by_role("button", name="Remove the photo").click()
    page.set_input_files("#image", photo())
    predict(page)
    page.wait_for_selector("#answer:not([hidden])")
    assert page.is_hidden("#problem")


def test_an_example_is_one_click(page: "sync_api.Page") -> None:
    page.get_by_role("button", name="Cracked lamp").click()
    page.wait_for_selector("#answer:not([hidden])")
    assert page.is_visible("#image-part")


def test_what_is_written_never_becomes_markup(page: "sync_api.Page") -> None:
    text = "<img src=x onerror=alert(1)> good"
    page.get_by_label("Text", exact=True).fill(text)
    predict(page)
    assert page.inner_text("#words") == text
    assert page.locator("#words img").count() == 0


def test_it_works_by_keyboard_alone(page: "sync_api.Page") -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.is_visible("#many")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Tab")
    page.keyboard.type("good")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#answer:not([hidden])")


def test_a_csv_file_comes_back_filled(page: "sync_api.Page", tmp_path: Path) -> None:
    table = [["id", "review", "photo"], ["1", "good, good", "a.jpg"], ["2", 'a "bad" one', ""]]
    table += [["3", "", ""], ["4", "good", "images/gone.jpg"], ["5", "so\nbad", "broken.jpg"]]
    table += [[str(i), "bad", ""] for i in range(6, 150)]
    file = io.StringIO()
    csv.writer(file).writerows(table)
    page.get_by_role("tab", name="A CSV file").click()
    given = {"name": "mine.csv", "mimeType": "text/csv", "buffer": file.getvalue().encode()}
    page.set_input_files("#csv", given)
    assert page.get_by_label("Text column").input_value() == "1"
    assert page.get_by_label("Photo column").input_value() == "2"
    page.set_input_files("#files", [photo("a.jpg"), photo("broken.jpg", b"GIF89a")])
    with page.expect_download() as download:
        page.get_by_role("button", name="Fill it in").click()
        page.get_by_text("149 of 149 rows").wait_for()
        page.get_by_role("link", name="Download the filled file").click()
    assert download.value.suggested_filename == "mine-filled.csv"
    download.value.save_as(tmp_path / "filled.csv")
    with (tmp_path / "filled.csv").open(newline="", encoding="utf-8") as filled:
        rows = list(csv.DictReader(filled))
    assert [[row["id"], row["review"], row["photo"]] for row in rows] == table[1:]
    labels = [row["predicted_label"] for row in rows]
    assert labels[:5] == ["positive", "negative", "", "positive", ""]
    assert set(labels[5:]) == {"negative"}
    assert "empty" in rows[2]["problem"]
    assert "gone.jpg is not among" in rows[3]["problem"]
    assert "image:" in rows[4]["problem"]
    assert float(rows[0]["probability_positive"]) > 0.5


def filled_rows(page: "sync_api.Page", tmp_path: Path) -> list[dict[str, str]]:
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the filled file").click()
    download.value.save_as(tmp_path / "filled.csv")
    with (tmp_path / "filled.csv").open(newline="", encoding="utf-8") as filled:
        return list(csv.DictReader(filled))


def test_cells_that_a_spreadsheet_would_run_are_shown_by_option(
    page: "sync_api.Page", tmp_path: Path
) -> None:
    cells = ["=1+1", "+good", "-2.5", "@bad", "plain"]
    content = "\r\n".join(["text", *cells]).encode()
    page.get_by_role("tab", name="A CSV file").click()
    page.set_input_files("#csv", {"name": "a.csv", "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Fill it in").click()
    page.get_by_text("5 of 5 rows").wait_for()
    shown = [row["text"] for row in filled_rows(page, tmp_path)]
    assert shown == ["'=1+1", "'+good", "-2.5", "'@bad", "plain"]
    page.get_by_label("a spreadsheet would run").uncheck()
    assert [row["text"] for row in filled_rows(page, tmp_path)] == cells


def test_photos_of_one_name_are_told_apart_by_their_folders(
    page: "sync_api.Page", tmp_path: Path
) -> None:
    folder = tmp_path / "photos"
    for name, light in (("a", 230), ("b", 20)):
        (folder / name).mkdir(parents=True)
        (folder / name / "1.jpg").write_bytes(image("JPEG", light=light))
    content = b"image\r\na/1.jpg\r\nphotos/b/1.jpg\r\n1.jpg\r\n"
    page.get_by_role("tab", name="A CSV file").click()
    page.set_input_files("#csv", {"name": "a.csv", "mimeType": "text/csv", "buffer": content})
    page.set_input_files("#folder", folder)
    page.get_by_role("button", name="Fill it in").click()
    page.get_by_text("3 of 3 rows").wait_for()
    rows = filled_rows(page, tmp_path)
    assert float(rows[0]["probability_positive"]) > float(rows[1]["probability_positive"]) + 0.1
    assert "may be any of several files called 1.jpg" in rows[2]["problem"]
    # One file alone, chosen by its name, is not taken for both.
    page.reload()
    page.wait_for_selector("#examples button")
    page.get_by_role("tab", name="A CSV file").click()
    page.set_input_files("#csv", {"name": "a.csv", "mimeType": "text/csv", "buffer": content})
    page.set_input_files("#files", [photo("1.jpg")])
    page.get_by_role("button", name="Fill it in").click()
    page.get_by_text("3 of 3 rows").wait_for()
    assert all("may be any of" in row["problem"] for row in filled_rows(page, tmp_path))


@pytest.mark.parametrize("content", [b"", b"only a head\r\n", b'a,b\r\n"open', b"a\r\n\xff\xfe"])
def test_a_csv_file_that_is_none_is_told(page: "sync_api.Page", content: bytes) -> None:
    page.get_by_role("tab", name="A CSV file").click()
    page.set_input_files("#csv", {"name": "a.csv", "mimeType": "text/csv", "buffer": content})
    page.wait_for_selector("#batch-problem:not([hidden])")
    assert page.get_by_role("button", name="Fill it in").is_disabled()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(page: "sync_api.Page", width: int, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 844})
    # Evaluated, not added to the page, whose policy lets no foreign script in.
    page.evaluate(axe_source())
    check = lambda: page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]  # noqa: E731
    found = check()
    page.get_by_role("button", name="Cracked lamp").click()
    page.wait_for_selector("#answer:not([hidden])")
    page.get_by_text("All figures").first.click()
    found += check()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("tab", name="A CSV file").click()
    given = {"name": "a.csv", "mimeType": "text/csv", "buffer": b"text,image\r\ngood,\r\n,\r\n"}
    page.set_input_files("#csv", given)
    page.get_by_role("button", name="Fill it in").click()
    page.wait_for_selector("#download:not([hidden])")
    found += check()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    faults = [(v["id"], v["impact"], [n["html"] for n in v["nodes"]]) for v in found]
    assert not [fault for fault in faults if fault[1] in ("serious", "critical")], faults


def axe_source() -> str:
    """axe-core, fetched once by npm."""
    file = FETCHED / AXE / "package" / "axe.min.js"
    if not file.is_file():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("axe-core is fetched by npm, which is not installed")
        file.parents[1].mkdir(parents=True, exist_ok=True)
        pack = [npm, "pack", AXE, "--silent"]
        if subprocess.run(pack, cwd=file.parents[1], check=False, timeout=120).returncode:
            pytest.skip("axe-core cannot be fetched")
        (archive,) = file.parents[1].glob("*.tgz")
        shutil.unpack_archive(archive, file.parents[1])
    return file.read_text(encoding="utf-8")
