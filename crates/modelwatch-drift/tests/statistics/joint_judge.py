"""Reconstruction errors by scikit-learn and correlations by numpy, on the flights.

Reads on stdin a line of JSON a case: reference and window by file, and the columns. Writes a line of JSON a case.
"""

import json
import sys

import numpy
import pyarrow.parquet
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def values(file, columns):
    table = pyarrow.parquet.read_table(file, columns=columns)
    return numpy.column_stack([table[column].to_numpy().astype(float) for column in columns])


def correlations(rows):
    pairs = [(one, other) for one in range(rows.shape[1]) for other in range(one + 1, rows.shape[1])]
    both = [rows[~numpy.isnan(rows[:, pair]).any(axis=1)][:, pair] for pair in pairs]
    return [numpy.corrcoef(pair, rowvar=False)[0, 1] for pair in both]


def main():
    for line in sys.stdin:
        case = json.loads(line)
        reference, window = (values(case[file], case["columns"]) for file in ("reference", "window"))
        scaled = make_pipeline(SimpleImputer(), StandardScaler()).fit(reference)
        components = PCA(n_components=0.65).fit(scaled.transform(reference))

        def error(rows):
            rows = scaled.transform(rows)
            back = components.inverse_transform(components.transform(rows))
            return numpy.linalg.norm(rows - back, axis=1).mean()

        answer = {
            "components": int(components.n_components_),
            "reference_error": error(reference),
            "error": error(window),
            "before": correlations(reference),
            "now": correlations(window),
        }
        print(json.dumps(answer, default=float))


main()
