use std::thread;

use modelwatch_testkit::{Exemplar, Labels, openmetrics_strict, prometheus_text_strict};

fn labels<const N: usize>(pairs: [(&str, &str); N]) -> Labels {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

#[test]
fn judged_samples_arrive_with_their_labels_unescaped_and_their_values_exact() {
    let hostile = "a\"b\\c\n} 1 # {é中\r\u{2028}";
    let line = |family: &str| {
        let escaped = hostile.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\"");
        format!("# HELP {family} What.\n# TYPE {family} gauge\n{family}{{kind=\"{escaped}\"}} 0.1\n")
    };
    let openmetrics = openmetrics_strict((line("level") + "# EOF\n").as_bytes()).unwrap();
    let text = prometheus_text_strict(line("level").as_bytes()).unwrap();
    assert_eq!(openmetrics, text);
    assert_eq!(openmetrics.len(), 1);
    assert_eq!(openmetrics[0].name, "level");
    assert_eq!(openmetrics[0].labels, labels([("kind", hostile)]));
    assert_eq!(openmetrics[0].value, 0.1);
}

#[test]
fn judged_nan_and_the_infinities_arrive_as_themselves() {
    let text = "# HELP g G.\n# TYPE g gauge\ng{v=\"1\"} +Inf\ng{v=\"2\"} -Inf\ng{v=\"3\"} NaN\n";
    for samples in [
        openmetrics_strict(format!("{text}# EOF\n").as_bytes()),
        prometheus_text_strict(text.as_bytes()),
    ] {
        let samples = samples.unwrap();
        assert_eq!(samples[0].value, f64::INFINITY);
        assert_eq!(samples[1].value, f64::NEG_INFINITY);
        assert!(samples[2].value.is_nan());
    }
}

#[test]
fn judged_exemplars_and_timestamps_arrive() {
    let text = "# HELP jobs Jobs.\n# TYPE jobs counter\njobs_total 3.0 17.5 # {trace_id=\"ab\"} 1.0 16.25\n# EOF\n";
    let samples = openmetrics_strict(text.as_bytes()).unwrap();
    assert_eq!(samples[0].timestamp, Some(17.5));
    let exemplar = Exemplar {
        labels: labels([("trace_id", "ab")]),
        value: 1.0,
        timestamp: Some(16.25),
    };
    assert_eq!(samples[0].exemplar, Some(exemplar));
}

#[test]
fn judged_what_is_not_openmetrics_is_refused() {
    for (wrong, text) in [
        ("no EOF", "# HELP g G.\n# TYPE g gauge\ng 1\n"),
        ("something after EOF", "# EOF\ng 1\n"),
        (
            "an unescaped quote",
            "# HELP g G.\n# TYPE g gauge\ng{a=\"b\"c\"} 1\n# EOF\n",
        ),
        (
            "a raw newline in a label",
            "# HELP g G.\n# TYPE g gauge\ng{a=\"b\nc\"} 1\n# EOF\n",
        ),
        (
            "a counter without _total",
            "# HELP c C.\n# TYPE c counter\nc 1\n# EOF\n",
        ),
        (
            "a family in two pieces",
            "# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\n# TYPE a gauge\na{x=\"y\"} 1\n# EOF\n",
        ),
        (
            "a series there twice",
            "# HELP g G.\n# TYPE g gauge\ng{a=\"b\"} 1\ng{a=\"b\"} 2\n# EOF\n",
        ),
        (
            "a histogram without +Inf",
            "# TYPE h histogram\nh_bucket{le=\"1.0\"} 1\nh_count 1\nh_sum 1\n# EOF\n",
        ),
        (
            "a count that is not the +Inf bucket",
            "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_count 2\nh_sum 1\n# EOF\n",
        ),
    ] {
        assert!(openmetrics_strict(text.as_bytes()).is_err(), "{wrong} was accepted");
    }
    openmetrics_strict(b"# HELP g \xff\n# EOF\n").unwrap_err();
}

#[test]
fn judged_what_is_not_prometheus_text_is_refused() {
    for (wrong, text) in [
        ("an unescaped quote", "g{a=\"b\"c\"} 1\n"),
        ("no value", "g{a=\"b\"}\n"),
        ("a value that is no number", "g one\n"),
        ("an invalid name", "g-h 1\n"),
        ("a series there twice", "g{a=\"b\"} 1\ng{a=\"b\"} 1\n"),
        ("no last newline", "g 1"),
    ] {
        assert!(prometheus_text_strict(text.as_bytes()).is_err(), "{wrong} was accepted");
    }
    prometheus_text_strict(b"g{a=\"\xff\"} 1\n").unwrap_err();
}

#[test]
fn judged_a_refusal_does_not_disturb_the_questions_after_it_nor_do_threads_each_other() {
    thread::scope(|scope| {
        for worker in 0..4 {
            scope.spawn(move || {
                for round in 0..250 {
                    prometheus_text_strict(b"g{\n").unwrap_err();
                    let text = format!("g{{worker=\"{worker}\"}} {round}\n");
                    let samples = prometheus_text_strict(text.as_bytes()).unwrap();
                    assert_eq!(samples[0].labels, labels([("worker", &worker.to_string())]));
                    assert_eq!(samples[0].value, f64::from(round));
                }
            });
        }
    });
}
