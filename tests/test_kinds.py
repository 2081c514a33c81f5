"""Below the readers a modality is a name with a kind, and code asks for the kind."""

import ast
from collections.abc import Iterator
from pathlib import Path

import chiasm
from chiasm.data.media.kinds import KINDS

SOURCE = Path(chiasm.__file__).parent
WORDS = set(KINDS) - {"vector"}
# Where a name may be asked for, and why.
ALLOWED = {
    "data/readers": "finds the columns, and says which modalities there are",
    "encoders/defaults.py": "has the encoder of each kind",
    "estimators/classifier.py": "has an argument for the encoder of each kind",
    "explanation/faithfulness/naming.py": "reads the truth of generated reviews, by their names",
    "nn": "takes tensors by the names of its arguments",
    "samples": "writes data with these names",
    "serving/openapi.py": "describes the fields of a request",
    "serving/parse_row.py": "takes the fields of a request",
}


def has_word(node: ast.AST) -> bool:
    """Whether it is one of the words, or a collection that holds one."""
    if isinstance(node, ast.Dict):
        return any(key is not None and has_word(key) for key in node.keys)
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return any(map(has_word, node.elts))
    return isinstance(node, ast.Constant) and node.value in WORDS


def pairs(node: ast.AST) -> Iterator[tuple[ast.AST, ...]]:
    """What is compared with each other, looked up in one another, or called so."""
    if isinstance(node, ast.Compare):
        yield node.left, *node.comparators
    if isinstance(node, ast.Subscript):
        yield node.value, node.slice
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        yield from ((node.func.value, node.func, argument) for argument in node.args[:1])
    if isinstance(node, ast.Assign):
        yield from ((node.value, target) for target in node.targets)


def asks_for_a_name(source: str) -> list[str]:
    return [
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        for pair in pairs(node)
        if any(map(has_word, pair))
        and not any("kind" in ast.unparse(one).lower() for one in pair if not has_word(one))
        and ast.unparse(pair[0]) not in ("Literal", "DEFAULT_ENCODERS")
    ]


def test_asking_for_a_name_is_found() -> None:
    for source in (
        'if modality == "text": pass',
        'if modality in ("text", "image"): pass',
        'if "audio" in model.modalities: pass',
        'texts = table.values["text"]',
        'texts = table.values.get("text", ())',
        'shown = {"text": str}.get(encoder.modality)',
        'shown = {"text": str}[encoder.modality]',
        'names = ("text", "image")',
        'names = {"text": "text", "picture": "image"}',
    ):
        assert asks_for_a_name(source), source
    for source in (
        'if kinds[modality] == "text": pass',
        'if "audio" in model.kinds.values(): pass',
        'shown = {"text": str}.get(encoder.kind)',
        'texts = table.of_kind("text")',
        'tunable: tuple[Kind, ...] = ("text", "image")',
    ):
        assert not asks_for_a_name(source), source


def test_no_module_below_the_readers_asks_for_the_name_of_a_modality() -> None:
    found = {
        path.relative_to(SOURCE).as_posix(): asked
        for path in SOURCE.rglob("*.py")
        if (asked := asks_for_a_name(path.read_text("utf-8")))
    }
    of_parts = {part: {p for p in found if f"{p}/".startswith(f"{part}/")} for part in ALLOWED}
    others = found.keys() - set().union(*of_parts.values())
    assert not others, {path: found[path] for path in others}
    assert all(of_parts.values()), "what is allowed is not done any more"
