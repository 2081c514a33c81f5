"""Where programs find the runtime that were written before ``chiasm.inference``."""

from chiasm.inference.runtime import Runtime, load_runtime

__all__ = ["Runtime", "load_runtime"]
