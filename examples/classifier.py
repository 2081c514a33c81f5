"""chiasm from Python: a scikit-learn estimator over a DataFrame of texts and pictures.

The reviews are generated so that neither their words nor their photos are enough.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from sklearn.model_selection import train_test_split

import chiasm
from chiasm.data.samples.reviews.write_reviews import write_reviews


def read_reviews(folder: Path) -> pd.DataFrame:
    reviews = pd.read_csv(write_reviews(folder, rows=1000, unseen=0))
    reviews["image"] = [folder / path for path in reviews["image_path"]]
    return reviews[["text", "image", "label"]]


def main() -> None:
    with TemporaryDirectory() as temporary:
        reviews = read_reviews(Path(temporary) / "reviews")
        train, test = train_test_split(reviews, stratify=reviews["label"], random_state=0)
        for fusion in ("text", "cross_attention"):
            classifier = chiasm.Classifier(fusion=fusion)
            classifier.fit(train[["text", "image"]], train["label"])
            print(f"{fusion:<16}{classifier.score(test, test['label']):.3f}", flush=True)

        classifier.save(Path(temporary) / "model")
        loaded = chiasm.Classifier.load(Path(temporary) / "model")
        print(f"{'loaded again':<16}{loaded.score(test, test['label']):.3f}")


if __name__ == "__main__":
    main()
