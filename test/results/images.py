#!/usr/bin/env python3
"""Runs `macaw make` on the picture sets and prints test accuracy, wall clock and peak memory.

    test/results/fetch
    go build -o .cache/macaw ./cmd/macaw
    /usr/bin/python3 test/results/images.py [--sets digits,mnist,cifar] [--seeds 1] [--budget 5m]

digits   examples/digits, UCI optical digits 8x8, --budget 40s; Macaw's own stratified split
mnist    60,000 to learn from, the 10,000 of t10k are the test part
cifar    cifar10-2000 of the test data (MACAW_TESTDATA or ../shared/data): 1,500 and 500 pictures
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = pathlib.Path(os.environ.get("MACAW_TESTDATA", ROOT.parent / "shared/data"))
SETS = {
    "digits": (ROOT / "examples/digits", "40s"),
    "mnist": (ROOT / ".cache/results/mnist", None),
    "cifar": (DATA / "cifar10-2000", None),
}


def make(binary, path, budget, seed):
    """The last event of a run, with its exit and its own peak memory in MiB."""
    home = tempfile.mkdtemp()
    try:
        process = subprocess.Popen([binary, "make", path, "--json", "--seed", str(seed), "--budget", budget],
                                   env=os.environ | {"MACAW_HOME": home}, stdout=subprocess.PIPE, text=True)
        out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            sys.exit(f"make {path} failed")
        return json.loads(out.strip().splitlines()[-1]) | {"peak_mib": usage.ru_maxrss / 1024}
    finally:
        shutil.rmtree(home)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--sets", default=",".join(SETS))
    ap.add_argument("--seeds", type=int, default=1)
    ap.add_argument("--budget", default="5m")
    ap.add_argument("--macaw", default=ROOT / ".cache/macaw")
    args = ap.parse_args()
    for name in args.sets.split(","):
        path, budget = SETS[name]
        scores = []
        for seed in range(1, args.seeds + 1):
            done = make(args.macaw, path, budget or args.budget, seed)
            scores.append(done["test"])
            print(f"{name} seed {seed}: test {100 * done['test']:.2f} %  validation {100 * done['validation']:.2f} %  {done['seconds']:.1f} s  {done['peak_mib']:.0f} MiB", flush=True)
        if len(scores) > 1:
            print(f"{name} mean of {len(scores)} seeds: {100 * statistics.mean(scores):.2f} %", flush=True)


if __name__ == "__main__":
    main()
