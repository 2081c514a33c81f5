"""chiasm from Python: a scikit-learn estimator over a DataFrame of texts and images.

The reviews are generated, and few, so that this takes a minute; ``make demo`` learns from more.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from sklearn.model_selection import train_test_split

import chiasm
from chiasm.samples import write_reviews


def read_reviews(folder: Path) -> pd.DataFrame:
    reviews = pd.read_csv(write_reviews(folder, rows=600, unseen=0))
    reviews["image"] = [folder / path for path in reviews["image_path"]]
    return reviews[["text", "image", "label"]]


def main() -> None:
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        train, test = train_test_split(read_reviews(folder / "reviews"), random_state=0)

        classifier = chiasm.Classifier(fusion="cross_attention", epochs=30, verbose=True)
        classifier.fit(train[["text", "image"]], train["label"])
        print(f"accuracy {classifier.score(test[['text', 'image']], test['label']):.3f}")

        classifier.save(folder / "model")
        loaded = chiasm.Classifier.load(folder / "model")
        probabilities = loaded.predict_proba(test[:5])
        print(pd.DataFrame(probabilities, columns=loaded.classes_).round(3))


if __name__ == "__main__":
    main()
