import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data_inputs import encode, noise, png_header
from PIL import Image, ImageOps, PngImagePlugin

from chiasm.data.media import images
from chiasm.data.media.image_facts import inspect_image
from chiasm.data.media.images import encode_image, open_image
from chiasm.data.reading import read
from chiasm.errors import UnreadableExample


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"])
def test_every_format_becomes_rgb(kind: str) -> None:
    image = open_image(encode(noise(), kind))
    assert (image.mode, image.size) == ("RGB", (64, 48))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "YCbCr"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    image = open_image(encode(noise().convert(mode), "JPEG" if mode in "CMYK YCbCr" else "PNG"))
    assert image.mode == "RGB"


def test_cmyk_jpeg_keeps_its_colours() -> None:
    red = Image.new("RGB", (16, 16), (200, 30, 30))
    seen = np.asarray(open_image(encode(red.convert("CMYK"), "JPEG")))[8, 8].astype(int)
    assert np.abs(seen - (200, 30, 30)).max() < 12


def test_16_bit_grey_is_scaled_not_clipped() -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    seen = np.asarray(open_image(encode(Image.fromarray(ramp))))
    assert np.abs(seen[..., 0].astype(int).ravel() - np.arange(256)).max() <= 1


def test_32_bit_pixels_are_refused() -> None:
    image = Image.fromarray(np.ones((8, 8), dtype=np.float32))
    with pytest.raises(UnreadableExample, match="32-bit"):
        open_image(encode(image, "TIFF"))


def test_transparency_lies_over_white() -> None:
    clear = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    assert open_image(encode(clear)).getpixel((0, 0)) == (255, 255, 255)


def test_transparent_palette_lies_over_white() -> None:
    image = Image.new("P", (8, 8), 0)
    image.putpalette([0, 0, 0, 255, 0, 0])
    data = encode(image, "PNG", transparency=0)
    assert open_image(data).getpixel((0, 0)) == (255, 255, 255)


def test_one_pixel_gif_is_an_image() -> None:
    facts = inspect_image(encode(Image.new("P", (1, 1)), "GIF"))
    assert (facts.width, facts.height) == (1, 1)


def test_first_frame_of_an_animation_is_read() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    data = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert open_image(data).getpixel((0, 0)) == (255, 0, 0)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied(orientation: int) -> None:
    stored = noise()
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(stored, "PNG", exif=exif)
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    assert np.array_equal(np.asarray(open_image(data)), np.asarray(expected))


def test_broken_exif_does_not_cost_the_image() -> None:
    data = encode(noise(), "JPEG", exif=b"Exif\x00\x00garbage that is no TIFF")
    assert open_image(data).size == (64, 48)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"])
def test_truncated_file_is_refused(kind: str) -> None:
    data = encode(noise(size=(256, 256)), kind)
    with pytest.raises(UnreadableExample):
        open_image(data[: len(data) // 2])


def test_truncated_jpeg_is_called_truncated() -> None:
    data = encode(noise(size=(256, 256)), "JPEG")
    for cut in (len(data) // 4, len(data) // 2):
        with pytest.raises(UnreadableExample, match="truncated image"):
            inspect_image(data[:cut])


@pytest.mark.parametrize("missing", [1, 2, 20])
def test_a_jpeg_whose_end_is_missing_is_read_and_said_not_to_be_whole(missing: int) -> None:
    data = encode(noise(size=(256, 256)), "JPEG")
    assert inspect_image(data).is_whole
    assert not inspect_image(data[:-missing]).is_whole
    whole, part = np.asarray(open_image(data)), np.asarray(open_image(data[:-missing]))
    assert whole.shape == part.shape
    np.testing.assert_array_equal(part[:192], whole[:192])


def test_a_row_keeps_a_jpeg_whose_end_is_missing_with_a_note(tmp_path: Path) -> None:
    data = encode(noise(size=(256, 256)), "JPEG")
    (tmp_path / "cut.jpg").write_bytes(data[:-2])
    (tmp_path / "rows.csv").write_text("image,label\ncut.jpg,x\n")
    table = read(tmp_path / "rows.csv")
    assert table.values["image"] == (tmp_path / "cut.jpg",)
    assert [problem.action for problem in table.problems] == ["noted"]


def test_notes_of_any_size_leave_the_pixels_of_a_png_alone() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("workflow", "x" * (2 << 20), zip=True)
    image = noise()
    data = encode(image, "PNG", pnginfo=notes)
    np.testing.assert_array_equal(np.asarray(open_image(data)), np.asarray(image))
    with pytest.raises(UnreadableExample):
        open_image(data[: len(data) // 2])


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_an_opened_image_is_as_upright_as_its_file(form: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encode(noise(size=(64, 48)), form, exif=exif)
    expected = np.asarray(open_image(data))
    assert expected.shape[:2] == (64, 48)
    untouched, decoded = Image.open(io.BytesIO(data)), Image.open(io.BytesIO(data))
    decoded.load()
    for image in (untouched, decoded):
        np.testing.assert_array_equal(np.asarray(open_image(encode_image(image))), expected)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_an_image_in_a_frame_is_as_upright_as_its_file(form: str, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "photo"
    path.write_bytes(encode(noise(size=(64, 48)), form, exif=exif))
    images = [str(path), path.read_bytes(), Image.open(path)]
    table = read(pd.DataFrame({"image": images, "label": list("xyx")}))
    named, *others = (np.asarray(open_image(value)) for value in table.values["image"])
    assert named.shape[:2] == (64, 48)
    for other in others:
        np.testing.assert_array_equal(other, named)


def test_an_opened_image_that_was_not_touched_is_its_file() -> None:
    data = encode(noise(), "JPEG")
    assert encode_image(Image.open(io.BytesIO(data))) == data


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_images_in_memory_of_every_mode_are_read_as_their_file(mode: str) -> None:
    grey = Image.fromarray(np.arange(64 * 48, dtype=np.uint16).reshape(48, 64) * 20)
    image = grey if mode == "I;16" else noise().convert(mode)
    form = "TIFF" if mode == "CMYK" else "PNG"
    expected = np.asarray(open_image(encode(image, form)))
    np.testing.assert_array_equal(np.asarray(open_image(encode_image(image))), expected)


def _closed() -> Image.Image:
    image = Image.open(io.BytesIO(encode(noise())))
    image.close()
    return image


@pytest.mark.parametrize(
    "image",
    [
        _closed(),
        Image.open(io.BytesIO(encode(noise(size=(300, 300)))[:400])),
        Image.new("RGB", (0, 0)),
        Image.new("F", (8, 8)),
        np.zeros((8, 8)),
        np.zeros((8, 8, 7), dtype=np.uint8),
        {"bytes": [1, 2]},
        {"path": 5},
        {},
        object(),
    ],
)
def test_a_bad_image_in_memory_costs_only_itself(image: object) -> None:
    frame = pd.DataFrame({"text": list("abc"), "image": [noise(1), image, noise(2)]})
    table = read(frame)
    assert [value is None for value in table.values["image"]] == [False, True, False]
    (problem,) = table.problems
    assert (problem.position, problem.field, problem.action) == (1, "image", "marked missing")


def test_arrays_of_pixels_are_images() -> None:
    pixels = np.asarray(noise())
    frame = pd.DataFrame({"text": list("ab"), "image": [pixels, pixels[..., :1]]})
    table = read(frame)
    assert not table.problems
    first = table.values["image"][0]
    assert isinstance(first, bytes)
    np.testing.assert_array_equal(np.asarray(open_image(first)), pixels)


def test_too_many_pixels_are_refused_before_decoding() -> None:
    with pytest.raises(UnreadableExample, match="more than 100 megapixels"):
        open_image(png_header(30_000, 30_000))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_the_limit_is_a_hundred_megapixels() -> None:
    with pytest.raises(UnreadableExample, match="more than 100 megapixels"):
        open_image(png_header(10_001, 10_000))


def test_too_large_a_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(images, "MAX_BYTES", 100)
    path = tmp_path / "a.png"
    path.write_bytes(encode(noise()))
    for source in (path, path.read_bytes()):
        with pytest.raises(UnreadableExample, match="larger than"):
            open_image(source)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty image file"),
        (b"guid,tag\n1,positive\n", "not an image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image"),
    ],
)
def test_other_files_are_refused(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableExample, match=reason):
        open_image(data)


def test_content_decides_not_the_name(tmp_path: Path) -> None:
    path = tmp_path / "really_a_png.jpg"
    path.write_bytes(encode(noise()))
    assert open_image(path).size == (64, 48)


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    for path, told in ((tmp_path / "none.jpg", "file not found"), (tmp_path, "not a regular file")):
        with pytest.raises(UnreadableExample, match=told):
            open_image(path)


def test_at_least_bounds_the_shorter_side_from_below() -> None:
    data = encode(noise(size=(1600, 1200)), "JPEG")
    small = open_image(data, at_least=256)
    assert 256 <= min(small.size) < 600
    assert open_image(data).size == (1600, 1200)


def test_facts_tell_the_stored_size_and_survive_a_resize() -> None:
    large = noise(3, (1600, 1200))
    facts = inspect_image(encode(large, "JPEG"))
    smaller = inspect_image(encode(large.resize((400, 300)), "JPEG", quality=60))
    other = inspect_image(encode(noise(4)))
    assert (facts.width, facts.height) == (1600, 1200)
    assert (facts.phash ^ smaller.phash).bit_count() <= 4
    assert (facts.phash ^ other.phash).bit_count() > 4
    assert facts.digest != smaller.digest
    assert 0 <= facts.phash < 2**64
