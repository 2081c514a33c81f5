"""Names and public texts say what the field says: docs/architecture.md has the words."""

import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import chiasm

SOURCE = Path(chiasm.__file__).parent
GONE = re.compile(
    r"picture|sound(?!file)|glimpse|shel(f|ves)|sheet|sole_writer|written_(whole|together)"
    r"|computed_twice|each_core_alone|one_core_session|side_by_side|\blay_heat|random_?view|portable"
    r"|from_plain|load_described|part_?folder|predict_parts|part_rows|fold_parts|judged?(?!ment)"
    r"|trunk|\btops\b|tuned_?top|\b_?places?\b|\bcalled\b|\bagainst\b|\bask(ing|ed)\b|\bheads\b",
    re.IGNORECASE,
)
# Of libraries, of formats that were written before, and where a word has its plain meaning: linear
# heads, and the option that says what a class is held against.
ALLOWED = {"SoundFile", "SoundFileError", "heads", "against", "AGAINST"}
# What things look and sound like is what they are about.
SAMPLES = SOURCE / "samples"


def names() -> Iterator[tuple[Path, str]]:
    for path in SOURCE.rglob("*.py"):
        if SAMPLES not in path.parents:
            yield path, path.stem
            with path.open("rb") as file:
                yield from (
                    (path, token.string)
                    for token in tokenize.tokenize(file.readline)
                    if token.type == tokenize.NAME
                )


def test_no_name_has_a_word_that_the_field_does_not_use() -> None:
    found = {(path.name, name) for path, name in names() if GONE.search(name)}
    assert {name for _, name in found} <= ALLOWED, sorted(found)


def test_what_people_read_says_image_and_audio() -> None:
    root = Path(__file__).parents[1]
    texts = [root / "README.md", root / "CONTRIBUTING.md", *(root / "docs").glob("*.md")]
    for path in texts:
        prose = re.sub(r"```.*?```|`[^`]*`", "", path.read_text("utf-8"), flags=re.DOTALL)
        assert not re.findall(r"\bpictures?\b|\bsounds\b(?! like)", prose, re.IGNORECASE), path
