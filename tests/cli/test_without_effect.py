"""An option that has no effect beside others is refused before anything is read."""

import pytest
from typer.testing import CliRunner

from chiasm.cli.app import app
from chiasm.errors import ChiasmError


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("predict nowhere no.csv --out p.csv --address ray://there", "--address .* --engine ray"),
        ("encode no.csv --address ray://there", "--address .* --engine ray"),
        ("explain nowhere no.csv --audit --class good --out o", "--class .*not with --audit"),
        ("explain nowhere no.csv --audit --against bad --out o", "--against .*not with --audit"),
        ("explain nowhere no.csv --audit --training t.csv --out o", "--training .*not with"),
        ("explain nowhere no.csv --row a --rows 7 --out o", "--rows .* only with --audit"),
    ],
)
def test_an_option_without_effect_is_refused(arguments: str, told: str) -> None:
    done = CliRunner().invoke(app, arguments.split())
    assert isinstance(done.exception, ChiasmError), done.output
    with pytest.raises(ChiasmError, match=told):
        raise done.exception
