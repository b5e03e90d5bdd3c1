"""Seconds and peak memory of `modelwatch performance` and of NannyML on the same rows. Run by scripts/performance-beside.

Each side is a process of its own that reads the same Parquet files, tells five measures by labels and estimates them (CBPE), by chunks
of a tenth of the rows. NannyML's process may take no more memory than --memory gigabytes of data; where it needs more, the table says so.
"""

import argparse
import json
import pathlib
import resource
import subprocess
import sys
import tempfile

import numpy
import pandas
from sklearn import metrics

ROOT = pathlib.Path(__file__).resolve().parent.parent
MEASURES = ["accuracy", "precision", "recall", "f1", "roc_auc"]
# A process that runs another, so that the peak is that one's own.
RUN = """
import json, resource, subprocess, sys, time
began = time.perf_counter()
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
seconds = time.perf_counter() - began
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
said = done.stderr.strip().splitlines()[-1:] if done.returncode else []
print(json.dumps([done.returncode, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e3, done.stdout, said]))
"""
THEIRS = """
import json, resource, sys
limit, reference, current, chunk = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
import nannyml, pandas
MEASURES = ["accuracy", "precision", "recall", "f1", "roc_auc"]
reference, current = pandas.read_parquet(reference), pandas.read_parquet(current)
told = {}
for name, kind in [("realised", nannyml.PerformanceCalculator), ("estimated", nannyml.CBPE)]:
    fitted = kind(y_pred_proba="score", y_pred="predicted", y_true="label", problem_type="classification_binary",
                  metrics=MEASURES, chunk_size=chunk).fit(reference)
    found = (fitted.calculate if name == "realised" else fitted.estimate)(current)
    frame = found.filter(period="analysis").to_df()
    told[name] = {measure: float(frame[(measure, "value")].iloc[0]) for measure in MEASURES}
print(json.dumps(told))
"""


def run(*command):
    out = subprocess.run([sys.executable, "-c", RUN, *map(str, command)], check=True, capture_output=True, text=True).stdout
    return json.loads(out)


def scored(random, rows, lean):
    """Scores that lean to one side, and labels that follow them."""
    score = random.beta(2.0, 2.0 + lean, rows)
    return pandas.DataFrame(
        {
            "time": pandas.Timestamp("2026-04-01", tz="UTC") + pandas.to_timedelta(numpy.arange(rows) * 10 // rows, unit="D"),
            "score": score,
            "predicted": (score >= 0.5).astype("int8"),
            "label": (random.uniform(0, 1, rows) < score).astype("int8"),
        }
    )


def by_scikit_learn(frame):
    label, predicted = frame["label"], frame["predicted"]
    return {
        "accuracy": metrics.accuracy_score(label, predicted),
        "precision": metrics.precision_score(label, predicted),
        "recall": metrics.recall_score(label, predicted),
        "f1": metrics.f1_score(label, predicted),
        "roc_auc": metrics.roc_auc_score(label, frame["score"]),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="1000000,10000000", help="how many rows, several with commas between them")
    parser.add_argument("--memory", type=float, default=4.0, help="gigabytes of data for NannyML")
    parser.add_argument("--command", type=pathlib.Path, default=ROOT / "target/release/modelwatch")
    arguments = parser.parse_args()
    random = numpy.random.default_rng(1)
    print("| rows | by | seconds | processor seconds | peak MB | furthest from scikit-learn |")
    print("| --: | --- | --: | --: | --: | --: |")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        reference, current = folder / "reference.parquet", folder / "current.parquet"
        scored(random, 100_000, 0.0).to_parquet(reference)
        for rows in map(int, arguments.rows.split(",")):
            frame = scored(random, rows, 1.0)
            frame.to_parquet(current)
            first = by_scikit_learn(frame.iloc[: rows // 10])
            del frame
            row(rows, "modelwatch", first, ours, [
                arguments.command, "performance", reference, current, "--label", "label", "--score", "score", "--class", "predicted",
                "--time", "time", "--window", "1d", "--json",
            ])  # fmt: skip
            limit = int(arguments.memory * 1e9)
            row(rows, "NannyML 0.13.1", first, json.loads, [
                sys.executable, "-W", "ignore", "-c", THEIRS, limit, reference, current, rows // 10,
            ])  # fmt: skip


def ours(text):
    report = json.loads(text)
    window = next(group for group in report["groups"] if group["kind"] == "window")
    return {kind: {name: window[kind]["measures"][name]["value"] for name in MEASURES} for kind in ("realised", "estimated")}


estimates = {}


def row(rows, who, truth, read, command):
    failed, seconds, processor, peak, out, said = run(*command)
    if failed:
        print(f"| {rows:,} | {who} | ended after {seconds:.1f} | {processor:.1f} | {peak:,.0f} | {' '.join(said)[:80]} |", flush=True)
        return
    told = read(out)
    furthest = max(abs(told["realised"][measure] - truth[measure]) for measure in MEASURES)
    print(f"| {rows:,} | {who} | {seconds:.1f} | {processor:.1f} | {peak:,.0f} | {furthest:.1e} |", flush=True)
    if rows in estimates:
        apart = max(abs(told["estimated"][measure] - estimates[rows][measure]) for measure in MEASURES)
        print(f"furthest that the two estimates of {rows:,} rows are apart: {apart:.1e}", file=sys.stderr)
    estimates[rows] = told["estimated"]


main()
