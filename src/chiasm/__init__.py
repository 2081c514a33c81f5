"""chiasm: classifiers over text and images, fused by cross-modal attention."""

from importlib.metadata import version

__version__ = version("chiasm")
