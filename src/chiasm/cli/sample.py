"""The command ``chiasm sample``."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from chiasm.cli.screen import results
from chiasm.cli.writes_alone import writes_alone


@writes_alone
def sample(
    name: Annotated[
        Literal["audiovisual", "reviews", "vqa"],
        typer.Argument(
            help="reviews (texts, photos), audiovisual (images, audio, texts): generated, with "
            "known truth; vqa: easy-VQA."
        ),
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new or empty folder.")],
) -> None:
    """Write sample data to try things on.

    Example: chiasm sample reviews reviews
    """
    from chiasm.samples import SAMPLES

    results.print(f"{SAMPLES[name](out)}", highlight=False)
