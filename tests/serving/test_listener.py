"""How connections are taken in."""

import socket
from contextlib import ExitStack

from chiasm.serving.listener import Listener


def test_a_crowd_is_let_in_a_few_at_a_time() -> None:
    with ExitStack() as stack:
        plain = socket.create_server(("127.0.0.1", 0), backlog=64)
        listener = stack.enter_context(Listener(fileno=plain.detach()))
        listener.setblocking(False)
        for _ in range(40):
            stack.enter_context(socket.create_connection(listener.getsockname()))
        turns = []
        while sum(turns) < 40:
            turns.append(0)
            try:
                while True:
                    stack.enter_context(listener.accept()[0])
                    turns[-1] += 1
            except BlockingIOError:
                continue
    assert 1 < max(turns) <= 10
