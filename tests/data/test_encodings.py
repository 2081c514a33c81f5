# ruff: noqa: RUF001 - full-width characters are what is tested
import pytest

from chiasm.data.encodings import decode, detect_encoding, is_undecodable, known_encoding
from chiasm.errors import DataError

CHINESE = [
    f"第{i}条评论：质量很好，非常喜欢，下次还会再来购买。物流也很快，包装完整。" for i in range(60)
]


def test_ascii_and_utf_8_are_utf_8() -> None:
    assert detect_encoding([b"plain", b"", "naïve €".encode()]) == "utf-8"
    assert detect_encoding(["\ufeffnaïve".encode()]) == "utf-8"
    assert detect_encoding([]) == "utf-8"


@pytest.mark.parametrize("written", ["gb18030", "gbk", "gb2312"])
def test_chinese_encodings_are_read_as_their_superset(written: str) -> None:
    assert detect_encoding([text.encode(written) for text in CHINESE]) == "gb18030"


def test_all_texts_decide_together_not_each_alone() -> None:
    by_chance = "聽".encode("gb18030")
    assert by_chance.decode("utf-8") != "聽"
    texts = [text.encode("gb18030") for text in CHINESE]
    assert detect_encoding([by_chance, *texts]) == "gb18030"


def test_one_broken_text_does_not_decide_for_all() -> None:
    gb18030 = [text.encode("gb18030") for text in CHINESE]
    assert detect_encoding([*gb18030, b"bad \xff\xff bytes"]) == "gb18030"
    assert detect_encoding([*(text.encode() for text in CHINESE), b"caf\xe9"]) == "utf-8"


def test_undecodable_bytes_are_kept_for_finding() -> None:
    assert is_undecodable(decode(b"caf\xe9 ok", "utf-8"))
    assert not is_undecodable(decode("café".encode(), "utf-8"))
    assert is_undecodable("half an emoji \ud83d")


def test_bom_is_no_text() -> None:
    assert decode("\ufeffid".encode(), "utf-8") == "id"


def test_unknown_encoding_is_refused() -> None:
    assert known_encoding("UTF8") == "utf-8"
    assert known_encoding("utf-16") == "utf-16"
    with pytest.raises(DataError, match="no text encoding named 'klingon'"):
        known_encoding("klingon")
    with pytest.raises(DataError, match="no text encoding"):
        known_encoding("base64")
