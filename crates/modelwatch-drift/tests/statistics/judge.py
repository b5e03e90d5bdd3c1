"""The statistics of scipy and of the definitions, on the flights.

Reads on stdin a line of JSON a case: the two samples by file and column, the bins' edges and their counts. Writes a
line of JSON a case: each statistic by name.
"""

import json
import sys

import numpy
import pyarrow.parquet
from scipy import stats
from scipy.spatial import distance


def values(file, column):
    table = pyarrow.parquet.read_table(file, columns=[column])
    numbers = table[column].drop_null().to_numpy()
    return numbers[~numpy.isnan(numbers)]


def main():
    for line in sys.stdin:
        case = json.loads(line)
        reference = values(case["reference"], case["column"])
        window = values(case["window"], case["column"])
        edges = numpy.array([-numpy.inf, *case["edges"], numpy.inf])
        # numpy's last bin is closed; nothing lies at infinity.
        counts = [numpy.histogram(sample, edges)[0] for sample in (reference, window)]
        counts = numpy.array(counts)
        used = counts[:, counts.sum(axis=0) > 0]
        shares = used / used.sum(axis=1, keepdims=True)
        answer = {
            "counts": counts.tolist(),
            "ks": stats.ks_2samp(reference, window, method="asymp").statistic,
            "wasserstein": stats.wasserstein_distance(reference, window) / reference.std(),
            "deviation": reference.std(),
            "mean": reference.mean(),
            "jensen_shannon": distance.jensenshannon(shares[0], shares[1], base=2),
            "hellinger": numpy.linalg.norm(numpy.sqrt(shares[0]) - numpy.sqrt(shares[1])) / numpy.sqrt(2),
        }
        test = stats.chi2_contingency(used, correction=False)
        answer |= {"chi_square": test.statistic, "degrees": int(test.dof), "p_value": test.pvalue}
        if (used > 0).all():
            answer["psi"] = ((shares[1] - shares[0]) * numpy.log(shares[1] / shares[0])).sum()
        print(json.dumps(answer, default=float))


main()
