"""The ``chiasm`` command.

The modules of the commands import what is heavy (torch, transformers) inside the command, so that
``--help`` answers at once.
"""

import io
import logging
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Annotated, Any

import typer
import typer.rich_utils
from typer.core import TyperGroup

from chiasm import __version__
from chiasm.cli.cache import cache
from chiasm.cli.check import check
from chiasm.cli.compare import compare
from chiasm.cli.encode import encode
from chiasm.cli.evaluate import evaluate
from chiasm.cli.explain import explain
from chiasm.cli.export import export
from chiasm.cli.mild_stderr import mild_stderr
from chiasm.cli.option_names import OptionFormatter, name_options
from chiasm.cli.predict import predict
from chiasm.cli.process import set_environment
from chiasm.cli.recipes import recipes
from chiasm.cli.sample import sample
from chiasm.cli.screen import is_silent, notes
from chiasm.cli.serve import serve
from chiasm.cli.system_errors import is_out_of_memory, tell_disk_error
from chiasm.cli.train import train
from chiasm.cli.tune import tune
from chiasm.errors import ChiasmError, TrainingStopped
from chiasm.utils.extras import needs_whole
from chiasm.utils.malloc import keep_freed_memory
from chiasm.utils.terminal import Terminal

_INTERRUPTED = 130
_TRAINING = ("train", "tune", "compare")


class _Commands(TyperGroup):
    """Says in words what a command needs that is not installed."""

    def invoke(self, ctx: Any) -> Any:
        with needs_whole():
            return super().invoke(ctx)


app = typer.Typer(
    cls=_Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
_COMMANDS = (
    check,
    compare,
    train,
    tune,
    evaluate,
    predict,
    encode,
    explain,
    export,
    serve,
    recipes,
    sample,
)
for command in _COMMANDS:
    app.command()(command)
app.add_typer(cache, name="cache")


def _show_version(wanted: bool) -> None:
    if wanted:
        print(__version__)  # noqa: T201
        raise typer.Exit


@app.callback()
def main(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="The version.")
    ] = False,
) -> None:
    """Train, evaluate, explain and serve models over text, images and audio.

    Start with: chiasm sample reviews reviews, chiasm check reviews/reviews.csv,
    chiasm compare reviews/reviews.csv --out comparison
    """
    if context.invoked_subcommand in _TRAINING:
        keep_freed_memory()
    processes = os.environ.get("WORLD_SIZE", "1")
    if processes != "1" and context.invoked_subcommand != "train":
        raise ChiasmError(
            f"torchrun started chiasm {context.invoked_subcommand} in {processes} processes, but "
            "only chiasm train shares its work among them. Start it without torchrun."
        )


def run(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; a user's error is told in words, without a traceback."""
    set_environment()
    logging.getLogger("chiasm").setLevel(logging.ERROR if is_silent else logging.INFO)
    mild_stderr()
    _show_safely()
    try:
        app(arguments)
    except TrainingStopped as stopped:
        notes.print(str(stopped))
        sys.exit(_INTERRUPTED)
    except ChiasmError as error:
        _fail(str(error))
    except OSError as error:
        _fail(tell_disk_error(error))
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        _fail(
            "There is not enough memory for this. Close other programs, give the data in parts, or "
            "choose smaller encoders or a smaller `batch_size`; what was encoded is kept."
        )


def _show_safely() -> None:
    """Have nothing reach the terminal that it would take for a command, or could not show."""
    logging.basicConfig(level=logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(OptionFormatter("%(message)s"))
    logging.captureWarnings(True)
    # What it finds odd in an image it says of each tag; what matters is told of the row.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    typer.rich_utils.Console = Terminal  # type: ignore[attr-defined]
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _fail(reason: str) -> None:
    errors = Terminal(stderr=True)
    errors.print("Error:", style="bold red", end=" ")
    errors.print(name_options(reason), highlight=False)
    sys.exit(1)
