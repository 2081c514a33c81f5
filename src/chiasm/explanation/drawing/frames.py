"""Scores under the wave of an audio clip."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from chiasm.data.media.audio import INSPECTED_SECONDS, open_audio
from chiasm.evaluation.figures import blank_figure
from chiasm.explanation.drawing.shade import shade, title_of
from chiasm.inference.attribution import Attribution

_RATE = 8_000
_WIDTH = 8.0


def draw_frames(audio: Path | bytes, attributions: Sequence[Attribution]) -> Figure:
    """The wave once for each method, its stretches shaded, over seconds."""
    samples = open_audio(audio, rate=_RATE, max_seconds=INSPECTED_SECONDS)
    seconds = np.arange(len(samples)) / _RATE
    figure = blank_figure(_WIDTH, 1.6 * len(attributions) + 0.3)
    panels = figure.subplots(len(attributions), sharex=True, squeeze=False)[:, 0]
    for axes, attribution in zip(panels, attributions, strict=True):
        axes.set_title(
            title_of(attribution, width=_WIDTH), fontsize=9, loc="left", parse_math=False
        )
        axes.plot(seconds, samples, color="black", linewidth=0.4)
        for span, colour in zip(attribution.spans, shade(attribution.scores), strict=True):
            if span.extent is not None:
                begin, end = span.extent
                axes.axvspan(begin, end, color=colour, linewidth=0)
        axes.set_yticks([])
        axes.margins(x=0)
        axes.spines[["top", "right", "left"]].set_visible(False)
    panels[-1].set_xlabel("seconds")
    return figure
