"""The server as a process: how it starts, and how it ends."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import urlsplit

import httpx
import pytest

from .process import Served, served

ROW = b'{"text": "good"}'
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served() as server:
        yield server


def test_sigterm_loses_nothing_that_was_accepted() -> None:
    with served(seconds=1.0) as server, httpx.Client(timeout=30) as client:
        with ThreadPoolExecutor(12) as pool:
            waiting = [
                pool.submit(client.post, f"{server.url}/v1/predict", content=ROW, headers=JSON)
                for _ in range(12)
            ]
            wait_for_rows(server.url, 12)
            assert server.stop() == 0
        assert [f.result().status_code for f in waiting] == [200] * 12
    answered = [line for line in server.log if line.get("route") == "/v1/predict"]
    assert [line["status"] for line in answered] == [200] * 12


def test_clients_that_go_on_asking_through_sigterm_lose_nothing() -> None:
    """A request ends in an answer, or in a connection that was never taken."""
    lost: list[str] = []
    answered: list[int] = []

    def go_on(url: str) -> None:
        with httpx.Client(timeout=30) as client, suppress(httpx.ConnectError):
            try:
                while True:
                    answer = client.post(f"{url}/v1/predict", content=ROW, headers=JSON)
                    answered.append(answer.status_code)
            except (httpx.ReadError, httpx.RemoteProtocolError, httpx.TimeoutException) as error:
                lost.append(repr(error))

    with served(seconds=0.02) as server:
        clients = [threading.Thread(target=go_on, args=(server.url,)) for _ in range(8)]
        for client in clients:
            client.start()
        time.sleep(1)
        assert server.stop() == 0
        for client in clients:
            client.join(20)
    assert set(answered) == {200}
    assert len(answered) > 20
    assert not lost


def test_a_batch_that_was_begun_is_finished() -> None:
    with served(seconds=0.1) as server, ThreadPoolExecutor(1) as pool:
        lines = b"\n".join([ROW] * 40)
        headers = {"Content-Type": "application/jsonl"}
        batch = pool.submit(
            httpx.post, f"{server.url}/v1/batch", content=lines, headers=headers, timeout=30
        )
        wait_for_rows(server.url, 40)
        assert server.stop() == 0
        assert len(batch.result().text.splitlines()) == 40


@pytest.mark.parametrize(
    "request_",
    [
        b"\x00\xff\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        b"GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET http://elsewhere/ HTTP/1.1\r\nHost: elsewhere\r\nConnection: close\r\n\r\n",
        b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
        b"Content-Length: 3\r\n\r\nzz\r\n",
    ],
)
def test_what_is_hardly_http_is_refused(server: Served, request_: bytes) -> None:
    where = urlsplit(server.url)
    with socket.create_connection((where.hostname, where.port), timeout=10) as stream:
        stream.sendall(request_)
        status = stream.recv(100).split(b" ")[1]
    assert status.startswith(b"4")
    assert httpx.get(f"{server.url}/healthz").text == "ok"


def wait_for_rows(url: str, rows: int) -> None:
    """Until so many rows wait for their answers."""
    until = time.monotonic() + 20
    with httpx.Client() as client:
        while f"chiasm_waiting_rows {rows}.0\n" not in client.get(f"{url}/metrics").text:
            assert time.monotonic() < until, "the rows never waited"
            time.sleep(0.01)


ASK = b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def test_a_request_with_two_lengths_ends_its_connection(server: Served) -> None:
    smuggled = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    lengths = b"Content-Length: 16\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = exchange(server, ASK + lengths + b"10\r\n" + ROW + b"\r\n0\r\n\r\n" + smuggled)
    assert statuses(answer) == [b"400"]
    assert b"not both" in answer


@pytest.mark.parametrize("kibibytes", [15, 17, 60, 2_000])
@pytest.mark.parametrize("headers", [1, 100])
def test_a_head_beyond_16_kib_is_refused_however_it_arrives(
    server: Served, kibibytes: int, headers: int
) -> None:
    size = (kibibytes << 10) // headers - 10
    lines = b"".join(b"X-%03d: %s\r\n" % (n, b"a" * size) for n in range(headers))
    answer = exchange(server, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + lines + b"\r\n")
    assert statuses(answer) == [b"200" if kibibytes < 16 else b"431"]


@pytest.mark.parametrize("requests", [1, 3])
def test_a_client_that_has_finished_sending_gets_its_answers(server: Served, requests: int) -> None:
    one = ASK + b"Content-Length: %d\r\n\r\n" % len(ROW) + ROW
    answer = exchange(server, one * requests)
    assert statuses(answer) == [b"200"] * requests


def test_a_client_that_stops_amid_its_request_is_let_go(server: Served) -> None:
    assert exchange(server, ASK + b"Content-Length: 100\r\n\r\n" + ROW) == b""


def test_what_is_no_chunk_after_an_answer_has_begun_fails_nothing(server: Served) -> None:
    early = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    where = urlsplit(server.url)
    with socket.create_connection((where.hostname, where.port), timeout=10) as stream:
        stream.sendall(early)
        answer = stream.recv(1 << 16)
        stream.sendall(b"zz\r\n")
        answer += b"".join(iter(lambda: stream.recv(1 << 16), b""))
    assert statuses(answer) == [b"200"]
    assert httpx.get(f"{server.url}/healthz").text == "ok"
    assert not [line for line in server.log if line["level"] == "error"]


def exchange(server: Served, request: bytes) -> bytes:
    """All that is answered to a client that says when it has finished."""
    where = urlsplit(server.url)
    with socket.create_connection((where.hostname, where.port), timeout=10) as stream:
        with suppress(ConnectionError):  # refused before all was sent
            stream.sendall(request)
            stream.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: stream.recv(1 << 16), b""))


def statuses(answer: bytes) -> list[bytes]:
    return re.findall(rb"HTTP/1.1 (\d+)", answer)


def test_what_still_computes_is_not_waited_for_beyond_the_grace() -> None:
    with served(seconds=60, grace=2) as server, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(
            httpx.post, f"{server.url}/v1/predict", json={"text": "good"}, timeout=20
        )
        time.sleep(1)
        started = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - started < 4
        answer = asked.result()
    assert answer.status_code == 503
    assert "being stopped" in answer.json()["detail"]
