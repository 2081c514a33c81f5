# %% [markdown]
# # Reviews: what do the photos add?
#
# This page is a notebook, run anew whenever the documentation is built. To be quick it trains on a
# few generated reviews, so read its figures as an example and no more;
# [Results](../results.md) has those that count.

# %%
import tempfile
from dataclasses import replace
from pathlib import Path

import chiasm
from chiasm.encoders.features.cache import FeatureCache
from chiasm.report.model_report import report_training
from chiasm.samples import write_reviews
from chiasm.training.run.pipeline import train

# %% [markdown]
# ## The data
#
# A CSV with a text, the path of an image and a label in each row; columns are found by their
# common names, and every value is checked when it is read.

# %%
folder = Path(tempfile.mkdtemp())
table = chiasm.read(write_reviews(folder / "reviews", rows=200, unseen=40))
table

# %%
found = chiasm.check(table)
found.classes, found.duplicates["any"].groups

# %% [markdown]
# ## Training
#
# A recipe is all that decides what a run comes to. This one lets the words ask the patches of the
# photo, or nothing.

# %%
recipe = chiasm.load_recipe("review-offline")
recipe = replace(recipe, training=replace(recipe.training, epochs=15))
cache = FeatureCache()
trained = train(
    table,
    recipe,
    out=folder / "model",
    command="docs/notebooks/reviews.py",
    cache=cache,
    report=lambda epoch: None,
)
f"{trained.validation.accuracy:.3f} of {trained.validation.rows} rows"

# %% [markdown]
# ## The report
#
# What `chiasm train` writes as `report.html`.

# %%
report = report_training(trained, table, recipe, command="docs/notebooks/reviews.py", cache=cache)
report

# %% [markdown]
# ## New reviews

# %%
classifier = chiasm.Classifier.load(folder / "model")
unseen = chiasm.read(folder / "reviews" / "unseen.csv")
unseen.take(range(3))

# %%
import pandas as pd

frame = pd.read_csv(folder / "reviews" / "unseen.csv").head(3)
frame["image"] = [folder / "reviews" / path for path in frame.pop("image_path")]
pd.DataFrame(classifier.predict_proba(frame), columns=classifier.classes_).round(2)
