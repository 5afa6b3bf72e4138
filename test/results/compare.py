#!/usr/bin/env python3
"""Compares `macaw make` with scikit-learn over ten fixed splits.

    test/results/fetch
    go build -o .cache/macaw ./cmd/macaw
    /usr/bin/python3 test/results/compare.py [--sets wine,cars] [--splits 10] [--budget 20s]

Split i is a shuffle by seed i: 25 % are the test part (stratified by class), the
rest is what both may learn from. Macaw is given a folder with train.csv and
test.csv (or train/ and test/ folders of mails) and its own test figure is read.

scikit-learn's side: HistGradientBoosting{Classifier,Regressor}() with defaults.
Encoding of its features: numbers as they are; a date as seconds; other strings
by OrdinalEncoder (unknown = missing), marked as categorical where a column has at
most 255 levels, as plain ordinal numbers where it has more. Mails: TfidfVectorizer()
and LogisticRegression(max_iter=1000), defaults, on the mails decoded as Latin-1.

Reported: accuracy, or R² for regression, mean over splits; the standard error of
the paired difference; "below" when Macaw is lower by more than one of it.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from convert import TABLES

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def macaw(args, folder, seed, target=None):
    """Runs make on folder and returns its last event and its peak memory in MiB."""
    home = tempfile.mkdtemp(dir=args.work)
    command = ["/usr/bin/env", f"MACAW_HOME={home}", str(args.macaw), "make", str(folder), "--json", "--seed", str(seed), "--budget", args.budget]
    if target:
        command += ["--target", target]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed")
    shutil.rmtree(home)
    return json.loads(out.strip().splitlines()[-1]) | {"peak_mib": usage.ru_maxrss / 1024}


def features(frame, target):
    """scikit-learn's columns and which of them are categories."""
    x, categorical = pd.DataFrame(index=frame.index), []
    for name in frame.columns:
        if name == target:
            continue
        col = frame[name]
        if col.dtype == object:
            dates = pd.to_datetime(col, errors="coerce", format=None)
            if dates.notna().sum() >= 0.9 * col.notna().sum() and col.notna().any():
                x[name] = dates.map(lambda d: d.timestamp() if pd.notna(d) else np.nan)
                continue
            few = col.nunique() <= 255
            x[name] = col.astype(object).where(col.notna(), None)
            categorical.append((name, few))
        else:
            x[name] = col.astype(float)
    return x, categorical


def sklearn_table(frame, target, task, train, test, seed):
    x, strings = features(frame, target)
    xtr, xte = x.iloc[train].copy(), x.iloc[test].copy()
    for name, _ in strings:
        enc = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan)
        xtr[name] = enc.fit_transform(xtr[[name]].astype(object)).ravel()
        xte[name] = enc.transform(xte[[name]].astype(object)).ravel()
    mask = [any(name == n and few and xtr[n].nunique() <= 254 for n, few in strings) for name in x.columns]
    make = HistGradientBoostingClassifier if task == "classification" else HistGradientBoostingRegressor
    model = make(random_state=seed, categorical_features=mask if any(mask) else None)
    model.fit(xtr.astype(float).values, frame[target].values[train])
    return model.score(xte.astype(float).values, frame[target].values[test])


def split(labels, task, seed):
    rows = np.arange(len(labels))
    return train_test_split(rows, test_size=0.25, random_state=seed, stratify=labels if task == "classification" else None)


def table(args, name):
    target, task = TABLES[name]
    frame = pd.read_csv(args.data / (name + ".csv"))
    for seed in range(args.splits):
        train, test = split(frame[target], task, seed)
        start = time.time()
        theirs = sklearn_table(frame, target, task, train, test, seed)
        took = time.time() - start
        folder = pathlib.Path(tempfile.mkdtemp(dir=args.work)) / name
        folder.mkdir()
        frame.iloc[train].to_csv(folder / "train.csv", index=False)
        frame.iloc[test].to_csv(folder / "test.csv", index=False)
        yield macaw(args, folder, seed, target), theirs, took


def mail_rows(args):
    paths = sorted((args.data / "mails").glob("*/*"))
    return paths, np.array([p.parent.name for p in paths])


def mails(args):
    paths, labels = mail_rows(args)
    texts = [p.read_bytes().decode("latin-1") for p in paths]
    for seed in range(args.splits):
        train, test = split(labels, "classification", seed)
        start = time.time()
        model = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000))
        model.fit([texts[i] for i in train], labels[train])
        theirs = model.score([texts[i] for i in test], labels[test])
        took = time.time() - start
        folder = pathlib.Path(tempfile.mkdtemp(dir=args.work)) / "mails"
        for part, rows in (("train", train), ("test", test)):
            for i in rows:
                to = folder / part / labels[i]
                to.mkdir(parents=True, exist_ok=True)
                os.link(paths[i], to / paths[i].name)
        yield macaw(args, folder, seed), theirs, took


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--sets", default=",".join([*TABLES, "mails"]))
    ap.add_argument("--splits", type=int, default=10)
    ap.add_argument("--budget", default="20s")
    ap.add_argument("--data", type=pathlib.Path, default=ROOT / ".cache/results")
    ap.add_argument("--macaw", type=pathlib.Path, default=ROOT / ".cache/macaw")
    args = ap.parse_args()
    for name in args.sets.split(","):
        ours, theirs, seconds, took, peak = [], [], [], [], 0
        with tempfile.TemporaryDirectory(dir=args.data) as args.work:
            for done, peer, peer_took in (mails(args) if name == "mails" else table(args, name)):
                ours.append(done["test"])
                theirs.append(peer)
                seconds.append(done["seconds"])
                took.append(peer_took)
                peak = max(peak, done["peak_mib"])
                print(f"  {name} split {len(ours) - 1}: macaw {ours[-1]:.4f} ({seconds[-1]:.1f} s)  sklearn {peer:.4f} ({peer_took:.1f} s)", file=sys.stderr, flush=True)
        d = np.array(ours) - np.array(theirs)
        se = d.std(ddof=1) / np.sqrt(len(d)) if len(d) > 1 else float("nan")
        verdict = "below" if d.mean() < -se else "above" if d.mean() > 0 else "level"
        print(f"{name:14s} macaw {np.mean(ours):.4f}  sklearn {np.mean(theirs):.4f}  difference {d.mean():+.4f} ± {se:.4f}  {verdict}  "
              f"(macaw {np.mean(seconds):.0f} s, at most {peak:.0f} MiB, sklearn {np.mean(took):.1f} s a split)", flush=True)


if __name__ == "__main__":
    main()
