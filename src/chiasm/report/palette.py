"""Colours of a report: one name each, so that a page can give them other values in the dark."""

# In a stylesheet "--ink" and so on; in a figure that is saved as an image these.
INK = "#1f2933"
MUTED = "#66727f"
LINE = "#d5dbe1"
SERIES = ("#2f6690", "#d98324", "#4f8a5b", "#8a5a9e")

VARIABLES = {INK: "var(--ink)", MUTED: "var(--muted)", LINE: "var(--line)"} | {
    colour: f"var(--series-{number})" for number, colour in enumerate(SERIES, start=1)
}
