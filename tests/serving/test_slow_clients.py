"""Clients that send or read slowly, or open many connections, harm nobody but themselves."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

import httpx
import pytest

from chiasm.serving.connection import MOST_CONNECTIONS, most_connections

from .process import Served, served

PATIENCE = 1.0
HEAD = b"POST /v1/%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json%s\r\n"
LONG = b"Content-Length: 16000000\r\n\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served(patience=PATIENCE) as server:
        yield server


def connect(server: Served, *, source: str = "127.0.0.2") -> socket.socket:
    address = urlsplit(server.url)
    connection = socket.socket()
    connection.settimeout(20)
    # The system would take in much that nobody reads.
    connection.bind((source, 0))
    connection.connect((address.hostname, address.port))
    return connection


def answer_of(connection: socket.socket) -> bytes:
    """All that comes until the server ends the connection."""
    got = b""
    with suppress(ConnectionError):
        while piece := connection.recv(1 << 16):
            got += piece
    return got


def predict(server: Served) -> int:
    return httpx.post(f"{server.url}/v1/predict", json={"text": "good"}, timeout=5).status_code


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"POST /v1/predict HT",
        HEAD % (b"predict", b""),
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nA: ",
    ],
)
def test_a_head_that_does_not_come_ends_the_connection(server: Served, begun: bytes) -> None:
    with connect(server) as connection:
        connection.sendall(begun)
        started = time.monotonic()
        assert answer_of(connection) == b""
        assert time.monotonic() - started < 4 * PATIENCE


def test_a_head_that_comes_byte_by_byte_ends_it_too(server: Served) -> None:
    with connect(server) as connection, suppress(ConnectionError):
        started = time.monotonic()
        while time.monotonic() - started < 10 * PATIENCE:
            connection.sendall(b"G")
            time.sleep(PATIENCE / 10)
    assert time.monotonic() - started < 5 * PATIENCE


@pytest.mark.parametrize("path", [b"predict", b"explain"])
def test_a_body_that_does_not_come_is_told(server: Served, path: bytes) -> None:
    with connect(server) as connection:
        connection.sendall(HEAD % (path, b"") + LONG + b"{")
        assert b"408" in connection.recv(1 << 16).partition(b"\r\n")[0]


def test_a_line_that_comes_byte_by_byte_is_told(server: Served) -> None:
    with connect(server) as connection:
        connection.sendall(HEAD % (b"batch", b"l") + LONG + b'{"text": "good"}\n')
        started = time.monotonic()
        with suppress(ConnectionError):
            while time.monotonic() - started < 3 * PATIENCE:
                connection.sendall(b"a")
                time.sleep(PATIENCE / 10)
        got = answer_of(connection)
    assert got.count(b'"line":') == 2
    assert b'"status":408' in got


def test_announced_bodies_keep_nobody_out(server: Served) -> None:
    with ExitStack() as stack:
        for _ in range(40):
            connection = stack.enter_context(connect(server))
            connection.sendall(HEAD % (b"predict", b"") + LONG + b"{")
        assert predict(server) == 200


def test_announced_bodies_of_many_addresses_are_no_rows_yet(server: Served) -> None:
    with ExitStack() as stack:
        for number in range(280):
            connection = stack.enter_context(connect(server, source=f"127.0.1.{number % 70 + 1}"))
            connection.sendall(HEAD % (b"predict", b"") + LONG + b"{")
        assert predict(server) == 200
        assert "chiasm_waiting_rows 0.0" in httpx.get(f"{server.url}/metrics").text


def test_the_unfinished_line_of_a_client_that_has_left_is_not_answered(server: Served) -> None:
    def predictions() -> list[str]:
        text = httpx.get(f"{server.url}/metrics").text
        return [line for line in text.splitlines() if "chiasm_predictions_total" in line]

    before = predictions()
    with connect(server) as connection:
        connection.sendall(HEAD % (b"batch", b"l") + LONG + b'{"text": "good"}')
        connection.recv(1)  # the batch has begun
    time.sleep(PATIENCE / 2)
    assert predictions() == before


def test_answers_that_are_not_read_end_the_connection(server: Served) -> None:
    lines = b'{"text": "good"}\n' * 9_000
    head = HEAD % (b"batch", b"l") + b"Content-Length: %d\r\n\r\n" % len(lines)
    with connect(server) as connection:
        # More than the system keeps for a connection, on either side.
        with suppress(ConnectionError, TimeoutError):
            for _ in range(12):
                connection.sendall(head + lines)
        until = time.monotonic() + 90
        while not holds_nothing(server):
            assert time.monotonic() < until
            time.sleep(PATIENCE)
        got = answer_of(connection)
    assert 0 < got.count(b'"line":') < 12 * 9_000
    assert predict(server) == 200


def holds_nothing(server: Served) -> bool:
    """Whether no row waits and no byte is kept: slow machines take a while to come so far."""
    held = httpx.get(f"{server.url}/metrics").text
    return "chiasm_waiting_rows 0.0" in held and "chiasm_held_bytes 0.0" in held


def test_connections_of_one_address_leave_some_to_others(server: Served) -> None:
    with ExitStack() as stack:
        for _ in range(MOST_CONNECTIONS):
            with suppress(ConnectionError):
                stack.enter_context(connect(server))
        assert predict(server) == 200
        with connect(server) as one_more:
            assert answer_of(one_more) == b""


def test_few_descriptors_mean_few_connections() -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, before[1]))
        assert most_connections() < 200
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_it_all_ends_with_status_0(server: Served) -> None:
    assert server.stop() == 0
