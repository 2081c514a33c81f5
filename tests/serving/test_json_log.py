"""What reaches stderr, and what does not; and that nothing waits for it."""

import fcntl
import json
import logging
import os
import resource
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from chiasm.serving.json_log import JsonFormatter, json_log
from chiasm.serving.log_writer import LEFT_OUT, LogWriter

from .process import served

SECRET = "words of a user"  # noqa: S105
_HERE = Path(__file__).parent


def test_whatever_is_written_to_stderr_becomes_a_json_object(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with json_log():
        os.write(2, SECRET.encode() + b"\n\x1b]0;title\x07")
        subprocess.run([sys.executable, "-c", f"import os; os.write(2, b'{SECRET}')"], check=True)
        warnings.warn(SECRET, stacklevel=1)
        logging.getLogger("asyncio").error("an event\nfuture: <Task %s>", SECRET)
        logging.getLogger("chiasm").info("an event of ours")
        time.sleep(0.2)
    os.write(2, b"afterwards\n")
    *lines, last = capfd.readouterr().err.splitlines()
    events = [json.loads(line)["event"] for line in lines]
    assert {"a library wrote to stderr", "an event", "an event of ours"} < set(events)
    assert any(event.startswith("a library warned: UserWarning") for event in events)
    assert SECRET not in "".join(lines)
    assert last == "afterwards"


def test_warnings_with_ever_new_texts_are_not_remembered() -> None:
    registry: dict[object, object] = {}
    with json_log():
        for size in range(50):
            warnings.warn_explicit(f"{size} pixels", UserWarning, "a.py", 1, registry=registry)
    assert len(registry) < 3


def test_warnings_that_say_the_same_are_written_ten_times_and_counted(
    capfd: pytest.CaptureFixture[str],
) -> None:
    before = left_out()
    with json_log():
        for number in range(1_000):
            logging.getLogger("chiasm").warning("again", extra={"fields": {"number": number}})
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == ["again"] * 10 + ["lines of log were left out"]
    assert lines[-1]["lines"] == left_out() - before == 990


def test_a_line_that_a_full_descriptor_cut_is_ended_once_there_is_room() -> None:
    before = left_out()
    source, sink = os.pipe()
    fcntl.fcntl(sink, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(sink, False)
    writer = LogWriter(sink)
    writer.setFormatter(JsonFormatter())
    for number in range(100):
        writer.handle(info("x" * (100 + number)))
    time.sleep(0.5)
    first = os.read(source, 1 << 16)
    writer.handle(info("there is room"))
    writer.close()
    os.close(sink)
    lines = [json.loads(line) for line in (first + os.read(source, 1 << 16)).splitlines()]
    assert not first.endswith(b"\n")
    assert "there is room" in [line["event"] for line in lines]
    written = sum("xxx" in line["event"] for line in lines)
    assert lines[-1]["lines"] == left_out() - before >= 100 - written > 0


def test_a_log_file_that_is_copied_and_cut_goes_on_at_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb") as file:
        writer = LogWriter(file.fileno())
        writer.setFormatter(JsonFormatter())
        writer.handle(info("before"))
        until = time.monotonic() + 10
        while not path.stat().st_size:
            assert time.monotonic() < until
        os.truncate(path, 0)
        writer.handle(info("after"))
        writer.close()
    assert json.loads(path.read_bytes())["event"] == "after"


def test_a_reader_of_the_log_that_stalls_stops_neither_answers_nor_the_end() -> None:
    source, sink = os.pipe()
    fcntl.fcntl(sink, fcntl.F_SETPIPE_SZ, 4096)
    with started(stderr=sink) as (process, url):
        with httpx.Client(timeout=5) as client:
            for _ in range(100):
                assert client.post(f"{url}/v1/predict", json={"text": "good"}).status_code == 200
            assert client.get(f"{url}/readyz").status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=15) == 0
    os.close(source)
    os.close(sink)


@pytest.mark.parametrize("kind", ["full", "closed", "nobody reads"])
def test_a_log_that_cannot_be_written_stops_nothing(kind: str) -> None:
    with ExitStack() as stack:
        if kind == "nobody reads":
            source, stderr = os.pipe()
            os.close(source)
        else:
            stderr = os.open("/dev/full", os.O_WRONLY)
        stack.callback(os.close, stderr)
        process, url = stack.enter_context(started(stderr=stderr, closed=kind == "closed"))
        for _ in range(5):
            answer = httpx.post(f"{url}/v1/predict", json={"text": "good"}, timeout=10)
            assert answer.status_code == 200
        metrics = httpx.get(f"{url}/metrics").text
        assert ("chiasm_log_lines_left_out_total 0.0" in metrics) == (kind == "closed")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=15) == 0


def test_connections_beyond_the_descriptors_are_told_once_a_second_and_taken_later() -> None:
    with served() as server:
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (40, 40))
        host, port = server.url.removeprefix("http://").split(":")
        with ExitStack() as idle:
            for _ in range(60):
                idle.enter_context(socket.create_connection((host, int(port)), timeout=5))
            time.sleep(1.5)
        assert httpx.get(f"{server.url}/healthz", timeout=10).text == "ok"
        assert server.stop() == 0
    told = [line for line in server.log if "out of system resource" in str(line["event"])]
    assert 1 <= len(told) <= 5


@contextmanager
def started(
    *, stderr: int, closed: bool = False
) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    """The stand-in, whose log cannot tell its port."""
    with socket.create_server(("127.0.0.1", 0)) as any_port:
        port = any_port.getsockname()[1]
    command = [sys.executable, str(_HERE / "run_stand_in.py"), "0", str(port), "20", "30"]
    if closed:
        command = ["sh", "-c", 'exec "$@" 2>&-', "sh", *command]
    environment = {**os.environ, "PYTHONPATH": str(_HERE.parents[1] / "src")}
    process = subprocess.Popen(command, stderr=stderr, env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 30
        while True:
            try:
                httpx.get(f"{url}/healthz", timeout=5)
                break
            except httpx.ConnectError:
                assert time.monotonic() < until
                assert process.poll() is None
                time.sleep(0.1)
        yield process, url
    finally:
        process.kill()
        process.wait()


def info(event: str) -> logging.LogRecord:
    return logging.LogRecord("chiasm", logging.INFO, __file__, 1, event, None, None)


def left_out() -> float:
    (family,) = LEFT_OUT.collect()
    return next(s.value for s in family.samples if s.name.endswith("_total"))
