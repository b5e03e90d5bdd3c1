//! Makes an outcome from the fields of a record: the label of an earlier prediction.

use std::borrow::Cow;

use modelwatch_log_format::columns;

use crate::fields::{Field, Fields};
use crate::rejection::{Reason, Rejection};
use crate::row::{Envelope, Naming, check_folder, class_into, text_into, time_of, wrong};

/// The contents of an outcome.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome<'a> {
    pub(crate) model: Cow<'a, str>,
    pub(crate) id: Cow<'a, str>,
    /// The actual class or number, as text.
    pub(crate) label: Cow<'a, str>,
    /// When it became known, in microseconds since the epoch.
    pub(crate) time: i64,
}

impl Naming {
    /// Makes an outcome from fields, and ignores fields with other names. The envelope's id is the prediction's.
    pub(crate) fn outcome<'a>(&self, fields: Fields<'a>, envelope: Envelope<'a>) -> Result<Outcome<'a>, Rejection> {
        let (mut model, mut id, mut label, mut time) = (None, None, None, None);
        for (name, field) in fields {
            match self.ours(&name) {
                "model" | "model_name" => text_into(&mut model, &name, field)?,
                columns::PREDICTION_ID => text_into(&mut id, &name, field)?,
                columns::LABEL => label_into(&mut label, &name, field)?,
                columns::TIME if time.is_none() => time = time_of(&name, &field)?,
                _ => {}
            }
        }
        let outcome = Outcome {
            model: self.model_of(model.or(envelope.model))?,
            id: there(columns::PREDICTION_ID, id.or(envelope.id))?,
            label: there(columns::LABEL, label)?,
            time: time.unwrap_or(envelope.time),
        };
        check_folder(&outcome.model, outcome.time)?;
        Ok(outcome)
    }
}

/// A number that is not finite can't be a label: it compares with nothing.
fn label_into<'a>(place: &mut Option<Cow<'a, str>>, name: &str, field: Field<'a>) -> Result<(), Rejection> {
    match field {
        Field::Number(number) if !number.is_finite() => {
            let problem = format!("is {number}, which is no label; send a class or a finite number");
            Err(Rejection::of_field(Reason::WrongType, name, problem))
        }
        Field::Null | Field::Number(_) | Field::Bool(_) | Field::Text(_) => class_into(place, name, field),
        other => Err(wrong(name, &other, "a class or a number")),
    }
}

/// Requires a value that is neither null nor an empty text.
fn there<'a>(column: &str, text: Option<Cow<'a, str>>) -> Result<Cow<'a, str>, Rejection> {
    let text = text.filter(|text| !text.trim().is_empty());
    text.ok_or_else(|| {
        Rejection::of_field(
            Reason::MissingField,
            column,
            "is not there, null or empty; send it, or rename the field that has it to it",
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::fields::{Field, parse_json};
    use crate::outcome::Outcome;
    use crate::rejection::{Reason, Rejection};
    use crate::row::{Envelope, Naming};

    fn read(json: &str) -> Result<Outcome<'_>, Rejection> {
        let Ok(Field::Group(fields)) = parse_json(json.as_bytes()) else {
            panic!("{json} is no object")
        };
        let naming = Naming {
            renamed: vec![("claim".into(), "prediction_id".into())],
            ..Naming::default()
        };
        let envelope = Envelope {
            time: 7,
            ..Envelope::default()
        };
        naming.outcome(fields, envelope)
    }

    #[test]
    fn reads_label_when_it_is_of_any_type_that_labels_have() {
        for (label, text) in [
            (r#""fraud""#, "fraud"),
            ("true", "true"),
            ("0", "0"),
            ("1.0", "1"),
            ("-12.25", "-12.25"),
            ("1e3", "1000"),
        ] {
            let json = format!(r#"{{"model": "m", "claim": 4711, "label": {label}, "amount": [1]}}"#);
            let outcome = read(&json).unwrap_or_else(|rejection| panic!("{json}: {rejection}"));
            assert_eq!(
                (&*outcome.model, &*outcome.id, &*outcome.label, outcome.time),
                ("m", "4711", text, 7)
            );
        }
    }

    /// JSON has no such number, Avro has.
    #[test]
    fn refuses_label_when_it_is_a_number_that_is_not_finite() {
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let fields = vec![
                ("model".into(), Field::Text("m".into())),
                ("prediction_id".into(), Field::Text("a".into())),
                ("label".into(), Field::Number(number)),
            ];
            let rejection = Naming::default().outcome(fields, Envelope::default());
            let rejection = rejection.expect_err("no label");
            assert_eq!(
                rejection.to_string(),
                format!("\"label\" is {number}, which is no label; send a class or a finite number")
            );
        }
    }

    #[test]
    fn refuses_outcome_when_what_every_outcome_has_is_not_there() {
        for (json, reason, field) in [
            (r#"{"claim": "a", "label": 1}"#, Reason::MissingField, "model"),
            (r#"{"model": "m", "label": 1}"#, Reason::MissingField, "prediction_id"),
            (
                r#"{"model": "m", "claim": null, "label": 1}"#,
                Reason::MissingField,
                "prediction_id",
            ),
            (
                r#"{"model": "m", "claim": " ", "label": 1}"#,
                Reason::MissingField,
                "prediction_id",
            ),
            (r#"{"model": "m", "claim": "a"}"#, Reason::MissingField, "label"),
            (
                r#"{"model": "m", "claim": "a", "label": null}"#,
                Reason::MissingField,
                "label",
            ),
            (
                r#"{"model": "m", "claim": "a", "label": ""}"#,
                Reason::MissingField,
                "label",
            ),
            (
                r#"{"model": "m", "claim": "a", "label": []}"#,
                Reason::WrongType,
                "label",
            ),
            (r#"{"model": "m", "claim": {}, "label": 1}"#, Reason::WrongType, "claim"),
            (
                r#"{"model": "m", "claim": "a", "label": 1, "time": "soon"}"#,
                Reason::WrongType,
                "time",
            ),
            (r#"{"model": "", "claim": "a", "label": 1}"#, Reason::ModelName, "model"),
        ] {
            let rejection = read(json).expect_err(json);
            assert_eq!(
                (rejection.reason, rejection.field.as_deref()),
                (reason, Some(field)),
                "{json}"
            );
        }
    }
}
