"""Kill a command at a random moment, run it again, and hold it against an undisturbed run."""

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import joblib

from tests.faults.forked import Child, Ended, Hung, Moment, Place
from tests.faults.scenarios import Scenario, copy, same

# How long after a change of the file system a process still lives, at most.
_AFTER_CHANGE = 0.004
_TORN = "Traceback (most recent call last)"


@dataclass(frozen=True)
class Trial:
    """One kill: what was killed, when, and what became of it.

    ``lost`` says in words what was lost; None: nothing. ``ended_first``: the command was done
    before the moment came.
    """

    stage: str
    scenario: str
    moment: str
    ended_first: bool
    lost: str | None


class Reference:
    """A scenario run without disturbance, once: its result, its seconds and its earlier output."""

    def __init__(self, scenario: Scenario, folder: Path, cache: Path) -> None:
        self.scenario = scenario
        self._warm = cache
        place = self.place(folder / "new")
        self.out = place.folder / scenario.out
        self.ended = run(scenario, place)
        if self.ended.status:
            raise RuntimeError(self.ended.said)
        self.result = scenario.result(place, self.out)
        self.earlier: Path | None = None
        if scenario.earlier:
            before = self.place(folder / "earlier")
            self.earlier = before.folder / scenario.out
            ended = run(replace(scenario, arguments=scenario.earlier), before)
            if ended.status:
                raise RuntimeError(ended.said)

    def place(self, folder: Path) -> Place:
        """A new folder, with a cache that holds everything or nothing."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if self.scenario.warm and self._warm.is_dir():
            shutil.copytree(self._warm, folder / "cache")
        return Place(folder, folder / "cache")


def run(scenario: Scenario, place: Place, *, kill: Moment | None = None) -> Ended:
    """Run the command in a child."""
    return start(scenario, place).end(kill=kill)


def start(
    scenario: Scenario,
    place: Place,
    *,
    prepare: Callable[[], None] | None = None,
    out: Path | None = None,
) -> Child:
    """Start the command; it writes to ``out``, by default in its own place."""

    def prepared() -> None:
        if not scenario.processes:
            # Processes of their own would import torch anew each time.
            joblib.parallel_config(backend="sequential")
        if prepare is not None:
            prepare()

    arguments: list[object] = [*scenario.arguments]
    if scenario.out:
        arguments += ["--out", out or place.folder / scenario.out]
    return Child(arguments, place, prepare=prepared)


def draw(reference: Reference, chance: random.Random) -> Moment:
    """Half of the moments are anywhere, half are where files change, which is where it hurts."""
    scenario, ended = reference.scenario, reference.ended
    if scenario.moment == "encode":
        return Moment("encode", chance.uniform(0, ended.encoding))
    if chance.random() < 0.5:
        return Moment("start", chance.uniform(0, ended.seconds))
    return Moment("change", chance.uniform(0, _AFTER_CHANGE), chance.randint(1, ended.changes))


def kill_and_repeat(
    stage: str, reference: Reference, moment: Moment, folder: Path, *, twice: Moment | None = None
) -> Trial:
    """One trial; with ``twice`` the second run is killed too, and a third one must succeed."""
    scenario = reference.scenario
    place = reference.place(folder)
    out = place.folder / scenario.out
    if reference.earlier is not None:
        copy(reference.earlier, out)
    tell = partial(Trial, stage, scenario.name, f"{moment}{f', {twice}' if twice else ''}")
    try:
        ended = run(scenario, place, kill=moment)
        if twice is not None:
            run(scenario, place, kill=twice)
        if reference.earlier is not None:
            lost = scenario.intact(out, reference.earlier, reference.out)
            if lost is not None:
                return tell(ended.status == 0, lost)
        again = run(scenario, place)
        return tell(ended.status == 0, evaluate_systems(again, reference, place, out))
    except Hung as hung:
        return tell(False, f"it hung: {hung}")


def evaluate_systems(again: Ended, reference: Reference, place: Place, out: Path) -> str | None:
    """What a repeated command did not get right."""
    if again.status:
        return f"the repeated command ended with status {again.status}: {shorten(again.said)}"
    found = reference.scenario.result(place, out)
    if not same(found, reference.result):
        return f"another result in {differing(found, reference.result)}"
    return None


def shorten(said: str) -> str:
    """Beginning and end of what a command said."""
    return said if len(said) < 3000 else f"{said[:1200]} ... {said[-1500:]}"


def differing(found: Any, expected: Any) -> str:
    """Which parts of two results differ."""
    if not isinstance(found, dict):
        return "the whole"
    return ", ".join(name for name in expected if not same(found.get(name), expected[name]))


def fails_in_words(ended: Ended) -> bool:
    """Whether it ended with an error that is told in words."""
    return ended.status == 1 and "Error:" in ended.said and _TORN not in ended.said
