"""Feed nearly right files to everything that reads files, and see that it works or fails in words.

    python benchmarks/fuzz.py [--count 500] [--seed 0] [--only NAME] [--keep FOLDER]

Run by ``make fuzz``; writes benchmarks/results/fuzz.json. Ends with status 1 where an input raised
something else than an error in words, hung, or took memory; ``--keep`` writes such inputs down.
"""

import argparse
import os
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ["HF_HUB_OFFLINE"] = "1"

from chiasm.utils.writing import write_json
from tests.fuzz.inputs import inputs
from tests.fuzz.judge import try_once
from tests.fuzz.targets import lay_out, make_targets

RESULT = Path(__file__).parent / "results" / "fuzz.json"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    table: dict[str, dict[str, Any]] = {}
    with TemporaryDirectory() as folder:
        for name, target in make_targets(Path(folder)).items():
            if given.only not in name:
                continue
            outcomes: Counter[str] = Counter()
            broken: Counter[str] = Counter()
            started = time.perf_counter()
            for number, files in enumerate(inputs(name, target, given.count, seed=given.seed)):
                outcome, why = try_once(target, files, Path(folder) / "place")
                outcomes[outcome] += 1
                if why is not None:
                    last = why.strip().rpartition("\n")[2]
                    if not broken[last]:
                        print(f"{name} {number}: {why}", flush=True)
                        if given.keep is not None:
                            lay_out(files, given.keep / f"{name}-{number}")
                    broken[last] += 1
            table[name] = {
                "inputs": given.count,
                "outcomes": dict(outcomes.most_common()),
                "broken": dict(broken.most_common()),
                "seconds": round(time.perf_counter() - started, 1),
            }
            print(f"{name:28} {dict(outcomes)} broken {sum(broken.values())}", flush=True)
    if not given.only:
        write_json(
            {"command": f"python benchmarks/fuzz.py --count {given.count}", "table": table}, RESULT
        )
    return int(any(row["broken"] for row in table.values()))


if __name__ == "__main__":
    sys.exit(main())
