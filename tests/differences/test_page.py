"""The page of differences names tests and files that exist."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "differences.md").read_text(encoding="utf-8")
CITED = set(re.findall(r"(tests/[\w/]+\.py)::(\w+)", PAGE))


def find_tests(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    return {name for name in names if name.startswith("test_")}


def test_every_flaw_has_a_test() -> None:
    _, *flaws = re.split(r"^### ", PAGE, flags=re.MULTILINE)
    assert flaws
    assert [flaw.splitlines()[0] for flaw in flaws if "tests/" not in flaw] == []


def test_every_test_that_the_page_names_exists() -> None:
    assert {(file, name) for file, name in CITED if name not in find_tests(ROOT / file)} == set()


def test_every_difference_that_is_tested_here_is_on_the_page() -> None:
    here = [path for path in Path(__file__).parent.glob("test_*.py") if path != Path(__file__)]
    tested = {(str(path.relative_to(ROOT)), name) for path in here for name in find_tests(path)}
    assert tested - CITED == set()


def test_every_file_that_the_page_names_exists() -> None:
    named = re.findall(r"`(src/chiasm/[\w/-]+\.\w+)`", PAGE)
    assert named
    assert [path for path in named if not (ROOT / path).is_file()] == []
