# ruff: noqa: RUF001 - letters of all languages are what is tested
import pytest

from chiasm.errors import DataError
from chiasm.utils.encodings import (
    decode,
    detect_encoding,
    is_undecodable,
    known_encoding,
    wide_encoding,
)

CHINESE = [
    f"第{i}条评论：质量很好，非常喜欢，下次还会再来购买。物流也很快，包装完整。" for i in range(60)
]


def test_ascii_and_utf_8_are_utf_8() -> None:
    assert detect_encoding([b"plain", b"", "naïve €".encode()]).name == "utf-8"
    assert detect_encoding(["\ufeffnaïve".encode()]).name == "utf-8"
    assert detect_encoding([]).name == "utf-8"


@pytest.mark.parametrize("written", ["gb18030", "gbk", "gb2312"])
def test_chinese_encodings_are_read_as_their_superset(written: str) -> None:
    assert detect_encoding([text.encode(written) for text in CHINESE]).name == "gb18030"


def test_all_texts_decide_together_not_each_alone() -> None:
    by_chance = "聽".encode("gb18030")
    assert by_chance.decode("utf-8") != "聽"
    texts = [text.encode("gb18030") for text in CHINESE]
    assert detect_encoding([by_chance, *texts]).name == "gb18030"


WRITTEN = {
    "cp1252": (
        "My son’s toy broke – not worth £20…",
        "Comprei para o meu irmão, não é boa",
        "20 € zu teuer",
    ),
    "iso8859-15": ("20 € zu teuer für diese Größe", "le cœur brisé, 15 € de trop"),
    "cp1250": (
        "Zamówiłem większy rozmiar, świetna jakość",
        "Objednal jsem větší velikost, než nosím",
    ),
    "cp1251": ("Заказал размер побольше, сидит отлично", "Замовив більший розмір, їжа чудова"),
    "koi8-r": ("Заказал размер побольше, сидит отлично",),
    "cp1253": ("Παρήγγειλα μεγαλύτερο μέγεθος και μου κάνει",),
    "cp1254": ("Daha büyük beden sipariş ettim, üzerime oldu",),
    "cp1255": ("הזמנתי מידה גדולה יותר והיא מתאימה",),
    "gb18030": ("买给我儿子的，他很喜欢", "it’s “fine”… but don’t", "iPhone很好，不贵"),
    "big5hkscs": ("買給我兒子的，他很喜歡這個顏色",),
    "cp932": ("息子のために買いましたが色が違いました",),
    "euc_jp": ("息子のために買いましたが色が違いました",),
    "cp949": ("아들에게 사줬는데 색깔이 마음에 든대요",),
    "mac-roman": (
        "My son’s toy doesn’t work any more",
        "C’était « parfait », le goût est fade, déçu",
        "Schöne Größe, mäßig",
    ),
    "cp850": ("Le goût est fade, très déçu et ça coûte cher", "Schöne Größe, mäßig, öfter"),
    "cp866": ("Заказал размер побольше, сидит отлично",),
}


@pytest.mark.parametrize("rows", [1, 30, 1000])
@pytest.mark.parametrize("encoding", WRITTEN)
def test_texts_of_other_encodings_are_read_as_they_were_written(encoding: str, rows: int) -> None:
    for text in WRITTEN[encoding]:
        if rows == 1 and text.startswith("it’s"):
            continue  # the quotes of GB18030 among English words: too little to tell
        written = [f"{text} {row}" for row in range(rows)]
        found = detect_encoding([b"text,label", *(line.encode(encoding) for line in written)])
        assert [line.encode(encoding).decode(found.name) for line in written] == written


@pytest.mark.parametrize("sign", "’€°\xa0£é–…“”©®½ñ")
@pytest.mark.parametrize("rows", [1, 30, 1000])
def test_a_single_windows_text_among_plain_ones_is_read_rightly(sign: str, rows: int) -> None:
    text = f"It is{sign} said at {sign}20"
    plain = [f"plain words in row {row}".encode() for row in range(rows - 1)]
    found = detect_encoding([*plain, text.encode("cp1252")])
    assert text.encode("cp1252").decode(found.name) == text


def test_a_few_windows_texts_among_those_in_utf_8_stay_broken_ones() -> None:
    texts = [f"naïve café {row}".encode() for row in range(97)]
    found = detect_encoding([*texts, *["son’s £5".encode("cp1252")] * 3])
    assert (found.name, found.sure) == ("utf-8", 0.97)
    assert found.note is not None
    assert found.note.startswith("97% sure, such as: naïve café 0")


def test_what_could_be_another_encoding_says_so_with_a_line_that_shows_it() -> None:
    unclear = detect_encoding(["£ 5".encode("cp1252")])
    assert unclear.name == "cp1252"
    assert unclear.note is not None
    assert f"(or {unclear.other}), such as: £ 5" in unclear.note
    clear = detect_encoding(["买给我儿子的，他很喜欢".encode("gb18030")] * 9)
    assert clear.note is not None
    assert "(or" not in clear.note
    assert detect_encoding([b"plain", "café".encode()]).note is None


@pytest.mark.parametrize("wide", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_encodings_are_told_by_their_mark_or_their_zeros(wide: str) -> None:
    data = "text,label\n很好,1\n".encode(wide)
    found = wide_encoding(data)
    assert found is not None
    assert data.decode(found).removeprefix("\ufeff") == "text,label\n很好,1\n"
    assert wide_encoding(b"text,label\n") is None


def test_one_broken_text_does_not_decide_for_all() -> None:
    gb18030 = [text.encode("gb18030") for text in CHINESE]
    assert detect_encoding([*gb18030, b"bad \xff\xff bytes"]).name == "gb18030"
    assert detect_encoding([*(text.encode() for text in CHINESE), b"caf\xe9"]).name == "utf-8"


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
