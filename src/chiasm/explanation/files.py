"""write_explanations: explanations as files."""

import hashlib
from collections.abc import Collection, Sequence
from pathlib import Path
from urllib.parse import quote

from matplotlib.figure import Figure

from chiasm.data.media.facts import Value
from chiasm.explanation.drawing.bars import draw_bars
from chiasm.explanation.drawing.frames import draw_frames
from chiasm.explanation.drawing.heatmap import draw_heatmap
from chiasm.explanation.drawing.overlay import draw_overlay
from chiasm.explanation.drawing.words import draw_words
from chiasm.explanation.result import Explanation
from chiasm.inference.attribution import Attribution
from chiasm.utils.writing import atomic_writes, write_json

# Bytes of the beginning of a name: most file systems allow 255 in all.
_LONGEST, _DIGITS = 120, 12


def write_explanations(explanations: Sequence[Explanation], out: Path) -> None:
    """Write ``ROW.json``, and ``ROW-MODALITY.png`` and ``ROW-ASKING-ASKED.png`` for each row.

    What is there already stays until all of them are written.
    """
    with atomic_writes(out) as part:
        _write(explanations, part)


def _write(explanations: Sequence[Explanation], out: Path) -> None:
    taken: set[str] = set()
    for one in explanations:
        stem = _name_files(one.id, but=taken)
        taken.add(stem)
        write_json(one.as_dict(), out / f"{stem}.json")
        for modality, value in one.values.items():
            own = [a for a in one.attributions if a.modality == modality]
            if own:
                draw_attributions(value, own).savefig(out / f"{stem}-{modality}.png")
        for attention in one.attention:
            path = out / f"{stem}-{attention.query}-{attention.key}.png"
            draw_heatmap(attention).savefig(path)


def _name_files(row_id: str, *, but: Collection[str]) -> str:
    """How the files of a row begin: its id, without what no file name can hold, and unlike others.

    A long one is cut, and told from others by a digest.
    """
    stem = quote(row_id, safe=" ", errors="replace")
    if len(stem) > _LONGEST:
        digest = hashlib.sha256(row_id.encode(errors="surrogatepass")).hexdigest()
        stem = f"{stem[: _LONGEST - _DIGITS]}-{digest[:_DIGITS]}"
    number, unlike = 2, stem
    while unlike in but:
        unlike, number = f"{stem} ({number})", number + 1
    return unlike


def draw_attributions(value: Value, attributions: Sequence[Attribution]) -> Figure:
    """Every method's scores of one modality, over its value where its tokens have places in it."""
    extents = [span.extent for span in attributions[0].spans if span.extent is not None]
    if isinstance(value, str) and extents:
        return draw_words(value, attributions)
    if isinstance(value, Path | bytes) and extents:
        return (draw_overlay if len(extents[0]) == 4 else draw_frames)(value, attributions)
    return draw_bars(attributions)
