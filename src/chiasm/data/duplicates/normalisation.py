"""normalise_text: what is left of a text when two postings of it are to look the same."""

import re
import unicodedata

_URL = re.compile(r"(https?://|www\.)\S+")
_NAME = re.compile(r"@\w+")
_RETWEET = re.compile(r"\brt\b")
# Punctuation, separators and control characters; emoji are symbols and stay.
_BETWEEN_WORDS = "PZC"


def normalise_text(text: str) -> str:
    """Fold case and compatibility forms; drop retweet marks, @names, URLs and punctuation."""
    text = unicodedata.normalize("NFKC", text).casefold()
    for pattern in (_URL, _NAME, _RETWEET):
        text = pattern.sub(" ", text)
    kept = (" " if unicodedata.category(c)[0] in _BETWEEN_WORDS else c for c in text)
    return " ".join("".join(kept).split())
