"""Estimates of NannyML and of modelwatch on the same rows, beside what labels say. Run by scripts/beside-nannyml."""

import json
import subprocess
import sys
from pathlib import Path

import nannyml
import pandas

CLASSES = ["accuracy", "precision", "recall", "f1", "roc_auc"]


def modelwatch(command, reference, current, *options):
    report = [command, "performance", reference, current, "--json", *options]
    report = json.loads(subprocess.run(report, check=True, capture_output=True, text=True).stdout)
    return report["groups"][0]


def estimates(frame, measures):
    """The last row that is not of the reference."""
    last = frame.iloc[-1]
    return {measure: (float(last[(measure, "value")]), float(last[(measure, "sampling_error")])) for measure in measures}


def show(data, ours, theirs):
    for measure, (value, error) in theirs.items():
        mine = ours["estimated"]["measures"][measure]
        labels = ours["realised"]["measures"][measure]["value"]
        nearer = "modelwatch" if abs(mine["value"] - labels) < abs(value - labels) else "NannyML"
        nearer += f" by {abs(abs(mine['value'] - labels) - abs(value - labels)):.5f}"
        digits = 4 if labels < 100 else 1
        print(
            f"| {data} | {measure} | {labels:.{digits}f} "
            f"| {mine['value']:.{digits}f} ({mine['low']:.{digits}f} to {mine['high']:.{digits}f}) "
            f"| {value:.{digits}f} ± {error:.{digits}f} | {nearer} |"
        )


def classes(data, work, command, reference, current, score, predicted, label):
    fitted = nannyml.CBPE(
        y_pred_proba=score,
        y_pred=predicted,
        y_true=label,
        problem_type="classification_binary",
        metrics=CLASSES,
        chunk_size=len(current),
    ).fit(reference)
    theirs = estimates(fitted.estimate(current).filter(period="analysis").to_df(), CLASSES)
    files = [work / "reference.parquet", work / "current.parquet"]
    reference.to_parquet(files[0])
    current.to_parquet(files[1])
    ours = modelwatch(command, *files, "--label", label, "--score", score, "--class", predicted)
    show(data, ours, theirs)
    return {measure: {"value": value, "sampling_error": error} for measure, (value, error) in theirs.items()}


def numbers(data, work, command, reference, current, features, predicted, label):
    measures = ["mae", "rmse"]
    # NannyML can't encode the texts of pandas 3, so both get a number for each.
    for name in features:
        if reference[name].dtype.kind not in "fiub":
            codes = {text: code for code, text in enumerate(sorted(reference[name].dropna().unique()))}
            reference[name], current[name] = (frame[name].map(codes).astype(float) for frame in (reference, current))
    fitted = nannyml.DLE(
        feature_column_names=features, y_pred=predicted, y_true=label, metrics=measures, chunk_size=len(current)
    ).fit(reference)
    theirs = estimates(fitted.estimate(current).filter(period="analysis").to_df(), measures)
    files = [work / "reference.parquet", work / "current.parquet"]
    reference.to_parquet(files[0])
    current.to_parquet(files[1])
    options = ["--label", label, "--score", predicted, "--features", ",".join(features)]
    show(data, modelwatch(command, *files, *options), theirs)


def joint():
    """Reconstruction errors, which tests/statistics/joint.rs of modelwatch-drift compares with."""
    columns = "dep_delay distance hour temp dewp humid wind_speed precip pressure visib".split()
    flights = Path("examples/data/flights")
    quarter = pandas.read_parquet(flights / "train-2013q1.parquet")[columns]
    print("\n| week | reconstruction error by NannyML | its limits |")
    print("| --- | --: | --: |")
    for week in ["2013-04-08", "2013-07-08"]:
        rows = pandas.read_parquet(flights / f"replay-{week}-week.parquet")[columns]
        fitted = nannyml.DataReconstructionDriftCalculator(column_names=columns, chunk_size=len(rows)).fit(quarter)
        last = fitted.calculate(rows).filter(period="analysis").to_df().iloc[-1]["reconstruction_error"]
        print(f"| {week} | {last['value']!r} | {last['lower_threshold']:.3f} to {last['upper_threshold']:.3f} |")


def main():
    work, command, golden = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    print("| data | measure | by labels | modelwatch, estimated | NannyML, estimated | nearer to labels |")
    print("| --- | --- | --: | --: | --: | --- |")
    figures = {}
    reference = pandas.read_csv(work / "reference.csv")
    for week in ["april", "july"]:
        current = pandas.read_csv(work / f"{week}.csv")
        figures[week] = classes(f"flights, {week}", work, command, reference, current, "score", "predicted", "late")
    golden.write_text(json.dumps(figures, indent=2) + "\n")

    reference, current, labels = nannyml.load_synthetic_car_loan_dataset()
    current = current.merge(labels, on="id")
    classes("car loans", work, command, reference, current, "y_pred_proba", "y_pred", "repaid")

    reference, current, labels = nannyml.load_synthetic_car_price_dataset()
    current = current.merge(labels, on="id")
    features = ["car_age", "km_driven", "price_new", "accident_count", "door_count", "fuel", "transmission"]
    numbers("car prices", work, command, reference, current, features, "y_pred", "y_true")
    joint()


main()
