"""The example in the docstring of every module gives what it says."""

import doctest

import pytest
import torch

from chiasm import nn
from chiasm.fusion.build import FusionConfig


@pytest.mark.parametrize("name", nn.__all__)
def test_the_example_of_the_docstring_runs(name: str) -> None:
    names = {"torch": torch, "FusionConfig": FusionConfig} | vars(nn)
    (example,) = doctest.DocTestFinder(recurse=False).find(getattr(nn, name), name, globs=names)
    assert example.examples
    assert doctest.DocTestRunner().run(example).failed == 0
