import json
import socket
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chiasm.cli.app import app
from chiasm.cli.serve import Access, Load, _settings
from chiasm.errors import ChiasmError
from chiasm.serving.admission import Admission
from chiasm.serving.serve import serve
from chiasm.serving.settings import ServerSettings

from .stand_in import StandIn

EVERYWHERE = "0.0.0.0"  # noqa: S104


def run(*arguments: object, **environment: str) -> str:
    """What goes wrong, in words."""
    done = CliRunner().invoke(app, ["serve", *map(str, arguments)], env=environment)
    assert isinstance(done.exception, ChiasmError), done.output
    return str(done.exception)


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ChiasmError, match=rf"port {port}.*--port"):
            serve(StandIn(), ServerSettings(port=port))


def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(ChiasmError, match="--host"):
        serve(StandIn(), ServerSettings(host="192.0.2.1", port=0))


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    assert "no model" in run(tmp_path)


def test_a_changed_export_is_refused(tmp_path: Path) -> None:
    (tmp_path / "fusion.onnx").write_bytes(b"changed")
    manifest = {"format": 1, "files": {"fusion.onnx": "0" * 64}, "fusion": "fusion.onnx"}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    assert str(tmp_path) in run(tmp_path)


@pytest.mark.parametrize("keys", ["", "\n \n", "short\n", "a-key-that-is-långt-nog\n"])
def test_keys_that_are_none_or_weak_are_refused(tmp_path: Path, keys: str) -> None:
    file = tmp_path / "keys.txt"
    file.write_text(keys, encoding="utf-8")
    assert "key" in run(tmp_path, "--api-key-file", file)


@pytest.mark.parametrize("key", ["", " ", "\n", "\t\n"])
def test_a_blank_key_in_the_environment_does_not_open_the_server(tmp_path: Path, key: str) -> None:
    told = run(tmp_path, CHIASM_API_KEY=key)
    assert "CHIASM_API_KEY" in told
    assert "--no-key" in told


def test_no_key_and_a_key_cannot_both_be_meant(tmp_path: Path) -> None:
    assert "--no-key" in run(tmp_path, "--no-key", CHIASM_API_KEY="a-key-that-is-long-enough")
    assert "no model" in run(tmp_path, "--no-key", CHIASM_API_KEY="")


@pytest.mark.parametrize(
    ("settings", "warned"),
    [
        ({"host": EVERYWHERE}, True),
        ({"host": EVERYWHERE, "open": True}, False),
        ({"host": EVERYWHERE, "keys": ("a-key-that-is-long-enough",)}, False),
        ({"host": "127.0.0.1"}, False),
        ({"host": "localhost"}, False),
    ],
)
def test_listening_beyond_this_machine_without_a_key_is_warned_of(
    settings: dict[str, Any], warned: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        # It is told before the port is listened on, which here fails.
        port = taken.getsockname()[1]
        with pytest.raises(ChiasmError):
            serve(StandIn(), ServerSettings(port=port, **settings))
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [line["level"] for line in lines if "API key" in line["event"]] == ["warning"] * warned


def test_a_weak_key_in_the_environment_is_refused_too(tmp_path: Path) -> None:
    assert "16" in run(tmp_path, CHIASM_API_KEY="short")
    assert "no-such-file" in run(tmp_path, "--api-key-file", tmp_path / "no-such-file")


def test_the_help_teaches_a_request() -> None:
    done = CliRunner().invoke(app, ["serve", "--help"], env={"COLUMNS": "200"})
    assert done.exit_code == 0
    assert "curl" in done.output


def test_a_body_as_large_as_allowed_is_let_in() -> None:
    for mebibytes in (16.0, 100.0):
        limits = _settings(Access(), Load(max_body=mebibytes), "127.0.0.1", 0).limits
        with Admission(limits).hold("a") as held:
            for size in (limits.body_bytes // 2, limits.body_bytes):
                held.size = size
            assert held.size == mebibytes * (1 << 20)
