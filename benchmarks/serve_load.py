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
import platform
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx
from served_model import ServedModel, served

from chiasm.json_files import write_json

RESULT = Path(__file__).parent / "results" / "serve_load.json"
SERVERS = {"batched": (), "unbatched": ("--max-batch", "1", "--max-wait", "0")}
WARM_UP = 3.0


def read_rows(folder: Path) -> list[dict[str, Any]]:
    """Forms: of each three reviews one with its text, one with its photo, one with both."""
    with (folder / "reviews.csv").open(newline="", encoding="utf-8") as file:
        reviews = list(csv.DictReader(file))[:300]
    rows = []
    for i, review in enumerate(reviews):
        form: dict[str, Any] = {}
        photo = folder / review["image_path"]
        if i % 3 != 1:
            form["text"] = (None, review["text"])
        if i % 3 != 0 and photo.is_file():
            form["image"] = ("photo.jpg", photo.read_bytes())
        rows.append(form or {"text": (None, review["text"])})
    return rows


async def ask(
    client: httpx.AsyncClient,
    rows: "itertools.cycle[dict[str, Any]]",
    until: float,
    times: list[float],
    statuses: Counter[int],
) -> None:
    while time.perf_counter() < until:
        began = time.perf_counter()
        answer = await client.post("/v1/predict", files=next(rows))
        statuses[answer.status_code] += 1
        if answer.is_success:
            times.append(time.perf_counter() - began)


async def load(
    server: ServedModel, rows: Sequence[dict[str, Any]], clients: int, seconds: float
) -> dict[str, Any]:
    limits = httpx.Limits(max_connections=clients)
    async with httpx.AsyncClient(base_url=server.url, limits=limits, timeout=120) as client:

        async def run(seconds: float) -> tuple[list[float], Counter[int], float]:
            times: list[float] = []
            statuses: Counter[int] = Counter()
            shared = itertools.cycle(rows)
            began = time.perf_counter()
            until = began + seconds
            await asyncio.gather(
                *(ask(client, shared, until, times, statuses) for _ in range(clients))
            )
            return times, statuses, time.perf_counter() - began

        await run(WARM_UP)
        cpu = server.cpu()
        times, statuses, took = await run(seconds)
    cuts = quantiles(times, n=100)
    return {
        "answers_a_second": round(len(times) / took, 1),
        "milliseconds": {f"p{p}": round(1000 * cuts[p - 1]) for p in (50, 95, 99)},
        "cpu_cores": round((server.cpu() - cpu) / took, 2),
        "statuses": {str(status): n for status, n in sorted(statuses.items())},
        "seconds_to_start": round(server.started, 2),
        "resident_mb": round(server.resident()),
        "peak_mb": round(server.peak()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("reviews", type=Path)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=20.0)
    given = parser.parse_args()
    rows = read_rows(given.reviews)
    results: dict[str, Any] = {"clients": given.clients, "machine": platform.processor()}
    for name, options in SERVERS.items():
        with served(given.model, options) as server:
            results[name] = asyncio.run(load(server, rows, given.clients, given.seconds))
            print(name, results[name], flush=True)
    ratio = results["batched"]["answers_a_second"] / results["unbatched"]["answers_a_second"]
    results["batched_over_unbatched"] = round(ratio, 2)
    RESULT.parent.mkdir(exist_ok=True)
    write_json(results, RESULT)
    print(RESULT.read_text())


if __name__ == "__main__":
    main()
