"""Parses expositions with prometheus_client until stdin ends.

A request is one byte, the format (b"o" OpenMetrics, b"p" Prometheus text), four bytes of big-endian length, and the text.
An answer is four bytes of length and JSON: {"samples": [[name, labels, value, timestamp, exemplar], ...]} or {"error": "..."}.
Numbers travel as strings, since JSON has no NaN and no infinity.
"""

import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus_text


def number(value):
    return None if value is None else repr(float(value))


def exemplar(value):
    return value and [value.labels, number(value.value), number(value.timestamp)]


def series_twice(samples):
    seen = set()
    for sample in samples:
        series = (sample.name, tuple(sorted(sample.labels.items())))
        if series in seen:
            return series
        seen.add(series)
    return None


def parse(form, frame):
    text = frame.decode("utf-8")
    if text and not text.endswith("\n"):
        raise ValueError("the last line does not end in a newline")
    families = openmetrics(text) if form == b"o" else prometheus_text(text)
    samples = [sample for family in families for sample in family.samples]
    # The parsers keep quiet about a series that is there twice: one drops the second sample, the other returns both.
    twice = series_twice(samples)
    if twice:
        raise ValueError(f"a series is there twice: {twice!r}")
    lines = sum(1 for line in text.split("\n") if line and not line.startswith("#"))
    if lines != len(samples):
        raise ValueError(f"{lines} sample lines made {len(samples)} samples: a series is there twice")
    return [[s.name, s.labels, number(s.value), number(s.timestamp), exemplar(s.exemplar)] for s in samples]


def main():
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while form := requests.read(1):
        frame = requests.read(int.from_bytes(requests.read(4), "big"))
        try:
            answer = {"samples": parse(form, frame)}
        except Exception as error:  # whatever the parser trips over, the exposition is refused
            answer = {"error": f"{type(error).__name__}: {error}"[:2000]}
        body = json.dumps(answer).encode("ascii")
        answers.write(len(body).to_bytes(4, "big") + body)
        answers.flush()


main()
