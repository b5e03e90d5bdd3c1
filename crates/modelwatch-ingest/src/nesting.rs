//! How deep an Avro schema lets a datum nest, and how many values it lets a datum have.
//!
//! Avro's reader calls itself for each level. A schema that names itself lets a short datum nest until the stack ends, which ends the
//! process. Some values take no bytes, so a short datum can claim any number of them, until the memory ends. Schemas that allow either
//! are refused before a datum is read with them.

use std::collections::HashMap;

use apache_avro::Schema;
use apache_avro::schema::{InnerDecimalSchema, Name};

/// The most levels.
const MOST_LEVELS: usize = 64;

/// The most values for each byte of a datum, of which a real one has two or three.
const MOST_VALUES_OF_A_BYTE: i64 = 16;

/// The most values beyond those of the bytes, all of which the schema itself lists.
const MOST_VALUES_OF_NO_BYTE: i64 = 100_000;

/// Why no datum of the schema is read, if some datum of it could end the process. `names` has the schemas that it refers to.
pub(crate) fn problem(schema: &Schema, names: &[Schema]) -> Option<String> {
    let mut defined = HashMap::new();
    for schema in names.iter().chain([schema]) {
        define(schema, &mut defined);
    }
    let mut levels = Levels {
        defined: &defined,
        fits: HashMap::new(),
    };
    if !levels.fit(schema, MOST_LEVELS) {
        return Some(format!(
            "nests records in itself, or deeper than {MOST_LEVELS} levels, which is not read; send records of fewer levels"
        ));
    }
    let mut values = Values {
        defined: &defined,
        known: HashMap::new(),
    };
    if values
        .beyond_bytes(schema)
        .is_none_or(|beyond| beyond > MOST_VALUES_OF_NO_BYTE)
    {
        return Some(
            "lets a few bytes be any number of values, as an array of nulls does, which is not read; leave out what takes no bytes"
                .into(),
        );
    }
    None
}

/// Collects the schemas of a schema that have names. The parser bounds how deep its JSON nests.
fn define<'a>(schema: &'a Schema, defined: &mut HashMap<&'a Name, &'a Schema>) {
    if let Some(name) = schema.name().filter(|_| !matches!(schema, Schema::Ref { .. })) {
        defined.insert(name, schema);
    }
    for part in parts(schema) {
        define(part, defined);
    }
}

/// The schemas that a schema is made of.
fn parts(schema: &Schema) -> Vec<&Schema> {
    match schema {
        Schema::Record(record) => record.fields.iter().map(|field| &field.schema).collect(),
        Schema::Array(array) => vec![&array.items],
        Schema::Map(map) => vec![&map.types],
        Schema::Union(union) => union.variants().iter().collect(),
        _ => Vec::new(),
    }
}

struct Levels<'a> {
    defined: &'a HashMap<&'a Name, &'a Schema>,
    /// The fewest levels into which a record was found to fit, so that it is not looked at again.
    fits: HashMap<&'a Name, usize>,
}

impl<'a> Levels<'a> {
    fn fit(&mut self, schema: &'a Schema, left: usize) -> bool {
        let Some(below) = left.checked_sub(1) else {
            return false;
        };
        let (name, schema) = match schema {
            // A name that nothing defines is an error of the reader.
            Schema::Ref { name } => match self.defined.get(name) {
                Some(defined) => (Some(name), *defined),
                None => return true,
            },
            Schema::Record(record) => (Some(&record.name), schema),
            other => (None, other),
        };
        if name
            .and_then(|name| self.fits.get(name))
            .is_some_and(|fewest| *fewest <= left)
        {
            return true;
        }
        let fits = parts(schema).into_iter().all(|part| self.fit(part, below));
        if let Some(name) = name.filter(|_| fits) {
            self.fits.insert(name, left);
        }
        fits
    }
}

struct Values<'a> {
    defined: &'a HashMap<&'a Name, &'a Schema>,
    /// What is known of each record.
    known: HashMap<&'a Name, Option<i64>>,
}

impl<'a> Values<'a> {
    /// The most values of a datum beyond [`MOST_VALUES_OF_A_BYTE`] for each of its bytes: a record has the sum of its fields, a union
    /// the largest of its variants. `None` when a list lets it grow without end. The schema must not nest in itself.
    fn beyond_bytes(&mut self, schema: &'a Schema) -> Option<i64> {
        let with_bytes = |bytes: i64| 1_i64.saturating_sub(MOST_VALUES_OF_A_BYTE.saturating_mul(bytes));
        let fixed = |bytes: usize| with_bytes(i64::try_from(bytes).unwrap_or(i64::MAX));
        match schema {
            Schema::Null => Some(with_bytes(0)),
            Schema::Fixed(of) => Some(fixed(of.size)),
            Schema::Decimal(decimal) => Some(match &decimal.inner {
                InnerDecimalSchema::Fixed(of) => fixed(of.size),
                InnerDecimalSchema::Bytes => with_bytes(1),
            }),
            Schema::Array(array) => {
                let item = self.beyond_bytes(&array.items)?;
                (item <= 0).then(|| with_bytes(1))
            }
            // A key takes a byte or more.
            Schema::Map(map) => {
                let value = self.beyond_bytes(&map.types)?;
                (value.saturating_add(with_bytes(1)) <= 0).then(|| with_bytes(1))
            }
            Schema::Union(union) => {
                let mut most = i64::MIN;
                for variant in union.variants() {
                    most = most.max(self.beyond_bytes(variant)?);
                }
                Some(with_bytes(1).saturating_add(most))
            }
            // A name that nothing defines is an error of the reader.
            Schema::Ref { name } => match self.defined.get(name) {
                Some(defined) => self.beyond_bytes(defined),
                None => Some(with_bytes(1)),
            },
            Schema::Record(record) => {
                if let Some(known) = self.known.get(&record.name) {
                    return *known;
                }
                let mut all = Some(with_bytes(0));
                for field in &record.fields {
                    let beyond = self.beyond_bytes(&field.schema);
                    all = all.and_then(|all| Some(all.saturating_add(beyond?)));
                }
                self.known.insert(&record.name, all);
                all
            }
            _ => Some(with_bytes(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use apache_avro::Schema;

    use super::problem;

    fn problem_of(schema: &str) -> Option<String> {
        problem(&Schema::parse_str(schema).expect("a schema"), &[])
    }

    fn nests(schema: &str) -> bool {
        problem_of(schema)
            .is_some_and(|problem| problem.starts_with("nests records in itself, or deeper than 64 levels"))
    }

    fn claims(schema: &str) -> bool {
        problem_of(schema).is_some_and(|problem| problem.starts_with("lets a few bytes be any number of values"))
    }

    #[test]
    fn refuses_schema_when_it_names_itself() {
        for itself in [
            r#"["null", "R"]"#,
            r#"{"type": "array", "items": "R"}"#,
            r#"{"type": "map", "values": "R"}"#,
            r#"["null", {"type": "record", "name": "S", "fields": [{"name": "back", "type": ["null", "R"]}]}]"#,
            r#"["null", "n.R"]"#,
        ] {
            let schema = format!(
                r#"{{"type": "record", "name": "R", "namespace": "n", "fields": [{{"name": "next", "type": {itself}}}]}}"#
            );
            assert!(nests(&schema), "{itself}");
        }
        assert!(nests(
            r#"{"type": "record", "name": "R", "fields": [{"name": "next", "type": ["null", "R"]}]}"#
        ));
    }

    #[test]
    fn refuses_schema_when_others_lead_back_to_it() {
        let [one, other] = [("A", "B"), ("B", "A")].map(|(name, next)| {
            format!(
                r#"{{"type": "record", "name": "{name}", "fields": [{{"name": "next", "type": ["null", "{next}"]}}]}}"#
            )
        });
        let parsed = Schema::parse_list([&one, &other]).expect("schemas");
        let [one, other] = parsed.as_slice() else {
            panic!("two schemas")
        };
        assert!(problem(one, std::slice::from_ref(other)).is_some());
    }

    /// Each record has the one before it twice, so that the ways through them are many.
    fn chain(records: usize, first: &str) -> String {
        let mut fields =
            format!(r#"{{"name": "f0", "type": {{"type": "record", "name": "R0", "fields": [{first}]}}}}"#);
        for place in 1..records {
            let before = place - 1;
            write!(
                fields,
                r#", {{"name": "f{place}", "type": {{"type": "record", "name": "R{place}", "fields": [{{"name": "a", "type": "R{before}"}}, {{"name": "b", "type": "R{before}"}}]}}}}"#
            )
            .expect("a text");
        }
        format!(r#"{{"type": "record", "name": "All", "fields": [{fields}]}}"#)
    }

    #[test]
    fn takes_schema_when_records_are_used_again_and_levels_are_few() {
        let number = r#"{"name": "x", "type": "int"}"#;
        assert_eq!(problem_of(&chain(60, number)), None);
        assert!(nests(&chain(100, number)));
    }

    #[test]
    fn refuses_schema_when_few_bytes_are_any_number_of_values() {
        for claiming in [
            r#"{"type": "array", "items": "null"}"#,
            r#"{"type": "array", "items": {"type": "fixed", "name": "F", "size": 0}}"#,
            r#"{"type": "array", "items": {"type": "record", "name": "E", "fields": []}}"#,
            r#"{"type": "array", "items": {"type": "record", "name": "E", "fields": [{"name": "n", "type": "null"}]}}"#,
            r#"["null", {"type": "record", "name": "R", "fields": [{"name": "xs", "type": {"type": "array", "items": "null"}}]}]"#,
            r#"{"type": "map", "values": {"type": "array", "items": "null"}}"#,
            r#"{"type": "record", "name": "R", "fields": [{"name": "one", "type": {"type": "fixed", "name": "F", "size": 0}}, {"name": "more", "type": {"type": "array", "items": "F"}}]}"#,
        ] {
            assert!(claims(claiming), "{claiming}");
        }
        assert!(claims(&chain(60, "")));
        assert_eq!(problem_of(&chain(10, "")), None);
        let nulls: Vec<String> = (0..20)
            .map(|place| format!(r#"{{"name": "n{place}", "type": "null"}}"#))
            .collect();
        assert!(claims(&format!(
            r#"{{"type": "array", "items": {{"type": "record", "name": "R", "fields": [{{"name": "x", "type": "int"}}, {}]}}}}"#,
            nulls.join(", ")
        )));
    }

    #[test]
    fn takes_schema_when_lists_are_of_what_takes_bytes() {
        let wide: Vec<String> = (0..300)
            .map(|place| format!(r#"{{"name": "x{place}", "type": ["null", "double"]}}"#))
            .collect();
        let wide = format!(
            r#"{{"type": "record", "name": "Wide", "fields": [{}]}}"#,
            wide.join(", ")
        );
        for taken in [
            r#""null""#.to_owned(),
            r#"{"type": "array", "items": ["null", "string"]}"#.to_owned(),
            r#"{"type": "map", "values": "null"}"#.to_owned(),
            r#"{"type": "record", "name": "R", "fields": [{"name": "one", "type": {"type": "fixed", "name": "F", "size": 4}}, {"name": "more", "type": {"type": "array", "items": "F"}}]}"#.to_owned(),
            r#"{"type": "map", "values": {"type": "array", "items": "long"}}"#.to_owned(),
            format!(r#"{{"type": "array", "items": ["null", {wide}]}}"#),
            wide,
        ] {
            assert_eq!(problem_of(&taken), None, "{taken}");
        }
    }
}
