"""The rate of a client, by a clock that is given."""

import pytest
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from chiasm.serving.middleware.rate_limit import RateLimit


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize("jump", [-86_400.0, -1.0, 86_400.0])
def test_a_clock_that_jumps_makes_nobody_wait_longer(jump: float) -> None:
    now = 1e6
    client = TestClient(RateLimit(answer, per_minute=2, clock=lambda: now))
    assert [client.get("/v1/model").status_code for _ in range(3)] == [200, 200, 429]
    now += jump
    client.get("/v1/model")
    now += 30
    assert client.get("/v1/model").status_code == 200
