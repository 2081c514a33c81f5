import io
import json
from pathlib import Path

import numpy as np
import pytest
from model.letters import make_model, make_table
from rich.console import Console

from chiasm.encoders.features.cache import FeatureCache
from chiasm.errors import DataError
from chiasm.explanation.faithfulness.audit import RANDOM, Audit, audit
from chiasm.explanation.faithfulness.curves import STEPS, curves
from chiasm.explanation.faithfulness.files import write_audit
from chiasm.explanation.faithfulness.naming import deciding_modalities, name_modalities
from chiasm.explanation.faithfulness.tables import audit_tables
from chiasm.model.dataset import encode_table
from chiasm.model.logits import predict_probabilities

TEXTS = [f"{'abc' * (i % 4)}{i}{i}" for i in range(30)]
IMAGES = [None if i % 3 == 0 else f"image {i}".encode() for i in range(30)]


@pytest.fixture(scope="module")
def audited() -> Audit:
    table = make_table(text=TEXTS, image=IMAGES)
    return audit(make_model(), table, rows=24, cache=None)


def test_curves_begin_and_end_with_all_and_none_of_the_tokens() -> None:
    model = make_model()
    rows = encode_table(make_table(text=TEXTS, image=IMAGES), model.encoders, cache=None)
    none = encode_table(make_table(text=[None] * 30, image=IMAGES), model.encoders, cache=None)
    chosen = np.arange(30) % 3
    random = np.random.default_rng(0)
    found = curves(model, rows, "text", [random.random(len(t)) for t in TEXTS], target=chosen)
    whole = predict_probabilities(model, rows).numpy()[np.arange(30), chosen]
    without = predict_probabilities(model, none).numpy()[np.arange(30), chosen]
    assert found.deletion.shape == found.insertion.shape == (30, STEPS + 1)
    np.testing.assert_allclose(found.deletion[:, 0], whole, atol=1e-6)
    np.testing.assert_allclose(found.deletion[:, -1], without, atol=1e-6)
    np.testing.assert_allclose(found.insertion[:, 0], without, atol=1e-6)
    np.testing.assert_allclose(found.insertion[:, -1], whole, atol=1e-6)


def test_tokens_go_in_the_order_of_their_scores() -> None:
    model = make_model()
    rows = encode_table(make_table(text=["ab"], image=[b"x"]), model.encoders, cache=None)
    chosen = np.array([1])
    a_first, b_first = (
        curves(model, rows, "text", [np.array(scores)], target=chosen)
        for scores in ([2.0, 1.0], [1.0, 2.0])
    )
    # Half of two tokens removed in one order is half of them given in the other.
    middle = STEPS // 2
    assert a_first.deletion[0, middle] == pytest.approx(b_first.insertion[0, middle])
    assert a_first.deletion[0, middle] != pytest.approx(b_first.deletion[0, middle], abs=1e-4)


def test_the_area_of_a_straight_line_is_its_middle() -> None:
    from chiasm.explanation.faithfulness.curves import Curves

    line = np.linspace(1, 0.5, STEPS + 1)[None]
    assert Curves(line, line).deletion_area == pytest.approx(0.75)


def test_occlusion_beats_random_order_on_its_own_model(audited: Audit) -> None:
    (own,) = (t for t in audited.tested if (t.modality, t.method) == ("text", "occlusion"))
    assert own.deletion.gain > 0
    assert own.insertion.gain > 0
    assert own.deletion.interval.low <= own.deletion.gain <= own.deletion.interval.high


def test_random_order_gains_nothing_over_itself(audited: Audit) -> None:
    for one in audited.tested:
        if one.method == RANDOM:
            assert one.deletion.gain == one.insertion.gain == 0
            assert not one.deletion.is_better
    assert RANDOM not in audited.finding


def test_only_rows_that_have_the_modality_are_tested_on_it(audited: Audit) -> None:
    counts = {one.modality: one.rows for one in audited.tested}
    assert audited.rows == counts["text"] == 24
    assert 2 <= counts["image"] < 24


def test_the_same_seed_gives_the_same_audit(audited: Audit) -> None:
    again = audit(make_model(), make_table(text=TEXTS, image=IMAGES), rows=24, cache=None)
    assert again == audited


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(DataError, match="fewer than two"):
        audit(make_model(), make_table(text=["a", None]), rows=10, cache=None)


def test_rows_that_are_mostly_duplicates_are_refused_before_anything_is_encoded() -> None:
    # As of questions about images, where the same question is asked of each.
    table = make_table(text=["the same question"] * 30, image=[b"%d" % i for i in range(30)])
    model = make_model()
    with pytest.raises(DataError, match=r"30 of 30 usable rows .* `group_by`"):
        audit(model, table, rows=24, cache=FeatureCache(Path("/dev/null/no cache")))
    assert audit(model, table, rows=24, group_by=("image",), cache=None).rows == 24


def test_an_audit_is_shown_and_written(audited: Audit, tmp_path: Path) -> None:
    write_audit(audited, tmp_path / "audit")
    written = json.loads((tmp_path / "audit" / "audit.json").read_text(encoding="utf-8"))
    assert written["finding"] == audited.finding
    assert len(written["tested"]) == len(audited.tested)
    assert (tmp_path / "audit" / "audit.png").stat().st_size > 10_000
    tables = (tmp_path / "audit" / "audit.md").read_text(encoding="utf-8")
    console = Console(file=io.StringIO(), width=80)
    for text_table in audit_tables(audited):
        console.print(text_table.grid())
    shown = console.file.getvalue()
    assert max(map(len, shown.splitlines())) <= 80
    for method in {one.method for one in audited.tested}:
        lines = [line for line in shown.splitlines() if line.strip().startswith(method)]
        assert len(lines) == tables.count(f"| {method} |") == 4


def test_the_deciding_modality_is_read_from_the_truth_beside_the_data(tmp_path: Path) -> None:
    table = make_table(text=["a", "b", "c", "d"])
    object.__setattr__(table, "source", str(tmp_path / "reviews.csv"))
    assert deciding_modalities(table) == [None] * 4
    (tmp_path / "truth.csv").write_text(
        "id,decided_by\nr0,text\nr1,picture\nr2,text+picture\n", encoding="utf-8"
    )
    assert deciding_modalities(table) == ["text", "image", None, None]


def test_naming_is_counted_over_the_rows_that_one_modality_decides() -> None:
    totals = {
        "right": {"text": np.array([3.0, 0, 0]), "image": np.array([1.0, 1, 1])},
        "half": {"text": np.array([3.0, 9, 9]), "image": np.array([1.0, 1, 1])},
    }
    naming = name_modalities(["text", "image", None], totals)
    assert naming is not None
    assert (naming.rows, naming.shares) == (2, {"right": 1.0, "half": 0.5})
    assert name_modalities([None, None, None], totals) is None
