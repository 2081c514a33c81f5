"""named_inputs: the files and folders that the arguments of a command name to be read."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

# What chiasm train and chiasm export write; predictions may lie in the same folder.
_OF_A_MODEL = (
    *("config.json", "model.safetensors", "README.md", "run.json"),
    *("manifest.json", "*.onnx", "tokenizer-*.json"),
)


def named_inputs(given: Mapping[str, Any]) -> Iterator[Path]:
    """Model, data, background rows and recipe of a command, as far as it has them."""
    if model := given.get("model"):
        yield model
        yield from (file for pattern in _OF_A_MODEL for file in model.glob(pattern))
    yield from (path for name in ("data", "training") if (path := given.get(name)))
    for settings in (given.get("settings"), given.get("encoders")):
        if settings is not None and settings.recipe:
            yield Path(settings.recipe)
