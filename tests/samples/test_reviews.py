from collections import Counter, defaultdict
from random import Random

import imagehash
import numpy as np
import pytest
from PIL import Image

from chiasm.errors import DataError
from chiasm.samples import write_reviews
from chiasm.samples.reviews.plan import plan
from chiasm.samples.reviews.wording import PHRASES, write_text

GOLDEN = {
    "r0017": ("Ines took a photo of our lamp. Ines saw it on the 12th.", "negative"),
    "r0036": (
        "I am delighted! The delivery was faster than promised. The colour is purple.",
        "positive",
    ),
    "r0051": (
        "This is the teapot I had before, and the one from Tallow Street is its opposite. "
        "Written after 9 days.",
        "positive",
    ),
}


def test_same_seed_writes_the_same_files(tmp_path):
    for name in ("first", "second"):
        write_reviews(tmp_path / name, rows=40, unseen=40, seed=3)
    files = sorted(p.relative_to(tmp_path / "first") for p in (tmp_path / "first").rglob("*.*"))
    assert len(files) == 84
    for file in files:
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes()


def test_other_seed_writes_other_rows(tmp_path, reviews):
    path = write_reviews(tmp_path / "other", rows=40, unseen=0, seed=1)
    texts = {row["text"] for row in reviews.rows("reviews")}
    assert sum(text in path.read_text(encoding="utf-8") for text in texts) < 3


def test_rows_of_seed_0_stay_what_they_are(reviews):
    rows = {row["id"]: (row["text"], row["label"]) for row in reviews.rows("reviews")}
    for name, review in GOLDEN.items():
        assert rows[name] == review


def test_truth_covers_both_files_and_agrees_with_the_labels(reviews):
    truth = reviews.rows("truth")
    labelled, unseen = reviews.rows("reviews"), reviews.rows("unseen")
    assert [row["id"] for row in truth] == [row["id"] for row in labelled + unseen]
    assert [row["label"] for row in truth[:240]] == [row["label"] for row in labelled]
    assert {row["label"] for row in truth} == {"positive", "negative"}
    assert "label" not in unseen[0]
    assert "truth" in (reviews.folder / "README.md").read_text(encoding="utf-8")


def test_every_row_has_a_text_and_a_photo_of_its_own(reviews):
    rows = reviews.rows("reviews") + reviews.rows("unseen")
    assert len({row["image_path"] for row in rows}) == len(rows)
    for row in rows:
        assert row["text"].strip()
        assert not set("{}") & set(row["text"])
        with Image.open(reviews.folder / row["image_path"]) as photo:
            assert photo.format == "JPEG"
            assert all(160 <= side <= 200 for side in photo.size)
            assert np.asarray(photo).std() > 5


def test_labels_are_balanced_within_every_kind(reviews):
    for file, number in (("reviews", 240), ("unseen", 40)):
        ids = {row["id"] for row in reviews.rows(file)}
        truth = [row for row in reviews.rows("truth") if row["id"] in ids]
        counts = Counter((row["kind"], row["label"]) for row in truth)
        shares = {"text": 8, "picture": 16, "both": 12, "irrelevant": 4}
        assert counts == {
            (kind, label): number // 40 * share // 2
            for kind, share in shares.items()
            for label in ("positive", "negative")
        }


def test_no_phrase_tells_the_label():
    cases = plan(1600, Random(0))
    labels = defaultdict(Counter)
    for case in cases:
        labels[case.phrase][case.label] += 1
    assert set(labels) == set(PHRASES)
    assert all(count["positive"] == count["negative"] for count in labels.values())


@pytest.mark.parametrize("kind", ["text", "both"])
def test_condition_alone_does_not_tell_the_label(kind):
    counts = Counter((c.damaged, c.label) for c in plan(400, Random(0)) if c.kind == kind)
    assert len(counts) == 4
    assert len(set(counts.values())) == 1


def test_condition_and_phrase_together_decide_kind_both():
    for case in plan(400, Random(0)):
        if case.kind == "both":
            intact_is_positive = case.phrase.startswith("direct")
            assert (case.label == "positive") == (intact_is_positive != case.damaged)


def test_condition_decides_kind_picture(reviews):
    for row in reviews.rows("truth"):
        if row["kind"] == "picture":
            assert (row["condition"] == "intact") == (row["label"] == "positive")
            assert row["decided_by"] == "picture"


def test_irrelevant_photo_shows_no_product(reviews):
    truth = reviews.rows("truth")
    assert all((row["condition"] == "") == (row["kind"] == "irrelevant") for row in truth)


@pytest.mark.parametrize("phrase", [name for name in PHRASES if "verdict" not in name])
def test_words_beside_a_verdict_do_not_depend_on_the_label(phrase):
    def write(positive: bool) -> str:
        return write_text(phrase, product="mug", colour="red", positive=positive, rng=Random(5))

    assert write(True) == write(False)


@pytest.mark.parametrize("phrase", [name for name in PHRASES if "verdict" in name])
def test_a_verdict_depends_on_the_label(phrase):
    def write(positive: bool) -> str:
        return write_text(phrase, product="mug", colour="red", positive=positive, rng=Random(5))

    assert write(True) != write(False)


def test_hardly_any_rows_are_tied_by_text_or_photo(reviews):
    rows = reviews.rows("reviews") + reviews.rows("unseen")
    hashes = []
    for row in rows:
        with Image.open(reviews.folder / row["image_path"]) as photo:
            hashes.append(imagehash.phash(photo).hash.ravel())
    bits = np.array(hashes, dtype=int)
    apart = (bits[:, None] != bits[None]).sum(axis=2)
    tied = (apart[np.triu_indices(len(rows), 1)] <= 4).sum()
    assert tied <= 1
    assert len({row["text"].lower() for row in rows}) >= len(rows) - 2


@pytest.mark.parametrize("wrong", [{"rows": 100}, {"unseen": 7}, {"rows": -40}])
def test_numbers_that_cannot_be_balanced_are_refused(tmp_path, wrong):
    with pytest.raises(DataError, match="multiple of 40"):
        write_reviews(tmp_path / "out", **wrong)
    assert not (tmp_path / "out").exists()


def test_a_folder_with_files_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(DataError, match="not empty"):
        write_reviews(tmp_path, rows=40, unseen=0)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(DataError, match="is a file"):
        write_reviews(tmp_path / "out", rows=40, unseen=0)
