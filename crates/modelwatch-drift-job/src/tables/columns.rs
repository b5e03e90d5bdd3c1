//! Maps the columns of a table to those of the prediction log.

use std::collections::BTreeMap;

use arrow_schema::Schema;
use modelwatch_log_format::columns;

/// Maps the prediction log's columns to a table's. A column without a mapping has the same name in the table as in the
/// log; for a feature, the log's prefix is optional.
/// The example of [`Tables`](crate::Tables) has one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableColumns {
    /// The column of the rows' times.
    pub time: Option<String>,
    /// The column of the model's version.
    pub model_version: Option<String>,
    /// The column of the prediction scores.
    pub score: Option<String>,
    /// The column of the predicted classes.
    pub class: Option<String>,
    /// The columns of features, by the feature's name.
    pub features: BTreeMap<String, String>,
}

impl TableColumns {
    /// Returns the names that a column of the log may have in the table. The first one that exists in the table counts.
    #[must_use]
    pub fn names<'a>(&'a self, log_name: &'a str) -> Vec<&'a str> {
        let named = match log_name {
            columns::TIME => self.time.as_deref(),
            columns::MODEL_VERSION => self.model_version.as_deref(),
            columns::SCORE => self.score.as_deref(),
            columns::CLASS => self.class.as_deref(),
            other => columns::feature_name(other).and_then(|feature| self.features.get(feature).map(String::as_str)),
        };
        match (named, columns::feature_name(log_name)) {
            (Some(named), _) => vec![named],
            (None, Some(feature)) => vec![feature, log_name],
            (None, None) => vec![log_name],
        }
    }

    /// Returns the position of the column with this name in the log; `None` if the table has none.
    pub(super) fn place(&self, schema: &Schema, log_name: &str) -> Option<usize> {
        self.names(log_name)
            .into_iter()
            .find_map(|name| schema.index_of(name).ok())
    }

    /// Returns what is wrong with a table that has none of these columns of the log: it is the wrong table.
    pub(super) fn none_of<'a>(&'a self, schema: &Schema, log_names: impl Iterator<Item = &'a str>) -> Option<String> {
        let mut names = Vec::new();
        for log_name in log_names {
            if self.place(schema, log_name).is_some() {
                return None;
            }
            // A query may want a column for more than one of its counts.
            let name = self.names(log_name).first().copied();
            names.extend(name.filter(|name| !names.contains(name)));
        }
        let has: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let otherwise = |name: &&str| has.iter().any(|has| has.eq_ignore_ascii_case(name));
        let hint = match names.iter().any(otherwise) {
            true => "; small and capital letters are different letters in a name",
            false => "",
        };
        (!names.is_empty()).then(|| {
            format!(
                "has none of the columns {}; it has {}{hint}; give its columns those names",
                some_of(&names),
                some_of(&has)
            )
        })
    }
}

/// Returns the first few names, as many as fit into a line.
fn some_of(names: &[&str]) -> String {
    const MOST: usize = 8;
    let shown: Vec<String> = names.iter().take(MOST).map(|name| format!("{name:?}")).collect();
    match names.len() {
        0 => "none".to_owned(),
        more if more > MOST => format!("{} and {} more", shown.join(", "), more - MOST),
        _ => shown.join(", "),
    }
}
