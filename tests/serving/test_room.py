"""Units are lent in turn, never more than there are, and come back however their time ends."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from chiasm.serving.room import Room


@given(
    st.integers(1, 4),
    st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=12),
)
def test_never_more_units_are_lent_than_there_are(
    units: int, asked: list[tuple[int, bool]]
) -> None:
    lent, most, order = 0, 0, []
    room = Room(units)

    async def use(number: int, wanted: int) -> None:
        nonlocal lent, most
        async with room.lend(wanted):
            order.append(number)
            lent += min(wanted, units)
            most = max(most, lent)
            try:
                await asyncio.sleep(0)
            finally:
                lent -= min(wanted, units)

    async def run() -> None:
        tasks = [asyncio.create_task(use(i, wanted)) for i, (wanted, _) in enumerate(asked)]
        await asyncio.sleep(0)
        for task, (_, given_up) in zip(tasks, asked, strict=True):
            if given_up:
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # All of it has come back.
        await asyncio.wait_for(use(len(asked), units), 5)

    asyncio.run(run())
    assert most <= units
    takers = [i for i in order[:-1] if asked[i][0]]
    assert takers == sorted(takers)


def test_a_large_one_is_not_overtaken() -> None:
    room, order = Room(2), []

    async def use(name: str, units: int) -> None:
        async with room.lend(units):
            order.append(name)
            await asyncio.sleep(0.01)

    async def run() -> None:
        await asyncio.gather(use("small", 1), use("large", 2), use("late", 1))

    asyncio.run(run())
    assert order == ["small", "large", "late"]
