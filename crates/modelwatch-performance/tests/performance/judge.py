"""The figures of scikit-learn, and of the definitions, for labelled predictions.

Reads on stdin a line of JSON a case; writes a line of JSON a case: each measure by name.
"""

import json
import sys

import numpy
from sklearn import metrics
from sklearn.isotonic import IsotonicRegression


def calibration_error(probability, happened):
    """Ten bins of equal width; a bin holds its lower edge, the last one 1, too."""
    place = numpy.minimum((probability * 10).astype(int), 9)
    gaps = [abs((probability[place == bin] - happened[place == bin]).sum()) for bin in range(10)]
    return sum(gaps) / len(probability)


def classes(case, actual, predicted, average):
    labels = {"average": average, "zero_division": 0}
    return {
        "accuracy": metrics.accuracy_score(actual, predicted),
        "precision": metrics.precision_score(actual, predicted, **labels),
        "recall": metrics.recall_score(actual, predicted, **labels),
        "f1": metrics.f1_score(actual, predicted, **labels),
    }


def binary(case):
    actual = numpy.array(case["actual"], dtype=int)
    predicted = numpy.array(case["predicted"], dtype=int)
    score = numpy.array(case["score"])
    return classes(case, actual, predicted, "binary") | {
        "roc_auc": metrics.roc_auc_score(actual, score),
        "log_loss": metrics.log_loss(actual, score),
        "brier_score": metrics.brier_score_loss(actual, score),
        "calibration_error": calibration_error(score, actual),
    }


def many(case):
    """Rows that both sides draw by the same rule: every score is another."""
    row = numpy.arange(case["rows"], dtype=numpy.uint64)
    score = (row * 2654435761 % 2**32).astype(float) / 2**32
    actual = ((row * 40503 % 65537).astype(float) / 65537 < score * score).astype(int)
    return binary({"actual": actual, "predicted": score >= 0.5, "score": score})


def multiclass(case):
    actual = numpy.array(case["actual"])
    predicted = numpy.array(case["predicted"])
    scores = numpy.array(case["scores"])
    one_hot = (actual[:, None] == numpy.arange(scores.shape[1])).astype(int)
    highest = scores.argmax(axis=1)
    return classes(case, actual, predicted, "macro") | {
        "roc_auc": metrics.roc_auc_score(one_hot, scores, average="macro"),
        "log_loss": metrics.log_loss(actual, scores),
        "brier_score": ((scores - one_hot) ** 2).sum(axis=1).mean(),
        "calibration_error": calibration_error(scores.max(axis=1), (highest == actual).astype(int)),
    }


def regression(case):
    actual, predicted = numpy.array(case["actual"]), numpy.array(case["predicted"])
    return {
        "mae": metrics.mean_absolute_error(actual, predicted),
        "rmse": metrics.root_mean_squared_error(actual, predicted),
        "bias": (predicted - actual).mean(),
        "r2": metrics.r2_score(actual, predicted),
    }


def isotonic(case):
    model = IsotonicRegression(out_of_bounds="clip")
    model.fit(case["score"], numpy.array(case["actual"], dtype=float))
    return {"calibrated": model.predict(case["asked"]).tolist()}


KINDS = {"binary": binary, "many": many, "multiclass": multiclass, "regression": regression, "isotonic": isotonic}

for line in sys.stdin:
    case = json.loads(line)
    print(json.dumps(KINDS[case["kind"]](case), default=float), flush=True)
