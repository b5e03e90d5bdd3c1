use modelwatch_testkit::{
    Exemplar, MetricsServer, NativeHistogram, Page, Prometheus, PrometheusOptions, Value, protobuf_decode,
};
use std::time::Duration;

/// A message under construction: tags and lengths by hand, as the wire format has them.
#[derive(Clone, Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(mut self, field: u8, value: u64) -> Self {
        self.0.push(field << 3);
        self.raw_varint(value);
        self
    }

    fn zigzag(self, field: u8, value: i64) -> Self {
        self.varint(field, ((value << 1) ^ (value >> 63)).cast_unsigned())
    }

    fn double(mut self, field: u8, value: f64) -> Self {
        self.0.push(field << 3 | 1);
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    fn bytes(mut self, field: u8, value: &[u8]) -> Self {
        self.0.push(field << 3 | 2);
        self.raw_varint(value.len() as u64);
        self.0.extend_from_slice(value);
        self
    }

    fn text(self, field: u8, value: &str) -> Self {
        self.bytes(field, value.as_bytes())
    }

    fn message(self, field: u8, value: Self) -> Self {
        self.bytes(field, &value.0)
    }

    fn delimited(self) -> Vec<u8> {
        let mut framed = Self::default();
        framed.raw_varint(self.0.len() as u64);
        framed.0.extend_from_slice(&self.0);
        framed.0
    }

    fn raw_varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

const COUNTER: u64 = 0;
const GAUGE: u64 = 1;
const HISTOGRAM: u64 = 4;

fn family(name: &str, kind: u64) -> Message {
    Message::default().text(1, name).text(2, "What it is.").varint(3, kind)
}

fn label(name: &str, value: &str) -> Message {
    Message::default().text(1, name).text(2, value)
}

fn counter(value: f64) -> Message {
    Message::default().message(3, Message::default().double(1, value))
}

fn bucket(upper_bound: f64, cumulative_count: u64) -> Message {
    Message::default().varint(1, cumulative_count).double(2, upper_bound)
}

fn span(offset: i64, length: u64) -> Message {
    Message::default().zigzag(1, offset).varint(2, length)
}

fn exemplar() -> Message {
    let timestamp = Message::default().varint(1, 1_700_000_000).varint(2, 500_000_000);
    Message::default()
        .message(1, label("trace_id", "ab"))
        .double(2, 1.5)
        .message(3, timestamp)
}

/// One observation in the zero bucket, three in (1, 2], one in (8, 16], schema 0; and the classic buckets of the same.
fn latency() -> Message {
    Message::default()
        .varint(1, 5)
        .double(2, 16.5)
        .message(3, bucket(2.0, 4).message(3, exemplar()))
        .message(3, bucket(f64::INFINITY, 5))
        .zigzag(5, 0)
        .double(6, 0.001)
        .varint(7, 1)
        .message(12, span(1, 1))
        .message(12, span(2, 1))
        .zigzag(13, 3)
        .zigzag(13, -2)
}

fn page() -> Vec<u8> {
    let requests = Message::default()
        .message(1, label("route", "predict \"x\"\n"))
        .message(3, Message::default().double(1, 7.0));
    let histogram = Message::default().message(7, latency());
    [
        family("requests_total", COUNTER).message(4, requests),
        family("latency_seconds", HISTOGRAM).message(4, histogram),
    ]
    .map(Message::delimited)
    .concat()
}

#[test]
fn every_field_arrives() {
    let families = protobuf_decode(&page()).unwrap();
    assert_eq!(families.len(), 2);
    let requests = &families[0];
    assert_eq!(
        (requests.name.as_str(), requests.help.as_str()),
        ("requests_total", "What it is.")
    );
    assert_eq!(requests.metrics[0].labels["route"], "predict \"x\"\n");
    assert_eq!(
        requests.metrics[0].value,
        Value::Counter {
            value: 7.0,
            exemplar: None,
            created: None
        }
    );

    let Value::Histogram(latency) = &families[1].metrics[0].value else {
        panic!("{:?}", families[1])
    };
    assert_eq!((latency.count, latency.sum), (5, 16.5));
    let buckets: Vec<_> = latency
        .buckets
        .iter()
        .map(|bucket| (bucket.upper_bound, bucket.cumulative_count))
        .collect();
    assert_eq!(buckets, [(2.0, 4), (f64::INFINITY, 5)]);
    let expected = Exemplar {
        labels: [("trace_id".to_owned(), "ab".to_owned())].into(),
        value: 1.5,
        timestamp: Some(1_700_000_000.5),
    };
    assert_eq!(latency.buckets[0].exemplar, Some(expected));
    let native = NativeHistogram {
        schema: 0,
        zero_threshold: 0.001,
        zero_count: 1,
        positive: [(1, 3), (4, 1)].into(),
        negative: [].into(),
    };
    assert_eq!(latency.native, Some(native));
}

#[test]
fn judged_a_real_prometheus_reads_the_same_bytes_the_same_way() {
    let server = MetricsServer::start(|request| {
        assert!(
            request
                .accept
                .as_deref()
                .unwrap_or_default()
                .contains("io.prometheus.client.MetricFamily")
        );
        Page {
            content_type:
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
                    .to_owned(),
            body: page(),
            ..Page::default()
        }
    });
    let options = PrometheusOptions::scraping(server.address()).feature("native-histograms");
    let prometheus = Prometheus::start(&options).unwrap();
    let timeout = Duration::from_secs(20);
    let counts = prometheus
        .wait_for("histogram_count(latency_seconds)", |found| !found.is_empty(), timeout)
        .unwrap();
    assert_eq!(counts[0].1, 5.0);
    // The fifth of five observations is in the bucket (8, 16].
    let highest = prometheus.query("histogram_quantile(1, latency_seconds)").unwrap();
    assert_eq!(highest[0].1, 16.0);
    let requests = prometheus.query("requests_total").unwrap();
    assert_eq!(
        (requests[0].0["route"].as_str(), requests[0].1),
        ("predict \"x\"\n", 7.0)
    );
    let refusal = prometheus.query("latency_seconds").unwrap_err();
    assert!(refusal.contains("no plain number"), "{refusal}");
}

#[test]
fn what_is_wrong_is_refused_and_named() {
    let histogram = |histogram: Message| {
        family("h", HISTOGRAM)
            .message(4, Message::default().message(7, histogram))
            .delimited()
    };
    let five = || Message::default().varint(1, 5);
    let twice = |value: &str| counter(1.0).message(1, label("a", value));
    for (expected, stream) in [
        ("family 2 at byte", [page(), vec![9, 10]].concat()),
        ("no name", Message::default().varint(3, COUNTER).delimited()),
        ("no type", Message::default().text(1, "c").delimited()),
        (
            "there twice",
            [family("c", COUNTER).delimited(), family("c", COUNTER).delimited()].concat(),
        ),
        (
            "not the value of a Gauge",
            family("g", GAUGE).message(4, counter(1.0)).delimited(),
        ),
        (
            "label a is there twice",
            family("c", COUNTER)
                .message(4, twice("b").message(1, label("a", "c")))
                .delimited(),
        ),
        (
            "is there twice",
            family("c", COUNTER)
                .message(4, twice("b"))
                .message(4, twice("b"))
                .delimited(),
        ),
        (
            "a label has no name",
            family("c", COUNTER)
                .message(4, counter(1.0).message(1, label("", "b")))
                .delimited(),
        ),
        (
            "bucket 2 comes before 1",
            histogram(five().message(3, bucket(2.0, 4)).message(3, bucket(1.0, 5))),
        ),
        (
            "bucket 1 holds more",
            histogram(five().message(3, bucket(1.0, 4)).message(3, bucket(2.0, 3))),
        ),
        ("the count is 5", histogram(five().message(3, bucket(f64::INFINITY, 4)))),
        (
            "the native buckets hold 4",
            histogram(five().message(12, span(1, 1)).zigzag(13, 4)),
        ),
        (
            "longer than the deltas",
            histogram(five().message(12, span(1, 2)).zigzag(13, 5)),
        ),
        (
            "longer than the spans",
            histogram(five().message(12, span(1, 1)).zigzag(13, 5).zigzag(13, 0)),
        ),
        (
            "holds -1",
            histogram(five().message(12, span(1, 2)).zigzag(13, 5).zigzag(13, -6)),
        ),
        ("schema 9", histogram(five().zigzag(5, 9))),
        ("float histogram", histogram(Message::default().double(4, 5.0))),
    ] {
        let refusal = protobuf_decode(&stream).expect_err(expected);
        assert!(refusal.contains(expected), "expected {expected:?}: {refusal}");
    }
}

#[test]
fn a_label_that_is_not_utf8_is_refused() {
    let label = Message::default().text(1, "a").bytes(2, b"\xff");
    protobuf_decode(
        &family("c", COUNTER)
            .message(4, counter(1.0).message(1, label))
            .delimited(),
    )
    .unwrap_err();
}
