"""Write the benchmark sets with ten fixed splits and the scores of sklearn's
HistGradientBoosting with its defaults, one JSON file per set.

usage: peer.py OUT [VEGA_DATA [LETTER_RECOGNITION_DATA]]

Encoding for sklearn: numbers as they are, missing ones NaN; dates as days,
year, month, day; categories by OrdinalEncoder with the categorical_features mask, those
of more than 255 levels by OrdinalEncoder without it; unknown and missing ones NaN.
Splits: 75 % train, 25 % test by shuffle of seed 0..9, stratified for classes.
Scores: accuracy, or R2 for regression.
"""
import csv, json, os, sys
import numpy as np, pandas as pd, sklearn.datasets
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import OrdinalEncoder

out = sys.argv[1]
vega = sys.argv[2] if len(sys.argv) > 2 else "node_modules/vega-datasets/data"
letters = sys.argv[3] if len(sys.argv) > 3 else "/usr/share/doc/opencv-doc/examples/data/letter-recognition.data"


def bunch(b):
    frame = pd.DataFrame(b.data, columns=[str(n) for n in b.feature_names])
    y = b.target if not hasattr(b, "target_names") else np.array([b.target_names[i] for i in b.target])
    return frame, y


def records(name, target, drop=()):
    frame = pd.DataFrame(json.load(open(os.path.join(vega, name))))
    frame = frame[frame[target].notna()].reset_index(drop=True)
    y = frame[target].to_numpy()
    return frame.drop(columns=[target, *drop]), y


def letter():
    rows = list(csv.reader(open(letters)))
    return pd.DataFrame([[float(v) for v in r[1:]] for r in rows], columns=[f"x{i}" for i in range(16)]), np.array([r[0] for r in rows])


def diabetes():
    b = sklearn.datasets.load_diabetes(scaled=False)
    return pd.DataFrame(b.data, columns=b.feature_names), b.target


sets = {
    "breast_cancer": (lambda: bunch(sklearn.datasets.load_breast_cancer()), "classification"),
    "wine": (lambda: bunch(sklearn.datasets.load_wine()), "classification"),
    "diabetes": (diabetes, "regression"),
    "penguins": (lambda: records("penguins.json", "Species"), "classification"),
    "cars": (lambda: records("cars.json", "Miles_per_Gallon", ["Name"]), "regression"),
    "movies": (lambda: records("movies.json", "IMDB Rating", ["Title"]), "regression"),
    "letter": (letter, "classification"),
}


def kind(name, column):
    if name in ("Year", "Release Date"):
        return "date"
    values = column.dropna()
    return "category" if values.map(lambda v: isinstance(v, str)).any() else "number"


def encode(frame, kinds, train):
    """Matrix and mask of the categorical columns for sklearn."""
    columns, mask = [], []
    for c, k in zip(frame.columns, kinds):
        if k == "number":
            columns.append(pd.to_numeric(frame[c]).to_numpy(float)); mask.append(False)
        elif k == "date":
            d = pd.to_datetime(frame[c], errors="coerce")
            for v in ((d - pd.Timestamp("1970-01-01")).dt.days, d.dt.year, d.dt.month, d.dt.day):
                columns.append(v.to_numpy(float)); mask.append(False)
        else:
            v = frame[[c]].astype(object).where(frame[[c]].notna(), None).applymap(lambda s: "" if s is None else str(s))
            e = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan).fit(v.iloc[train])
            code = e.transform(v)[:, 0]
            code[(v[c] == "").to_numpy()] = np.nan
            columns.append(code); mask.append(len(e.categories_[0]) <= 255)
    return np.column_stack(columns), np.array(mask)


os.makedirs(out, exist_ok=True)
for name, (load, task) in sets.items():
    if len(sys.argv) > 4 and name not in sys.argv[4:]:
        continue
    frame, y = load()
    kinds = [kind(c, frame[c]) for c in frame.columns]
    splits, scores = [], []
    for seed in range(10):
        train, test = train_test_split(np.arange(len(y)), test_size=0.25, random_state=seed,
                                       stratify=y if task == "classification" else None)
        X, mask = encode(frame, kinds, train)
        M = HistGradientBoostingClassifier if task == "classification" else HistGradientBoostingRegressor
        m = M(categorical_features=mask if mask.any() else None, random_state=seed).fit(X[train], y[train])
        scores.append(m.score(X[test], y[test]))
        splits.append({"train": train.tolist(), "test": test.tolist()})
    cells = [["" if pd.isna(v) else str(v) for v in frame[c]] for c in frame.columns]
    json.dump({"name": name, "task": task, "columns": list(frame.columns), "kinds": kinds, "cells": cells,
               "target": [str(v) for v in y], "splits": splits, "sklearn": scores}, open(os.path.join(out, name + ".json"), "w"))
    print(f"{name:14s} {len(y):6d} rows  sklearn {np.mean(scores):.4f} ± {np.std(scores, ddof=1)/10**.5:.4f}", flush=True)
