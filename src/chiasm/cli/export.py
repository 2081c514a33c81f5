"""The command ``chiasm export``."""

from pathlib import Path
from typing import Annotated

import typer

from chiasm.cli.options import Model
from chiasm.cli.screen import notes
from chiasm.cli.writes_alone import writes_alone


@writes_alone
def export(
    model: Model,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="A new or empty folder, or an earlier export.")
    ],
    int8: Annotated[
        bool,
        typer.Option("--int8", help="Keep weights in 8 bits: smaller, and a little less exact."),
    ] = False,
) -> None:
    """Write a model as ONNX networks that predict and are served without PyTorch.

    Example: chiasm export model --out exported
    """
    from chiasm.exporting import folder
    from chiasm.model.storage import load_model

    folder.export(load_model(model), out, int8=int8)
    size = sum(path.stat().st_size for path in out.iterdir())
    notes.print(f"{out}: {size / 1e6:,.0f} MB, checked against the model", highlight=False)
