# ruff: noqa: RUF001 - letters of all languages are what is read
"""Which encodings of texts are told apart: cells read right, by encoding, language and size.

    python benchmarks/encodings.py

writes benchmarks/results/encodings.json. Each encoding is tried on five languages, or as many as it
can hold; each data set has 1, 30 or 1,000 rows, all in that language; a fourth has 1,000 rows
of which one is not plain English. The sentences are ours.
"""

import json
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from chiasm.data.reading import read
from chiasm.errors import DataError

RESULTS = Path(__file__).parent / "results" / "encodings.json"
SENTENCES = {
    "English": (
        "My son’s toy broke after two days – not worth £20.",
        "It’s “perfect”, arrived at 5° below zero…",
        "The café’s coffee is fine, naïve as I am.",
    ),
    "French": (
        "Très déçu : la qualité n’est pas au rendez-vous.",
        "Livraison rapide, c’était « parfait », merci à l’équipe !",
        "Le goût est fade et ça coûte 15 € de trop.",
    ),
    "German": (
        "Schöne Größe, aber für 20 € zu teuer.",
        "Die Qualität ist mäßig, ich würde es nicht wieder kaufen.",
        "Sehr zufrieden – prompte Lieferung, gerne öfter!",
    ),
    "Portuguese": (
        "Não gostei, a tradução não é boa e o preço é alto.",
        "Ótimo produto, chegou antes do prazo, recomendação!",
        "A bateria não dura e o botão já está quebrado.",
    ),
    "Spanish": (
        "¡Muy buena relación calidad‑precio, mañana compro otra!".replace("‑", "-"),
        "No funcionó después de tres días, qué decepción.",
        "El tamaño es pequeño, pero el diseño es bonito.",
    ),
    "Polish": (
        "Świetna jakość, szybka wysyłka, gorąco polecam.",
        "Niestety zepsuło się po dwóch tygodniach używania.",
        "Kolor jest piękny, ale materiał dość cienki.",
    ),
    "Czech": (
        "Výborná kvalita, rychlé dodání, můžu doporučit.",
        "Bohužel přestalo fungovat už po dvou týdnech.",
        "Barva je hezká, ale látka je příliš tenká.",
    ),
    "Hungarian": (
        "Kiváló minőség, gyors szállítás, csak ajánlani tudom.",
        "Sajnos két hét után elromlott, nagyon csalódott vagyok.",
        "Szép a színe, de túl vékony az anyaga.",
    ),
    "Russian": (
        "Очень хорошее качество, доставка быстрая, спасибо продавцу.",
        "К сожалению, сломалось через две недели.",
        "Цвет красивый, но материал слишком тонкий.",
    ),
    "Ukrainian": (
        "Дуже гарна якість, швидка доставка, дякую продавцю.",
        "На жаль, зламалося вже за два тижні.",
        "Колір гарний, але матеріал їхній занадто тонкий.",
    ),
    "Bulgarian": (
        "Много добро качество, бърза доставка, препоръчвам.",
        "За съжаление се счупи след две седмици.",
        "Цветът е хубав, но платът е твърде тънък.",
    ),
    "Serbian": (
        "Веома добар квалитет, брза испорука, препоручујем.",
        "Нажалост, покварило се после две недеље.",
        "Боја је лепа, али је материјал сувише танак.",
    ),
    "Turkish": (
        "Çok kaliteli bir ürün, kargo hızlıydı, teşekkürler.",
        "Maalesef iki hafta içinde bozuldu, beğenmedim.",
        "Rengi güzel ama kumaşı çok ince, değmez.",
    ),
    "Chinese": (
        "质量很好，非常喜欢，物流也很快。",
        "很失望，用了两个星期就坏了，不推荐。",
        "颜色漂亮，但是布料有点薄。",
    ),
    "Chinese, traditional": (
        "品質很好，非常喜歡，物流也很快。",
        "很失望，用了兩個星期就壞了，不推薦。",
        "顏色漂亮，但是布料有點薄。",
    ),
    "Japanese": (
        "とても良い商品でした。発送も早くて満足です。",
        "残念ながら二週間で壊れてしまいました。",
        "色はきれいですが、生地が少し薄いです。",
    ),
    "Korean": (
        "품질이 아주 좋고 배송도 빨라서 만족합니다.",
        "아쉽게도 이 주 만에 고장이 났어요.",
        "색깔은 예쁜데 천이 조금 얇습니다.",
    ),
}
WESTERN = ("English", "French", "German", "Portuguese", "Spanish")
LANGUAGES = {
    "utf-8": ("French", "Polish", "Russian", "Chinese", "Korean"),
    "utf-8-sig": ("French", "Polish", "Russian", "Chinese", "Korean"),
    "utf-16": ("French", "Polish", "Russian", "Chinese", "Korean"),
    "cp1252": WESTERN,
    "iso-8859-15": WESTERN,
    "cp1250": ("Polish", "Czech", "Hungarian"),
    "cp1251": ("Russian", "Ukrainian", "Bulgarian", "Serbian"),
    "koi8-r": ("Russian",),
    "cp1254": ("Turkish",),
    "gb18030": ("Chinese", "Chinese, traditional"),
    "big5": ("Chinese, traditional",),
    "cp932": ("Japanese",),
    "euc-jp": ("Japanese",),
    "cp949": ("Korean",),
    "mac-roman": WESTERN,
    "cp850": WESTERN,
    "cp852": ("Polish", "Czech", "Hungarian"),
    "cp866": ("Russian", "Bulgarian"),
}
# Quotes, dashes and signs that the older encoding lacks, as people wrote them in it.
PLAIN = str.maketrans({"’": "'", "“": '"', "”": '"', "–": "-", "…": "...", "«": '"', "»": '"'})
ENGLISH = "Plain words in row {}, good enough for a start."


def texts(language: str, rows: int, *, foreign: int) -> list[str]:
    """So many rows, of which the last ``foreign`` are in the language."""
    said = SENTENCES[language]
    plain = [ENGLISH.format(row) for row in range(rows - foreign)]
    return [*plain, *(f"{said[row % len(said)]} {row}" for row in range(foreign))]


def count_right(folder: Path, encoding: str, wanted: list[str]) -> int:
    """How many of these texts are read as they were written."""
    if encoding == "iso-8859-15":
        wanted = [text.translate(PLAIN) for text in wanted]
    wanted = [text.encode(encoding, "ignore").decode(encoding) for text in wanted]
    path = folder / "t.tsv"
    path.write_bytes("\n".join(["text\tlabel", *(f"{t}\tx" for t in wanted)]).encode(encoding))
    try:
        found = read(path).values["text"]
    except DataError:
        return 0
    return sum(one == other for one, other in zip(found, wanted, strict=True))


def main() -> None:
    """Count, print a line for each encoding and language, and write all to the results."""
    results: dict[str, dict[str, list[int]]] = {}
    right: Counter[str] = Counter()
    with TemporaryDirectory() as folder:
        for encoding, languages in LANGUAGES.items():
            for language in languages:
                counts = []
                for rows, foreign in ((1, 1), (30, 30), (1000, 1000), (1000, 1)):
                    wanted = texts(language, rows, foreign=foreign)
                    counts.append(count_right(Path(folder), encoding, wanted))
                    right["sets"] += 1
                    right["read right"] += counts[-1] == rows
                results.setdefault(encoding, {})[language] = counts
                print(f"{encoding:12} {language:22} {counts}", flush=True)
    print(f"{right['read right']} of {right['sets']} sets read right")
    if "--dry-run" not in sys.argv:
        RESULTS.write_text(json.dumps({"sets": dict(right), "rows_right": results}, indent=1))


if __name__ == "__main__":
    main()
