"""Send thousands of bad requests to a served model, and see that it neither breaks nor grows.

    python benchmarks/serve_fuzz.py EXPORTED [--count 3000]

The server is a process of its own on 127.0.0.1. Writes benchmarks/results/serve_fuzz.json; ends
with status 1 where an answer is a 5xx, one is not as it must be, or memory grew by 100 MB.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

import httpx
from served_model import served

from chiasm.utils.writing import write_json

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.serving.bad_inputs import BadInput, bad_inputs
from tests.serving.test_bad_inputs import check_refused

RESULT = Path(__file__).parent / "results" / "serve_fuzz.json"
MOST_GROWTH = 100
WARM_UP = 200


def send(client: httpx.Client, bad: BadInput) -> str:
    """The status, or what was wrong with it."""
    try:
        answer = client.request(bad.method, bad.path, content=bad.body, headers=bad.headers)
    except httpx.RemoteProtocolError:
        return "refused"  # hardly HTTP: the connection is closed
    try:
        check_refused(
            bad, answer.status_code, answer.headers.get("content-type", ""), answer.content
        )
    except AssertionError as error:
        print(f"not as it must be: {error}")
        return f"wrong {answer.status_code}"
    return str(answer.status_code)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--count", type=int, default=3000)
    given = parser.parse_args()
    statuses: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    with served(given.model) as server, httpx.Client(base_url=server.url, timeout=60) as client:
        # What a server takes once and keeps is not growth: threads, arenas, caches.
        for bad in bad_inputs(WARM_UP, seed=1):
            send(client, bad)
        before = server.resident()
        for bad in bad_inputs(given.count):
            statuses[send(client, bad)] += 1
            kinds[bad.kind] += 1
        after = server.resident()
        healthy = (
            client.get("/healthz").text == "ok"
            and client.post("/v1/predict", json={"text": "good"}).is_success
        )
    RESULT.parent.mkdir(exist_ok=True)
    write_json(
        {
            "requests": given.count,
            "kinds": dict(kinds),
            "statuses": dict(sorted(statuses.items())),
            "resident_before_mb": round(before),
            "resident_after_mb": round(after),
            "healthy": healthy,
        },
        RESULT,
    )
    print(RESULT.read_text())
    wrong = [status for status in statuses if status.startswith(("5", "wrong"))]
    return int(bool(wrong) or not healthy or after - before >= MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
