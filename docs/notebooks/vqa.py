# %% [markdown]
# # Questions about images
#
# Visual question answering with a fixed set of answers is classification: the question is the text,
# the answers are the classes. The data is easy-VQA (extra `samples`), of which this notebook takes
# a few rows, to be quick; it is run anew whenever the documentation is built.

# %%
import tempfile
from dataclasses import replace
from pathlib import Path

import pandas as pd

import chiasm
from chiasm.encoders.features.cache import FeatureCache
from chiasm.explanation.contributions import modality_contributions
from chiasm.model.dataset import encode_table
from chiasm.report.model_report import report_training
from chiasm.samples import write_vqa
from chiasm.training.run.pipeline import train

# %%
folder = Path(tempfile.mkdtemp())
questions = pd.read_csv(write_vqa(folder / "vqa"))
questions = questions[questions["split"] == "train"].sample(400, random_state=0)
questions["image"] = [folder / "vqa" / path for path in questions["image"]]
table = chiasm.read(questions.drop(columns="split"))
table

# %% [markdown]
# The same question is asked of many images, so only an equal image makes two rows duplicates:
# the recipe says `group_by: [image]`.

# %%
recipe = chiasm.load_recipe("vqa-offline")
recipe = replace(recipe, training=replace(recipe.training, epochs=12))
cache = FeatureCache()
trained = train(
    table,
    recipe,
    out=folder / "model",
    command="docs/notebooks/vqa.py",
    cache=cache,
    report=lambda epoch: None,
)

# %% [markdown]
# ## What the words and the image contribute
#
# Exact Shapley values of the two modalities, in probability. The question alone narrows the answers
# down to a colour, a shape, or yes and no.

# %%
rows = table.take(trained.parts.validation[:5])
explained = modality_contributions(
    trained.model,
    encode_table(rows, trained.model.encoders, cache=cache),
)
called = explained.prediction.argmax(axis=1)
pd.DataFrame(
    {
        "question": rows.values["text"],
        "answer": rows.labels,
        "called": [explained.classes[k] for k in called],
        "probability": [p[k] for p, k in zip(explained.prediction, called, strict=True)],
    }
    | {
        f"added by {modality}": [v[i, k] for v, k in zip(explained.values, called, strict=True)]
        for i, modality in enumerate(explained.modalities)
    }
).round(2)

# %%
report_training(trained, table, recipe, command="docs/notebooks/vqa.py", cache=cache)
