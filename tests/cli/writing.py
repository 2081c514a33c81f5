"""Every command that writes, as it is called: the output comes last."""

WRITING: list[tuple[str, ...]] = [
    ("check", "data/table.csv", "--json"),
    ("compare", "data/table.csv", "--out"),
    ("train", "data/table.csv", "--out"),
    ("tune", "data/table.csv", "--out"),
    ("evaluate", "model", "data/table.csv", "--json"),
    ("evaluate", "model", "data/table.csv", "--out"),
    ("predict", "model", "data/table.csv", "--out"),
    ("explain", "model", "data/table.csv", "--audit", "--out"),
    ("explain", "model", "data/table.csv", "--row", "a", "--out"),
    ("export", "model", "--out"),
    ("sample", "reviews"),
]


def is_folder(call: tuple[str, ...]) -> bool:
    """Whether the output of such a call is a folder."""
    return call[-1] != "--json" and call[0] != "predict"
