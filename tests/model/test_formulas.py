"""What a spreadsheet would run is shown, all else stays."""

import pytest

from chiasm.model.prediction_files import shown_formula


@pytest.mark.parametrize(
    "cell", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "=", "-a", "+-1"]
)
def test_what_would_be_run_gets_a_sign_in_front(cell: str) -> None:
    assert shown_formula(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "good", "-1", "+2.5", "-1e-5", "1=1", "'=1", None, -2.5, 3])
def test_all_else_stays(cell: object) -> None:
    assert shown_formula(cell) is cell
