"""inputs: files that are nearly right, from a seed."""

import random
from collections.abc import Iterator

from tests.fuzz.mutate import mutate, mutate_plain
from tests.fuzz.targets import Target, parse, rewrite


def inputs(name: str, target: Target, count: int, *, seed: int) -> Iterator[dict[str, bytes]]:
    """So many changed copies of a target's files: mostly one file of them is changed."""
    chance = random.Random(f"{seed} {name}")
    others = list(target.files.values())
    for _ in range(count):
        files = dict(target.files)
        for _ in range(chance.choice((1, 1, 1, 2))):
            file = chance.choice([*target.files, *target.plain])
            if file in target.plain and chance.random() < 0.7:
                content = parse(target.files[file], file)
                for _ in range(chance.choice((1, 1, 2, 3))):
                    content = mutate_plain(content, chance)
                files[file] = rewrite(content, file)
            elif chance.random() < 0.03:
                files.pop(file, None)
            else:
                files[file] = mutate(files.get(file, b""), chance, others)
        yield files
