"""The project's colours: one name each, so that a page can give them other values in the dark."""

INK = "#1f2933"
MUTED = "#66727f"
LINE = "#d5dbe1"
GREY = "#9aa5b1"
BLUE, ORANGE = "#2f6690", "#d98324"
# Stronger, to be seen on photos. Blue and orange differ to colour-blind eyes too.
VIVID_BLUE, VIVID_ORANGE = "#146ef5", "#f0780a"
SERIES = (BLUE, ORANGE, "#4f8a5b", "#8a5a9e")

# In a stylesheet "--ink" and so on; in a figure that is saved as an image those above.
VARIABLES = {INK: "var(--ink)", MUTED: "var(--muted)", LINE: "var(--line)"} | {
    colour: f"var(--series-{number})" for number, colour in enumerate(SERIES, start=1)
}
