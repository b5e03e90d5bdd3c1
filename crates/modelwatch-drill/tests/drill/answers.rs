//! What promtool says of tests that failed, read back.

use modelwatch_drill::rehearsal::{AnswerError, alerts};

/// As promtool 2.42 and 3.5 write it, byte for byte.
const SAID: &str = r#"Unit Testing:  canary-errors.json
  FAILED:
    alertname: ModelwatchDrill, time: 20m, 
        exp:[], 
        got:[
            0:
              Labels:{alertname="ModelwatchDrill"}
              Annotations:{}
            ]
    alertname: ModelwatchDrill, time: 1h40m30s, 
        exp:[], 
        got:[
            0:
              Labels:{alertname="ModelwatchDrill"}
              Annotations:{}
            ]
    alertname: MLTrafficGone, time: 1h40m30s, 
        exp:[], 
        got:[
            0:
              Labels:{alertname="MLTrafficGone", model_name="a \"b\" \\ é\x00, c=\"d\"}"}
              Annotations:{description="gone,\nfor long", summary="It is gone"},
            1:
              Labels:{"a.dot"="x", alertname="MLTrafficGone", model_name="other"}
              Annotations:{}
            ]
"#;

#[test]
fn gives_labels_and_texts_as_they_were() {
    let evaluations = alerts(SAID).unwrap();
    let times: Vec<_> = evaluations
        .iter()
        .map(|evaluation| (evaluation.at, evaluation.firing.len()))
        .collect();
    assert_eq!(times, [(1200, 0), (6030, 2)]);
    let alert = &evaluations[1].firing[0];
    assert_eq!(alert.label("model_name"), "a \"b\" \\ é\0, c=\"d\"}");
    assert_eq!(alert.annotation("description"), "gone,\nfor long");
    assert_eq!(evaluations[1].firing[1].label("a.dot"), "x");
}

#[test]
fn refuses_an_answer_in_which_nothing_was_evaluated() {
    for said in ["", "Unit Testing:  x.json\n  FAILED:\nno such file\n"] {
        assert!(matches!(alerts(said), Err(AnswerError::NoAnswer(_))), "{said}");
    }
    let error = alerts("  FAILED:\n unmarshal errors:\n line 1")
        .unwrap_err()
        .to_string();
    assert!(error.contains("unmarshal errors: line 1"), "{error}");
}

#[test]
fn refuses_lines_that_no_release_writes() {
    for line in [
        "alertname: A, when: 20m, ",
        "alertname: A, time: soon, ",
        "alertname: A, time: 1m, \nLabels:{a=b}",
        "alertname: A, time: 1m, \nLabels:{a=\"b\nAnnotations:{}",
        "Annotations:{}",
    ] {
        assert!(matches!(alerts(line), Err(AnswerError::Unreadable(_))), "{line}");
    }
}
