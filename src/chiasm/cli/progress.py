"""progress_bar: how far the trainings of a command are."""

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from chiasm.cli.screen import notes


def progress_bar(verb: str) -> Progress:
    """A bar named ``verb``, with the description of its task behind it."""
    return Progress(
        TextColumn(verb, markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
        console=notes,
    )
