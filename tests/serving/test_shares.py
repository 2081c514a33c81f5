"""What one client does never keeps another out."""

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiasm.serving.admission import Admission
from chiasm.serving.answer_lines import answer_lines
from chiasm.serving.client import client_of
from chiasm.serving.limits import Limits
from chiasm.serving.problem import HTTPProblem
from chiasm.serving.read_lines import Line, read_lines
from chiasm.serving.serve import uvicorn_config
from chiasm.serving.settings import ServerSettings
from chiasm.serving.shares import Shares

from .stand_in import StandIn

CLIENTS = st.sampled_from("abcd")


@given(st.integers(1, 50), st.lists(st.tuples(CLIENTS, st.integers(1, 10)), max_size=60))
def test_no_more_is_given_than_there_is_and_all_comes_back(
    most: int, asked: list[tuple[str, int]]
) -> None:
    shares, given_out = Shares(most), []
    for client, number in asked:
        if shares.take(client, number):
            given_out.append((client, number))
        assert shares.taken == sum(number for _, number in given_out) <= most
    for client, number in given_out:
        shares.give_back(client, number)
    assert shares.taken == 0
    assert shares.take("e", most)


@pytest.mark.parametrize("most", [8, 100, 1000])
def test_a_client_alone_has_most_and_leaves_a_quarter(most: int) -> None:
    shares = Shares(most)
    while shares.take("greedy", 1):
        pass
    assert 0.7 * most <= shares.taken <= 0.8 * most
    assert shares.take("other", 1)
    assert not shares.take("greedy", 1)


def test_the_networks_of_providers_are_one_client_each() -> None:
    assert (
        client_of("2001:db8:1:2::1")
        == client_of("2001:db8:1:2:ffff::9")
        != client_of("2001:db8:1:3::1")
    )
    assert client_of("::ffff:192.0.2.1") == client_of("192.0.2.1") != client_of("192.0.2.2")
    assert client_of("testclient") == "testclient"


def test_what_is_held_counts_as_it_arrives() -> None:
    admission = Admission(Limits(waiting_bytes=100))
    with admission.hold("a") as held:
        assert (admission.rows, admission.bytes) == (0, 0)
        held.size = 60
        assert admission.bytes == 60
        with pytest.raises(HTTPProblem):
            held.size = 99
        with admission.hold("b") as other:
            other.size = 10
        held.size = 20
        assert admission.bytes == 20
    assert (admission.rows, admission.bytes) == (0, 0)
    with admission.admit("a"):
        assert admission.rows == 1
    assert admission.is_open


def test_rows_of_batches_leave_half_to_single_requests() -> None:
    admission = Admission(Limits(waiting_rows=8))

    async def enter(client: str) -> int:
        with admission.hold(client) as held:
            held.size = 1
            return await admission.enter_in_turn(client, held)

    async def run() -> None:
        entered = [asyncio.create_task(enter(client)) for client in "abcdabcd"]
        await asyncio.sleep(0.01)
        assert sum(task.done() for task in entered) == admission.rows <= 4
        with admission.admit("e"):
            pass
        for task, client in zip(entered, "abcdabcd", strict=True):
            admission.leave(client, await asyncio.wait_for(task, 5))

    asyncio.run(run())
    assert (admission.rows, admission.bytes) == (0, 0)


def test_a_line_that_waits_for_its_turn_is_counted_once() -> None:
    admission = Admission(Limits(waiting_rows=2, waiting_bytes=1000))

    async def body(*chunks: bytes) -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    async def answer(number: int, line: Line) -> bytes:
        assert (admission.rows, admission.bytes) == (1, 500)
        return bytes(line)[:1]

    async def batch() -> list[bytes]:
        with admission.hold("b") as held:
            lines = read_lines(body(b"b" * 300, b"b" * 200 + b"\n"), Limits(), held)
            answers = answer_lines(
                lines, answer, admission=admission, client="b", arriving=held, gone=never
            )
            return [one async for one in answers]

    async def never() -> bool:
        return False

    async def run() -> None:
        with admission.hold("a") as held:
            await admission.enter_in_turn("a", held)
        waiting = asyncio.create_task(batch())
        await asyncio.sleep(0.01)
        assert (admission.rows, admission.bytes) == (1, 500)
        with admission.hold("c") as held, pytest.raises(HTTPProblem):
            held.size = 600
        admission.leave("a", 0)
        assert await asyncio.wait_for(waiting, 5) == [b"b"]

    asyncio.run(run())
    assert (admission.rows, admission.bytes) == (0, 0)


def test_small_lines_wait_for_bytes_and_hold_none_meanwhile() -> None:
    admission = Admission(Limits(waiting_bytes=100))

    async def run() -> None:
        with admission.hold("a") as full, admission.hold("b") as held:
            full.size = 95
            waiting = asyncio.create_task(held.hold_in_turn(10))
            await asyncio.sleep(0.01)
            assert (waiting.done(), admission.bytes) == (False, 95)
            full.size = 50
            await asyncio.wait_for(waiting, 5)
            assert admission.bytes == 60
            with pytest.raises(HTTPProblem):  # part of it is held
                await held.hold_in_turn(90)
        with admission.hold("c") as held, pytest.raises(HTTPProblem):  # more than there ever is
            await held.hold_in_turn(101)

    asyncio.run(run())
    assert admission.bytes == 0


@pytest.mark.parametrize(
    ("peer", "forwarded", "others"),
    [
        # Of the proxy that the server is behind, the last address that it saw itself counts.
        ("10.0.0.9", "192.0.2.1", "192.0.2.2"),
        ("10.0.0.9", "203.0.113.5, 192.0.2.1", "203.0.113.5, 192.0.2.2"),
        ("10.0.0.9", "2001:db8:1:2::1", "2001:db8:1:3::1"),
    ],
)
def test_behind_a_proxy_each_of_its_clients_has_a_share(
    peer: str, forwarded: str, others: str
) -> None:
    ask = asked_from(peer)
    assert [ask(forwarded) for _ in range(3)] == [200, 200, 429]
    assert ask(others) == 200


def test_who_is_no_proxy_of_the_server_cannot_be_many_clients() -> None:
    ask = asked_from("198.51.100.7")
    assert [ask(f"192.0.2.{number}") for number in range(4)] == [200, 200, 429, 429]


def test_the_networks_behind_a_proxy_are_one_client_each() -> None:
    ask = asked_from("10.0.0.9")
    found = [ask(f"2001:db8:1:2::{number}") for number in range(1, 5)]
    assert found == [200, 200, 429, 429]


def asked_from(peer: str) -> Callable[[str], int]:
    """The status of a request to a server behind 10.0.0.9 that allows two a minute."""
    settings = ServerSettings(hosts=("testserver",), proxies=("10.0.0.9",), per_minute=2)
    config = uvicorn_config(StandIn(), settings)
    config.load()
    transport = httpx.ASGITransport(app=config.loaded_app, client=(peer, 1234))

    async def ask(forwarded: str) -> int:
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            answer = await client.get("/v1/model", headers={"X-Forwarded-For": forwarded})
            return answer.status_code

    return lambda forwarded: asyncio.run(ask(forwarded))
