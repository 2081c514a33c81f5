"""How many requests a served model answers, with batching and without.

    python benchmarks/serve_load.py EXPORTED REVIEWS [--clients 64] [--seconds 20]

EXPORTED is what ``chiasm export`` wrote, REVIEWS what ``chiasm sample reviews`` wrote. Clients on
127.0.0.1 ask one after the other: a text, a photo, or both, in turn. Writes
benchmarks/results/serve_load.json.
"""

import argparse
import asyncio
import csv
import itertools
import os
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles
from typing import Any

from served_model import ServedModel, served

from chiasm.utils.writing import write_json

RESULT = Path(__file__).parent / "results" / "serve_load.json"
SERVERS = {"batched": (), "unbatched": ("--max-batch", "1")}
WARM_UP = 3.0


def read_requests(folder: Path) -> list[bytes]:
    """Of each three reviews one with its text, one with its photo, one with both."""
    with (folder / "reviews.csv").open(newline="", encoding="utf-8") as file:
        reviews = list(csv.DictReader(file))[:300]
    requests = []
    for i, review in enumerate(reviews):
        photo = folder / review["image_path"]
        parts = []
        if i % 3 != 1 or not photo.is_file():
            parts.append(b'name="text"\r\n\r\n' + review["text"].encode())
        if i % 3 != 0 and photo.is_file():
            parts.append(b'name="image"; filename="a"\r\n\r\n' + photo.read_bytes())
        body = b"".join(b"--b\r\nContent-Disposition: form-data; %s\r\n" % part for part in parts)
        body += b"--b--\r\n"
        head = (
            "POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; "
            f"boundary=b\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        requests.append(head.encode() + body)
    return requests


async def ask(
    port: int,
    requests: "itertools.cycle[bytes]",
    until: float,
    times: list[float],
    statuses: Counter[int],
) -> None:
    """One client, as plain as can be: it shares the cores with the server it measures."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.perf_counter() < until:
        began = time.perf_counter()
        writer.write(next(requests))
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        status = int(head.split(b" ", 2)[1])
        statuses[status] += 1
        if status == 200:
            times.append(time.perf_counter() - began)
    writer.close()


async def load(
    server: ServedModel, requests: Sequence[bytes], clients: int, seconds: float
) -> dict[str, Any]:
    async def run(seconds: float) -> tuple[list[float], Counter[int], float]:
        times: list[float] = []
        statuses: Counter[int] = Counter()
        shared = itertools.cycle(requests)
        began = time.perf_counter()
        until = began + seconds
        await asyncio.gather(
            *(ask(server.port, shared, until, times, statuses) for _ in range(clients))
        )
        return times, statuses, time.perf_counter() - began

    await run(WARM_UP)
    cpu, own_cpu = server.cpu(), time.process_time()
    times, statuses, took = await run(seconds)
    cuts = quantiles(times, n=100)
    return {
        "answers_a_second": round(len(times) / took, 1),
        "milliseconds": {f"p{p}": round(1000 * cuts[p - 1]) for p in (50, 95, 99)},
        "cores_of_server": round((server.cpu() - cpu) / took, 2),
        "cores_of_clients": round((time.process_time() - own_cpu) / took, 2),
        "statuses": {str(status): n for status, n in sorted(statuses.items())},
        "seconds_to_start": round(server.started, 2),
        "resident_mb": round(server.resident()),
        "peak_mb": round(server.peak()),
    }


def compare_servers(model: Path, reviews: Path, *, clients: int, seconds: float) -> dict[str, Any]:
    """The same load on a server that batches and on one whose model takes a row at a time."""
    requests = read_requests(reviews)
    results: dict[str, Any] = {"clients": clients, "cores": os.cpu_count()}
    for name, options in SERVERS.items():
        with served(model, options) as server:
            results[name] = asyncio.run(load(server, requests, clients, seconds))
            print(name, results[name], flush=True)
    ratio = results["batched"]["answers_a_second"] / results["unbatched"]["answers_a_second"]
    results["batched_over_unbatched"] = round(ratio, 2)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("reviews", type=Path)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=20.0)
    given = parser.parse_args()
    results = compare_servers(
        given.model, given.reviews, clients=given.clients, seconds=given.seconds
    )
    write_json(results, RESULT)
    print(RESULT.read_text())


if __name__ == "__main__":
    main()
