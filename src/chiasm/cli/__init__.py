"""The command line."""

from chiasm.cli.app import app, run

__all__ = ["app", "run"]
