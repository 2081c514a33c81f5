"""docs/performance.md: the measured figures as a page."""

import json
from pathlib import Path
from typing import Any

_BILLION = 1e9
_IMAGE = 100e3
PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
_HEAD = """# Performance

All figures of this page but those under Growth come from one run of `make bench`
(`benchmarks/speed.py`), which also wrote the page; the numbers behind it are in
`benchmarks/results/speed.json`. Speeds of encoding and prediction are medians of runs
that took turns, so that a ratio compares like with like; the rest was run once.
All is on {cores} cores, torch {torch}, fp32,
on {rows:,} labelled rows of `{data}`: encoding on the first {encoded:,}, prediction on the first
{predicted}, training on all. The *naive loop* is that of the write-ups: texts
padded to 128 tokens, images decoded whole and one after the other, batch norms not folded, the
default memory layout, audio padded to 30 seconds, and the frozen encoders run again in each epoch
(they do the same each time: they are run in one epoch here, and counted in each).
"""


def write_performance(results: Path) -> None:
    """Write the page from ``speed.json`` in this folder."""
    found = json.loads((results / "speed.json").read_text())
    machine = found["machine"]
    lines = [
        _HEAD.format(
            cores=machine["cores"],
            torch=machine["torch"],
            rows=found["rows"],
            data=found["data"],
            encoded=found["text encoding"]["items"],
            predicted=found["prediction"]["bulk"]["rows"],
        ),
        "## Encoding\n",
        "From files and texts to tokens, items a second:\n",
        "| | chiasm | naive loop | ratio |",
        "|---|---|---|---|",
    ]
    lines += [_against_naive(m, found[f"{m} encoding"]) for m in ("text", "image", "audio")]
    lines += [
        "",
        "The network alone, on inputs that are ready:\n",
        "| | chiasm | best other engine | ratio | GFLOP an item | GFLOP/s "
        f"| of the {found['matrix_peak_gflops']:.0f} GFLOP/s of a matrix product |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [_against_engines(m, found) for m in ("text", "image")]
    lines += ["", _bound("text", found)]
    lines += ["", *_training(found["training"]), "", *_comparison(found)]
    lines += ["", *_prediction(found["prediction"]), "", *_serving(found["serving"])]
    if (growth := results / "growth.json").is_file():
        lines += ["", *_growth(json.loads(growth.read_text()))]
    lines += ["", *_billion(found), ""]
    PAGE.write_text("\n".join(lines), encoding="utf-8")


def _against_naive(name: str, found: dict[str, Any]) -> str:
    rates = found.get("items_a_second") or found["rows_a_second"]
    return (
        f"| {name} | {rates['chiasm']:,.1f} | {rates['naive']:,.1f} | {found['over_naive']:.1f} |"
    )


def _against_engines(name: str, found: dict[str, Any]) -> str:
    encoding = found[f"{name} encoding"]
    rates, other = encoding["network_items_a_second"], encoding["best_other_engine"]
    return (
        f"| {name} | {rates['chiasm']:,.1f} | {rates[other]:,.1f} ({other}) "
        f"| {encoding['over_best_engine']:.2f} | {encoding['gflop_an_item']:.2f} "
        f"| {encoding['gflops']:.0f} "
        f"| {100 * encoding['gflops'] / found['matrix_peak_gflops']:.0f} % |"
    )


def _bound(name: str, found: dict[str, Any]) -> str:
    encoding = found[f"{name} encoding"]
    items = found["matrix_peak_gflops"] / encoding["gflop_an_item"]
    most = items / encoding["items_a_second"]["naive"]
    return (
        f"Were {name} encoding as fast as that matrix product, it would be {items:.0f} items a "
        f"second, {most:.1f} times the naive loop: more is not to be had in fp32 on these cores."
    )


def _training(found: dict[str, Any]) -> list[str]:
    rows = [
        f"| {system} | {label} | {one['seconds'][name]:,.1f} | {ratio} "
        f"| {one['head_seconds'][name]:,.1f} | {one['best_validation_accuracy'][name]:.3f} |"
        for system, one in (
            ("concatenation", found["concat"]),
            ("cross-attention", found["cross_attention"]),
        )
        for name, label, ratio in (
            ("naive", "naive loop", "1"),
            ("cold", "chiasm, empty cache", f"{one['naive_over_cold']:.1f}"),
            ("warm", "chiasm, cached", f"{one['naive_over_warm']:.1f}"),
        )
    ]
    return [
        "## Training\n",
        f"{found['epochs']} epochs on {found['rows']:,} rows in batches of {found['batch']}, "
        f"{found['validation_rows']} of them for validation; reading, judging and saving "
        "included. The concatenation is what the lab write-up trains on frozen encoders, "
        "cross-attention is the default here; a training on features that are cached is that of "
        "the head and little else, and the head of cross-attention reads every word and patch:\n",
        "| | | seconds | times faster | seconds for the head | best validation accuracy |",
        "|---|---|---|---|---|---|",
        *rows,
        "",
        "The naive loop's head has all features in memory; ours reads those of a batch at a time "
        "from the disk, and keeps what a killed run goes on from.",
    ]


def _comparison(found: dict[str, Any]) -> list[str]:
    """Beside what the naive loop's encoders would take, which nobody has the patience to run."""
    training, comparison = found["training"]["concat"], found["comparison"]
    fusions, folds = comparison["fusions"], comparison["folds"]
    once = (training["seconds"]["naive"] - training["head_seconds"]["naive"]) / found["training"][
        "epochs"
    ]
    # In all folds but one a row is read in every epoch, in that one it is tested. The modalities
    # alone take together what a fusion takes.
    passes = comparison["epochs"] * (folds - 1) + 1
    fused = sum(name not in ("text", "image") for name in fusions)
    naive = once * passes * (fused + 1)
    return [
        "## Comparison\n",
        f"Each modality and each fusion on {folds} folds, {folds * len(fusions)} trainings of "
        f"{comparison['epochs']} epochs, features cached: {comparison['seconds']:,.0f} seconds. "
        "The naive loop's encoders alone, run again in each epoch of each training, would take "
        f"{naive:,.0f} seconds ({passes * (fused + 1)} times the {once:,.0f} seconds that they "
        f"take for all rows, not run): {naive / comparison['seconds']:,.0f} times as long.",
    ]


def _prediction(found: dict[str, Any]) -> list[str]:
    return [
        "## Prediction\n",
        "From files and texts to probabilities, without a cache, rows a second:\n",
        "| | chiasm | naive loop | ratio |",
        "|---|---|---|---|",
        _against_naive("one row at a time", found["single"]),
        _against_naive("all at once", found["bulk"]),
    ]


def _serving(found: dict[str, Any]) -> list[str]:
    rows = [
        f"| {label} | {one['answers_a_second']:.1f} | {one['milliseconds']['p50']} ms "
        f"| {one['milliseconds']['p95']} ms | {one['milliseconds']['p99']} ms "
        f"| {one['cores_of_server']:.2f} |"
        for label, one in (("batched", found["batched"]), ("one by one", found["unbatched"]))
    ]
    return [
        "## Serving\n",
        f"Of `chiasm serve`, which {found['clients']} clients on the same machine ask for a text, "
        "a photo or both; then with `--max-batch 1`:\n",
        "| rows | answers a second | p50 | p95 | p99 | cores used |",
        "|---|---|---|---|---|---|",
        *rows,
        "",
        f"Batching answers {found['batched_over_unbatched']:.2f} times as many.",
    ]


def _growth(found: dict[str, Any]) -> list[str]:
    lines = [
        "## Growth\n",
        f"`{found['command']}`: generated rows of eight words and 16 numbers, each command a "
        "process of its own.\n",
        "| rows | command | CPU seconds | peak memory, MB |",
        "|---|---|---|---|",
    ]
    for step in found["grown"]:
        lines += [
            f"| {step['rows']:,} | {name} | {one['cpu_seconds']:,.0f} | {one['peak_mb']:,} |"
            for name, one in step["commands"].items()
        ]
    disk = found["grown"][-1]["disk_mb"]
    return [
        *lines,
        "",
        f"On the disk, {found['grown'][-1]['rows']:,} rows take {disk['cache']:,.0f} MB of cached "
        f"features and a model of {disk['model']:.0f} MB.",
    ]


def _billion(found: dict[str, Any]) -> list[str]:
    """What the measured speeds mean for 10^9 rows of a text and an image."""
    cores = found["machine"]["cores"]
    core_seconds = {
        "encode its text": cores / found["text encoding"]["items_a_second"]["chiasm"],
        "encode its image": cores / found["image encoding"]["items_a_second"]["chiasm"],
        "predict it, from files": cores / found["prediction"]["bulk"]["rows_a_second"]["chiasm"],
    }
    stored = sum(found[f"{m} encoding"]["bytes_an_item_in_cache"] for m in ("text", "image"))
    rows = [
        f"| {name} | {1000 * seconds:,.0f} ms | {seconds * _BILLION / 3600:,.0f} |"
        for name, seconds in core_seconds.items()
    ]
    return [
        "## A billion rows\n",
        "Arithmetic from the speeds above, not a measurement: rows of a text and an image on "
        "cores like these, which work on their own.\n",
        "| to | a core takes | core hours for 10⁹ rows |",
        "|---|---|---|",
        *rows,
        "",
        f"Tokens of both take {stored / 1000:,.0f} kB a row, {stored * _BILLION / 1e12:,.0f} TB in "
        "all: so predictions never store them, and a head is trained on as many rows as the cache "
        "of a machine holds. What is written is a label and a probability for each class. The "
        "bottleneck is the image encoder; images of 100 kB would come in at "
        f"{_IMAGE / core_seconds['predict it, from files'] / 1e6:.1f} MB a second and core, "
        "which storage has to give.",
    ]
