"""What becomes of requests that do not end by themselves."""

import asyncio

import pytest
from starlette.types import Message, Receive, Scope, Send

from chiasm.serving.metrics import ServerMetrics
from chiasm.serving.middleware.record import Record


@pytest.mark.parametrize("is_begun", [False, True])
def test_a_request_that_the_end_of_the_server_cuts_off_is_told_so(is_begun: bool) -> None:
    sent: list[Message] = []

    async def wait(scope: Scope, receive: Receive, send: Send) -> None:
        if is_begun:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(60)

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        sent.append(message)

    async def cut_off() -> None:
        scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
        request = asyncio.create_task(Record(wait, metrics=ServerMetrics())(scope, receive, send))
        await asyncio.sleep(0)
        request.cancel()
        await asyncio.wait({request})
        assert request.cancelled() == is_begun

    asyncio.run(cut_off())
    statuses = [message["status"] for message in sent if "status" in message]
    assert statuses == [200 if is_begun else 503]
