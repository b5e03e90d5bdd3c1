//! How deep an Avro schema lets a datum nest.
//!
//! Avro's reader calls itself for each level. A schema that names itself lets a short datum nest until the stack ends, which ends the
//! process, so such a schema is refused before a datum is read with it.

use std::collections::HashMap;

use apache_avro::Schema;
use apache_avro::schema::Name;

/// The most levels.
pub(crate) const MOST: usize = 64;

/// Whether no datum of the schema nests deeper than [`MOST`] levels. `names` has the schemas that it refers to.
pub(crate) fn is_bounded(schema: &Schema, names: &[Schema]) -> bool {
    let mut defined = HashMap::new();
    for schema in names.iter().chain([schema]) {
        define(schema, &mut defined);
    }
    let mut levels = Levels {
        defined,
        fits: HashMap::new(),
    };
    levels.fit(schema, MOST)
}

/// Collects the records of a schema. The parser bounds how deep its JSON nests.
fn define<'a>(schema: &'a Schema, defined: &mut HashMap<&'a Name, &'a Schema>) {
    if let Schema::Record(record) = schema {
        defined.insert(&record.name, schema);
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
    defined: HashMap<&'a Name, &'a Schema>,
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

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use apache_avro::Schema;

    use super::is_bounded;

    fn bounded(schema: &str) -> bool {
        is_bounded(&Schema::parse_str(schema).expect("a schema"), &[])
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
            assert!(!bounded(&schema), "{itself}");
        }
        assert!(!bounded(
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
        assert!(!is_bounded(one, std::slice::from_ref(other)));
    }

    /// Each record has the one before it twice, so that the ways through them are many.
    #[test]
    fn takes_schema_when_records_are_used_again_and_levels_are_few() {
        let chain = |records: usize| {
            let mut fields = String::from(r#"{"name": "f0", "type": {"type": "record", "name": "R0", "fields": []}}"#);
            for place in 1..records {
                let before = place - 1;
                write!(
                    fields,
                    r#", {{"name": "f{place}", "type": {{"type": "record", "name": "R{place}", "fields": [{{"name": "a", "type": "R{before}"}}, {{"name": "b", "type": "R{before}"}}]}}}}"#
                )
                .expect("a text");
            }
            format!(r#"{{"type": "record", "name": "All", "fields": [{fields}]}}"#)
        };
        assert!(bounded(&chain(60)));
        assert!(!bounded(&chain(100)));
    }
}
