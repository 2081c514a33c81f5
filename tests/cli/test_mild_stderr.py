"""What is said about the work never stops it."""

import subprocess
import sys

import pytest

# A command that says something about its work in each way that there is.
RUN = """
import logging, sys
from chiasm.cli.app import app, run
from chiasm.cli.screen import notes, results

@app.command()
def work():
    notes.print("begun")
    logging.getLogger("chiasm").warning("goes on")
    print("still" if sys.stderr.isatty() else "going on", file=sys.stderr, flush=True)
    results.print("done")

run(["work"])
"""


@pytest.mark.parametrize("stderr", ["2>/dev/full", "2>&-", "2> >(exec true)"])
def test_a_command_goes_on_where_stderr_cannot_be_written(stderr: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f'exec "$@" {stderr}', "bash", sys.executable, "-c", RUN],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "done\n")
