//! Reads the tables of a TOML document and collects every mistake on the way, so that you can fix them all at once.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use modelwatch_drift::names::nearest;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use url::Url;

use crate::duration;
use crate::error::{Location, Mistake};

/// So many wrong letters are forgiven in any key, however short it is.
const FORGIVEN: usize = 2;

/// The document and the mistakes found in it so far.
pub(crate) struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    errors: RefCell<Vec<Mistake>>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(file: &'a str, text: &'a str) -> Self {
        Self {
            file,
            text,
            errors: RefCell::default(),
        }
    }

    pub(crate) fn location(&self, offset: usize) -> Location {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &self.text[..offset];
        let line = before.rsplit('\n').next().unwrap_or_default();
        Location {
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
        }
    }

    pub(crate) fn report(&self, location: Location, what: impl Into<String>, fix: impl Into<String>) {
        self.errors.borrow_mut().push(Mistake {
            file: self.file.to_owned(),
            location: Some(location),
            what: what.into(),
            fix: fix.into(),
        });
    }

    /// Returns the mistakes, in the order of the file.
    pub(crate) fn into_errors(self) -> Vec<Mistake> {
        let mut errors = self.errors.into_inner();
        errors.sort_by_key(|error| error.location);
        errors
    }
}

/// What a value should have been. The caller knows its path and location.
pub(crate) type Expected = String;

/// A value, its location, and its path for messages.
pub(crate) struct Field<'r, 'i> {
    pub(crate) reader: &'r Reader<'r>,
    pub(crate) value: &'r Spanned<DeValue<'i>>,
    pub(crate) path: String,
}

impl<'r, 'i> Field<'r, 'i> {
    pub(crate) fn location(&self) -> Location {
        self.reader.location(self.value.span().start)
    }

    pub(crate) fn report(&self, what: impl Into<String>, fix: impl Into<String>) {
        self.reader.report(self.location(), what, fix);
    }

    /// Converts the value, or reports what it should have been.
    pub(crate) fn read<T>(&self, convert: impl FnOnce(&DeValue<'_>) -> Result<T, Expected>) -> Option<T> {
        match convert(self.value.get_ref()) {
            Ok(value) => Some(value),
            Err(expected) => {
                self.report(
                    format!("{} is {}", self.path, shown(self.value.get_ref())),
                    format!("give it {expected}"),
                );
                None
            }
        }
    }

    /// Returns the value as a table.
    pub(crate) fn table(&self) -> Option<Table<'r, 'i>> {
        let Some(table) = self.value.get_ref().as_table() else {
            self.report(
                format!("{} is {}", self.path, shown(self.value.get_ref())),
                format!("make it a table: [{}] or {} = {{ … }}", self.path, self.path),
            );
            return None;
        };
        Some(Table::new(self.reader, table, self.value.span(), self.path.clone()))
    }

    /// Returns the items of an array.
    pub(crate) fn items(&self) -> Vec<Field<'r, 'i>> {
        let Some(array) = self.value.get_ref().as_array() else {
            self.report(
                format!("{} is {}", self.path, shown(self.value.get_ref())),
                "make it a list: [ … ]",
            );
            return Vec::new();
        };
        array
            .iter()
            .enumerate()
            .map(|(index, value)| Field {
                reader: self.reader,
                value,
                path: format!("{}[{index}]", self.path),
            })
            .collect()
    }

    /// Converts each item of a list. Reports items with mistakes and leaves them out.
    pub(crate) fn list<T>(&self, convert: impl Fn(&DeValue<'_>) -> Result<T, Expected>) -> Vec<T> {
        self.items().iter().filter_map(|item| item.read(&convert)).collect()
    }
}

/// A table that reports every key nobody read as a mistake.
pub(crate) struct Table<'r, 'i> {
    pub(crate) reader: &'r Reader<'r>,
    table: &'r DeTable<'i>,
    span: Range<usize>,
    pub(crate) path: String,
    known: RefCell<BTreeSet<&'static str>>,
}

impl<'r, 'i> Table<'r, 'i> {
    pub(crate) fn new(reader: &'r Reader<'r>, table: &'r DeTable<'i>, span: Range<usize>, path: String) -> Self {
        Self {
            reader,
            table,
            span,
            path,
            known: RefCell::default(),
        }
    }

    pub(crate) fn location(&self) -> Location {
        self.reader.location(self.span.start)
    }

    fn join(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    pub(crate) fn field(&self, key: &'static str) -> Option<Field<'r, 'i>> {
        self.known.borrow_mut().insert(key);
        let value = self.table.get(key)?;
        Some(Field {
            reader: self.reader,
            value,
            path: self.join(key),
        })
    }

    /// Returns the value of a key. Reports an invalid one and returns `None`, as for an absent one.
    pub(crate) fn read<T>(
        &self,
        key: &'static str,
        convert: impl FnOnce(&DeValue<'_>) -> Result<T, Expected>,
    ) -> Option<T> {
        self.field(key)?.read(convert)
    }

    /// Returns the items of a required list that must not be empty. Reports items with mistakes and leaves them out.
    pub(crate) fn filled<T>(
        &self,
        key: &'static str,
        nothing: &str,
        example: &str,
        convert: impl Fn(&DeValue<'_>) -> Result<T, Expected>,
    ) -> Vec<T> {
        let field = self.field(key);
        let empty = |field: &Field<'_, '_>| {
            field
                .value
                .get_ref()
                .as_array()
                .is_some_and(|array| array.iter().len() == 0)
        };
        if field.as_ref().is_none_or(empty) {
            let what = format!("{} has {nothing}", self.path);
            self.reader
                .report(self.location(), what, format!("add {key} = {example}"));
        }
        field.map(|field| field.list(convert)).unwrap_or_default()
    }

    /// Returns the value of a required key.
    pub(crate) fn required<T>(
        &self,
        key: &'static str,
        example: &str,
        convert: impl FnOnce(&DeValue<'_>) -> Result<T, Expected>,
    ) -> Option<T> {
        if let Some(field) = self.field(key) {
            return field.read(convert);
        }
        let what = if self.path.is_empty() {
            format!("{key} is missing")
        } else {
            format!("{} has no {key}", self.path)
        };
        self.reader
            .report(self.location(), what, format!("add {key} = {example}"));
        None
    }

    /// Returns the table under a key.
    pub(crate) fn table(&self, key: &'static str) -> Option<Table<'r, 'i>> {
        self.field(key)?.table()
    }

    /// Returns all keys with their values, for tables whose keys are names.
    pub(crate) fn named(&self) -> Vec<(String, Field<'r, 'i>)> {
        self.table
            .iter()
            .map(|(key, value)| {
                let field = Field {
                    reader: self.reader,
                    value,
                    path: self.join(key.get_ref()),
                };
                (key.get_ref().to_string(), field)
            })
            .collect()
    }

    /// Reports the keys nobody read, each with the nearest known key.
    pub(crate) fn finish(self) {
        let known = self.known.borrow();
        for key in self.table.keys() {
            if known.contains(key.get_ref().as_ref()) {
                continue;
            }
            let fix = match nearest(key.get_ref(), known.iter().copied(), FORGIVEN) {
                Some(nearest) => format!("did you mean {nearest}?"),
                None => format!(
                    "remove it; the keys here are {}",
                    known.iter().copied().collect::<Vec<_>>().join(", ")
                ),
            };
            let location = self.reader.location(key.span().start);
            self.reader
                .report(location, format!("unknown key {}", self.join(key.get_ref())), fix);
        }
    }
}

/// Formats a value for a message.
fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Integer(number) => number.as_str().to_owned(),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(truth) => truth.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

pub(crate) fn boolean(value: &DeValue<'_>) -> Result<bool, Expected> {
    value.as_bool().ok_or_else(|| "true or false".to_owned())
}

pub(crate) fn text(value: &DeValue<'_>) -> Result<String, Expected> {
    value
        .as_str()
        .filter(|text| !text.trim().is_empty())
        .map(str::to_owned)
        .ok_or_else(|| "a text in quotes that is not empty".to_owned())
}

/// Reads a name that becomes a label value.
pub(crate) fn name(value: &DeValue<'_>) -> Result<String, Expected> {
    value
        .as_str()
        .filter(|name| is_name(name))
        .map(str::to_owned)
        .ok_or_else(|| "a text in quotes, not empty and without control characters".to_owned())
}

pub(crate) fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && !name.chars().any(char::is_control)
}

/// Reads a URL to send requests to, query included, in its normalized spelling.
pub(crate) fn url(value: &DeValue<'_>) -> Result<String, Expected> {
    parsed_url(value).map(String::from)
}

/// Reads a URL that paths are appended to, without its trailing slash.
pub(crate) fn base_url(value: &DeValue<'_>) -> Result<String, Expected> {
    let url = parsed_url(value)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wanted_url("without ? and #, because paths are appended to it"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

fn parsed_url(value: &DeValue<'_>) -> Result<Url, Expected> {
    let text = value.as_str().ok_or_else(|| wanted_url("in quotes"))?;
    // The URL standard allows these, and silently corrects some. Here they are mistakes, or would break a template.
    if text.contains(|odd: char| odd.is_whitespace() || odd.is_control() || "{}<>\"\\".contains(odd)) {
        return Err(wanted_url(
            "without spaces, braces, quotes, angle brackets and backslashes",
        ));
    }
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    if rest.is_none_or(|rest| rest.starts_with('/')) {
        return Err(wanted_url("that begins with http:// or https:// and a host"));
    }
    Url::parse(text).map_err(|error| wanted_url(&format!("({error})")))
}

fn wanted_url(detail: &str) -> Expected {
    format!("a URL such as \"https://grafana.example.com\" {detail}")
}

/// Reads `host:port`, as Prometheus scrapes it.
pub(crate) fn host_and_port(value: &DeValue<'_>) -> Result<String, Expected> {
    value
        .as_str()
        .filter(|address| {
            address.rsplit_once(':').is_some_and(|(host, port)| {
                !host.is_empty()
                    && port.parse::<u16>().is_ok_and(|port| port > 0)
                    && !host.contains(|odd: char| odd == '/' || odd.is_whitespace() || odd.is_control())
            })
        })
        .map(str::to_owned)
        .ok_or_else(|| "host:port such as \"model-api:8000\", without http:// and without a path".to_owned())
}

pub(crate) fn duration(value: &DeValue<'_>) -> Result<Duration, Expected> {
    value
        .as_str()
        .and_then(duration::parse_duration)
        .filter(|duration| !duration.is_zero() && duration.as_secs() <= 10 * 365 * 86_400)
        .ok_or_else(|| "a duration such as \"15s\", \"350ms\" or \"1h30m\"".to_owned())
}

pub(crate) fn number(value: &DeValue<'_>) -> Option<f64> {
    let digits = |text: &str| text.replace('_', "");
    match value {
        DeValue::Integer(number) => i64::from_str_radix(&digits(number.as_str()), number.radix())
            .ok()
            .map(|number| number as f64),
        DeValue::Float(number) => digits(number.as_str()).parse().ok(),
        _ => None,
    }
    .filter(|number: &f64| number.is_finite())
}

/// Reads a share above 0 and at most 0.99. No share exceeds 1, so an alert above that would never fire.
pub(crate) fn ratio(value: &DeValue<'_>) -> Result<f64, Expected> {
    number(value)
        .filter(|ratio| *ratio > 0.0 && *ratio <= 0.99)
        .ok_or_else(|| "a share above 0 and at most 0.99, such as 0.05".to_owned())
}

/// Reads an objective above 0 and below 1. An objective of 1 leaves no error budget.
pub(crate) fn objective(value: &DeValue<'_>) -> Result<f64, Expected> {
    number(value)
        .filter(|ratio| *ratio > 0.0 && *ratio < 1.0)
        .ok_or_else(|| "a share above 0 and below 1, such as 0.999".to_owned())
}

pub(crate) fn positive(value: &DeValue<'_>) -> Result<f64, Expected> {
    number(value)
        .filter(|number| *number > 0.0)
        .ok_or_else(|| "a number above 0".to_owned())
}

pub(crate) fn count(value: &DeValue<'_>) -> Result<u64, Expected> {
    number(value)
        .filter(|number| *number >= 1.0 && *number <= 1e15 && number.fract() == 0.0)
        .map(|number| number as u64)
        .ok_or_else(|| "a whole number from 1 on".to_owned())
}
