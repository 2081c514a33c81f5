"""Break commands off at random moments, and see that nothing is lost.

    python benchmarks/faults.py [--kills 50] [--others 10] [--seed 0] [--minutes 90] [--only A,B]

Run by ``make faults``; writes benchmarks/results/faults.json, of which only the faults that are
named are tried anew. Ends with status 1 where something was lost. What is killed, and when, depends
on the seed and on how fast the machine is; every moment is written down.
"""

import argparse
import json
import os
import platform
import random
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from chiasm.utils.writing import write_json
from tests.faults.forked import Hung, load_all
from tests.faults.kills import Reference, draw, kill_and_repeat
from tests.faults.others import FAULTS, NEEDS_ROOT
from tests.faults.scenarios import Scenario, provide, scenarios

RESULT = Path(__file__).parent / "results" / "faults.json"
PAGE = Path(__file__).parents[1] / "docs" / "faults.md"
STAGES = ("encode", "train", "compare", "predict", "export")
# In how many of the trials the second run is killed too.
TWICE = 0.2


class Suite:
    """The trials, and the references that they are held against, each made when it is needed."""

    def __init__(self, folder: Path, *, seed: int, deadline: float) -> None:
        folder.chmod(0o755)
        self._folder = folder
        self._seed = seed
        self._deadline = deadline
        self._references: dict[str, Reference] = {}
        self._data, self._models = folder / "data", folder / "models"
        self._scenarios = scenarios(self._data, self._models)

    def kills(self, stage: str, count: int, *, of: str) -> list[dict[str, Any]]:
        every = [scenario for scenario in self._scenarios[stage] if of in scenario.name]
        chance = random.Random(f"{self._seed} {stage}")
        done = []
        for number in range(count):
            if time.monotonic() > self._deadline:
                break
            reference = self._reference(stage, every[number % len(every)])
            moment = draw(reference, chance)
            twice = draw(reference, chance) if chance.random() < TWICE else None
            trial = kill_and_repeat(stage, reference, moment, self._folder / "trial", twice=twice)
            say(f"{stage} {number + 1}: {trial.scenario}, {trial.moment}", trial.lost)
            done.append(asdict(trial))
        return done

    def others(self, name: str, count: int) -> list[dict[str, Any]]:
        chance = random.Random(f"{self._seed} {name}")
        fault, scenario_names = FAULTS[name]
        done = []
        for number in range(count):
            if time.monotonic() > self._deadline:
                break
            stage, place = scenario_names[number % len(scenario_names)]
            reference = self._reference(stage, self._scenarios[stage][place])
            try:
                outcome = fault(reference, self._folder / "trial", chance)
                refused, lost = outcome.refused, outcome.lost
            except Hung as hung:
                refused, lost = False, f"it hung: {hung}"
            say(f"{name} {number + 1}: {stage}, {'refused' if refused else 'went on'}", lost)
            done.append({"stage": stage, "refused": refused, "lost": lost})
        return done

    def _reference(self, stage: str, scenario: Scenario) -> Reference:
        name = f"{stage} {scenario.name}"
        if name not in self._references:
            place = self._folder / "references" / name
            provide(scenario, self._data, self._models, self._folder / "cache")
            self._references[name] = Reference(scenario, place, self._folder / "cache")
        return self._references[name]


def say(what: str, lost: str | None) -> None:
    print(f"{what}: {'LOST: ' + lost if lost else 'survived'}", flush=True)


def count(trials: Sequence[dict[str, Any]]) -> dict[str, int]:
    lost = sum(trial["lost"] is not None for trial in trials)
    counts = {"tried": len(trials), "survived": len(trials) - lost, "lost": lost}
    if any("refused" in trial for trial in trials):
        counts["told in words"] = sum(trial["refused"] for trial in trials)
    return counts


def write_table(table: dict[str, dict[str, int]], command: str) -> None:
    """Put the table into the page."""
    lines = ["| fault | tried | survived | of them refused | lost |", "|---|---|---|---|---|"]
    for name, counts in table.items():
        refused = counts.get("told in words", "")
        row = (name, counts["tried"], counts["survived"], refused, counts["lost"])
        lines.append(f"| {' | '.join(map(str, row))} |")
    begin, end = "<!-- faults -->\n", "<!-- /faults -->\n"
    head, _, rest = PAGE.read_text("utf-8").partition(begin)
    _, _, tail = rest.partition(end)
    text = "\n".join([f"`{command}`:", "", *lines])
    PAGE.write_text(f"{head}{begin}{text}\n{end}{tail}", "utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--others", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=90)
    parser.add_argument("--only", default=",".join((*STAGES, *FAULTS)))
    parser.add_argument("--scenario", default="", help="kill only those named so")
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    names = given.only.split(",")
    if unknown := {*names} - {*STAGES, *FAULTS}:
        parser.error(f"there are no faults {sorted(unknown)}; choose from {[*STAGES, *FAULTS]}")
    load_all()
    started = time.monotonic()
    folder = Path(mkdtemp(prefix="chiasm-faults-"))
    try:
        suite = Suite(folder, seed=given.seed, deadline=started + 60 * given.minutes)
        trials: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for name in names:
            if name in STAGES:
                trials[f"kill -9 in {name}"] = suite.kills(name, given.kills, of=given.scenario)
            elif name in NEEDS_ROOT and os.getuid():
                print(f"{name}: left out, only root may mount a disk")
            else:
                trials[name] = suite.others(name, given.others)
    finally:
        shutil.rmtree(folder)
    if given.out.is_file():
        trials = json.loads(given.out.read_text("utf-8"))["trials"] | trials
    table = {name: count(done) for name, done in trials.items()}
    command = (
        f"python benchmarks/faults.py --kills {given.kills} --others {given.others} "
        f"--seed {given.seed}"
    )
    if given.out == RESULT:
        write_table(table, command)
    write_json(
        {
            "command": command,
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python "
            f"{platform.python_version()}",
            "table": table,
            "trials": trials,
        },
        given.out,
    )
    for name, counts in table.items():
        print(f"{name:50} {counts}")
    return int(any(counts["lost"] for counts in table.values()))


if __name__ == "__main__":
    sys.exit(main())
