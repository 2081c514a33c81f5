"""Reviews whose truth is known: written, drawn and laid out as a small shop would keep them."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

from chiasm.errors import DataError
from chiasm.samples.make_folder import make_folder
from chiasm.samples.reviews.damage import DAMAGES
from chiasm.samples.reviews.palette import COLOURS
from chiasm.samples.reviews.photo import photograph_product, photograph_view
from chiasm.samples.reviews.plan import BLOCK, Case, plan
from chiasm.samples.reviews.products import PRODUCTS
from chiasm.samples.reviews.scenery import VIEWS
from chiasm.samples.reviews.wording import write_text
from chiasm.samples.write_csv import write_csv

_README = """\
# Generated product reviews

`reviews.csv` (id, text, image_path, label) is for training and judging; `unseen.csv` has no labels:
predict them. All of it is generated: no customer wrote a review, no camera took a photo.

`truth.csv` says of every row of both files why its label is right.

- `kind` text, decided by the text. The words give a verdict on something that no photo shows
  (delivery, price, service ...). That is the label, whatever the product in the photo looks like.
- `kind` picture, decided by the picture. The words say nothing of quality. A product that is intact
  is positive, a damaged one negative.
- `kind` both, decided by text and picture. The words point to the photo. Where it shows the
  reviewer's own product (`phrase` direct), an intact one is positive and a damaged one negative,
  whatever the tone: praise over damage is irony, and the photo answers a doubt. Where it shows
  another one and the reviewer's is its opposite (`phrase` inverted), it is the other way round.
- `kind` irrelevant, decided by the text. The words give a verdict; the photo shows no product.

Labels are balanced within every kind. In kind both, each phrase and each condition of the product
has both labels equally often: there, neither modality alone is better than a coin.
Further columns: `phrase`, the sentence at the core of the text; `shows`, what is in the photo;
`condition`, that of the product in it.
"""


def write_reviews(out: Path, *, rows: int = 1600, unseen: int = 200, seed: int = 0) -> Path:
    """Write reviews.csv, unseen.csv, truth.csv, images/ and a README; return reviews.csv's path.

    ``rows`` have labels and ``unseen`` have none; both are multiples of 40. The same seed writes
    the same rows, and the same pictures up to the Pillow at hand.

    Raises:
        DataError: a number that is not a multiple of 40, or ``out`` is not an empty folder.
    """
    for name, number in (("rows", rows), ("unseen", unseen)):
        if number < 0 or number % BLOCK:
            raise DataError(
                f"{name}={number}: the kinds of review are balanced in blocks of {BLOCK}, "
                f"so {name} must be a multiple of {BLOCK}."
            )
    make_folder(out)
    (out / "images").mkdir()
    (out / "README.md").write_text(_README, encoding="utf-8")
    truth: list[Sequence[str]] = []
    for name, prefix, number in (("reviews", "r", rows), ("unseen", "u", unseen)):
        reviews = []
        for position, case in enumerate(plan(number, Random(f"{seed} {name}"))):
            row = f"{prefix}{position:04}"
            image = f"images/{row}.jpg"
            text, shows, condition = _make(case, out / image, f"{seed} {row}")
            reviews.append((row, text, image, case.label))
            truth.append(
                (row, case.kind, case.decided_by, case.phrase, shows, condition, case.label)
            )
        columns = ("id", "text", "image_path", "label")
        kept = columns if name == "reviews" else columns[:-1]
        write_csv(out / f"{name}.csv", kept, (review[: len(kept)] for review in reviews))
    columns_of_truth = ("id", "kind", "decided_by", "phrase", "shows", "condition", "label")
    write_csv(out / "truth.csv", columns_of_truth, truth)
    return out / "reviews.csv"


def _make(case: Case, image: Path, seed: str) -> tuple[str, str, str]:
    """Draw the photo into ``image``; return the text, what the photo shows and its condition."""
    # Words and photo are drawn apart, so that a new phrase leaves every picture as it was.
    rng = Random(f"{seed} photo")
    product, colour = rng.choice(list(PRODUCTS)), rng.choice(list(COLOURS))
    text = write_text(
        case.phrase,
        product=product,
        colour=colour,
        positive=case.label == "positive",
        rng=Random(f"{seed} text"),
    )
    if case.damaged is None:
        shows, condition = rng.choice(list(VIEWS)), ""
        photo = photograph_view(shows, rng=rng)
    else:
        damage = rng.choice(list(DAMAGES)) if case.damaged else None
        shows, condition = product, damage or "intact"
        photo = photograph_product(product, colour=COLOURS[colour], damage=damage, rng=rng)
    photo.save(image, quality=88)
    return text, shows, condition
