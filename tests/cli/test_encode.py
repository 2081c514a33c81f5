"""Encoding ahead of training."""

import logging
from pathlib import Path

import pandas as pd
import pytest
from command_line import chiasm
from encoders.conftest import save_checkpoint


def test_what_was_encoded_once_is_taken_from_the_cache(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    encoder = save_checkpoint(tmp_path / "bert", "bert")
    texts = ["a cat sits", "the dog", "a cat sits", "red mat"]
    pd.DataFrame({"text": texts, "label": list("abab")}).to_csv(tmp_path / "rows.csv", index=False)
    command = ("encode", tmp_path / "rows.csv", "--text-encoder", encoder)
    with caplog.at_level(logging.INFO, logger="chiasm"):
        for told in ("3 encoded, 0 from the cache", "0 encoded, 3 from the cache"):
            caplog.clear()
            assert chiasm(*command) == 0
            assert told in caplog.text


def test_only_training_shares_its_work_among_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert chiasm("encode", tmp_path / "rows.csv") == 1
    assert "only chiasm train" in " ".join(capsys.readouterr().err.split())
