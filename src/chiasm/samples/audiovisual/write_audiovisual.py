"""Things to be seen, heard and told of, with the truth of each row."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

from chiasm.errors import DataError
from chiasm.samples.audiovisual.record import record
from chiasm.samples.audiovisual.sounds import BACKGROUNDS, SOUNDS
from chiasm.samples.make_folder import make_folder
from chiasm.samples.reviews.palette import COLOURS
from chiasm.samples.reviews.photo import photograph_product, photograph_view
from chiasm.samples.reviews.scenery import VIEWS
from chiasm.samples.write_csv import write_csv

_README = """\
# Generated clips: which thing is it?

`audiovisual.csv` (id, text, image_path, audio_path, label): a clock, a guitar, a phone or a teapot,
with a picture, two seconds of sound and a line of text. All of it is generated: nothing was
photographed or recorded.

`truth.csv` says of every row what tells its label (`kind`).

- picture: the thing is in the picture; the sound is only what goes on around it.
- sound: the thing is heard; the picture is a view without it.
- both: the thing is seen and heard.
- text: it is neither seen nor heard, and the text names it. No other text does.

Of each 40 rows 12, 12, 12 and 4 are of these kinds, the labels balanced in each: the picture alone
tells 24 of 40, the sound alone as many, both together 36.
Further columns: `shows`, what is in the picture; `sounds`, what is heard; `background`, amid what.
"""

# Every block of this many rows is balanced in itself.
_BLOCK = 40
_THINGS = tuple(SOUNDS)
# How many rows of each thing and kind a block has.
_TIMES = {"picture": 3, "sound": 3, "both": 3, "text": 1}

_TEXTS = (
    "Recorded in the {room} on {day} at {time}.",
    "{day}, {time}, in the {room}.",
    "{person} recorded this in the {room}, {day} at {time}.",
    "With {person}, {day} at {time}.",
)
_TELLING_TEXTS = (
    "The {thing} in the {room}, {day} at {time}.",
    "{day}, {time}: {person} and the {thing}.",
    "{person} recorded the {thing} on {day} at {time}.",
)
_ROOMS = ("kitchen", "office", "hall", "bedroom", "studio", "guest room", "workshop", "cabin")
_PEOPLE = ("Ines", "Tom", "Aunt May", "Grandpa", "Noor", "Pavel", "Yuki", "Ada")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def write_audiovisual(out: Path, *, rows: int = 800, seed: int = 0) -> Path:
    """Write audiovisual.csv, truth.csv, images/, sounds/ and a README; return the CSV's path.

    ``rows`` is a multiple of 40. The same seed writes the same rows and sounds, and the same
    pictures up to the Pillow at hand.

    Raises:
        DataError: a number that is not a multiple of 40, or ``out`` is not an empty folder.
    """
    if rows < 0 or rows % _BLOCK:
        raise DataError(
            f"rows={rows}: the kinds of clip are balanced in blocks of {_BLOCK}, so rows must be a "
            f"multiple of {_BLOCK}."
        )
    make_folder(out)
    for folder in ("images", "sounds"):
        (out / folder).mkdir()
    (out / "README.md").write_text(_README, encoding="utf-8")
    block = [(kind, thing) for kind, times in _TIMES.items() for thing in _THINGS * times]
    cases = block * (rows // _BLOCK)
    Random(f"{seed} audiovisual").shuffle(cases)
    clips: list[Sequence[str]] = []
    truth: list[Sequence[str]] = []
    for position, (kind, thing) in enumerate(cases):
        row = f"a{position:04}"
        image, sound = f"images/{row}.jpg", f"sounds/{row}.wav"
        seen, heard = kind in ("picture", "both"), kind in ("sound", "both")
        shows = _draw(out / image, thing if seen else None, Random(f"{seed} {row} image"))
        rng = Random(f"{seed} {row} sound")
        background = rng.choice(list(BACKGROUNDS))
        record(out / sound, thing=thing if heard else None, background=background, rng=rng)
        text = _write_text(thing if kind == "text" else None, Random(f"{seed} {row} text"))
        clips.append((row, text, image, sound, thing))
        truth.append((row, kind, shows, thing if heard else "", background, thing))
    path = out / "audiovisual.csv"
    write_csv(path, ("id", "text", "image_path", "audio_path", "label"), clips)
    columns = ("id", "kind", "shows", "sounds", "background", "label")
    write_csv(out / "truth.csv", columns, truth)
    return path


def _draw(path: Path, thing: str | None, rng: Random) -> str:
    """Draw the thing, or a view without one; return what the picture shows."""
    if thing is None:
        shows = rng.choice(list(VIEWS))
        photo = photograph_view(shows, rng=rng)
    else:
        shows = thing
        colour = rng.choice(list(COLOURS.values()))
        photo = photograph_product(thing, colour=colour, damage=None, rng=rng)
    photo.save(path, quality=88)
    return shows


def _write_text(thing: str | None, rng: Random) -> str:
    """A line that names the thing, or none."""
    return rng.choice(_TEXTS if thing is None else _TELLING_TEXTS).format(
        thing=thing,
        room=rng.choice(_ROOMS),
        person=rng.choice(_PEOPLE),
        day=rng.choice(_DAYS),
        time=f"{rng.randint(0, 23)}:{rng.randint(0, 59):02}",
    )
