"""shift_line: a shift in words."""

from chiasm.evaluation.shift import Shift


def shift_line(modality: str, shift: Shift) -> str:
    """What is known of a modality whose shift is large, in a sentence."""
    lost = (shift.training - shift.test) * 100
    low, high = shift.difference.low * 100, shift.difference.high * 100
    return (
        f"{modality} looks different in the test rows: alone, it decides with a probability of "
        f"{shift.training:.2f} on training rows that it has not seen, and of {shift.test:.2f} on "
        f"test rows. Expect {lost:.0f} points of accuracy less of it there (95 % interval "
        f"{low:.0f} to {high:.0f})."
    )
