//! Texts of annotations: sentences with the alert's labels and value in them.
//!
//! A text knows which labels it uses. So a label that the alert's expression can't have is an error of the generator, not a hole
//! in a message.

use std::ops::Add;

use crate::promql::{Piece, quoted, text_in_template};

/// A text with placeholders that Prometheus fills in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Plain(String),
    /// A label that every series of the alert has.
    Label(String),
    /// The same inside a URL.
    UrlLabel(String),
    /// Words around a label. Prometheus omits all of it if the alert lacks the label.
    IfLabel {
        before: String,
        label: String,
        url: bool,
        after: &'static str,
    },
    Value(Value),
    /// A query to read.
    Query(Vec<Piece>),
    /// A query inside a URL.
    UrlQuery(Vec<Piece>),
    /// The answer of a query when the alert fires, or other words when it is empty.
    Asked(Asked),
    /// Words by the alert's model and feature, and other words for all the rest.
    ByFeature {
        words: Vec<(String, String, String)>,
        rest: String,
    },
}

/// A query that Prometheus runs whenever it renders the text.
///
/// Prometheus replaces a whole annotation by an error if a template takes the first item of an empty list. So an answer is a list
/// that may be empty, and both cases have their words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) query: Vec<Piece>,
    pub(crate) before: &'static str,
    /// The words for each series of the answer, separated by commas.
    pub(crate) row: Vec<Column>,
    pub(crate) after: &'static str,
    pub(crate) none: Text,
}

/// A part of the words for one series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Words(&'static str),
    /// The plain value of a label whose values the stack defines.
    Ours(&'static str),
    /// A quoted name, because somebody else chose it.
    Name(&'static str),
    /// The same with words before it. Both are omitted if the series lacks the label.
    NameIfAny(&'static str, &'static str),
    Value(Value),
}

impl Column {
    fn template(self) -> String {
        match self {
            Self::Words(words) => text_in_template(words),
            Self::Ours(label) => format!("{{{{ $row.Labels.{label} }}}}"),
            Self::Name(label) => format!("{{{{ printf \"%q\" $row.Labels.{label} }}}}"),
            Self::NameIfAny(before, label) => {
                format!("{{{{ with $row.Labels.{label} }}}}{before}{{{{ printf \"%q\" . }}}}{{{{ end }}}}")
            }
            Self::Value(value) => format!("{{{{ $row.Value | {} }}}}", value.filter()),
        }
    }
}

impl Asked {
    fn template(&self) -> String {
        let columns: String = self.row.iter().map(|column| column.template()).collect();
        let rows = if columns.is_empty() {
            columns
        } else {
            format!("{{{{ range $index, $row := . }}}}{{{{ if $index }}}}, {{{{ end }}}}{columns}{{{{ end }}}}")
        };
        let none = self.none.template();
        let otherwise = if none.is_empty() {
            none
        } else {
            format!("{{{{ else }}}}{none}")
        };
        format!(
            "{{{{ with query ({}) }}}}{}{rows}{}{otherwise}{{{{ end }}}}",
            printf(&self.query),
            text_in_template(self.before),
            text_in_template(self.after),
        )
    }
}

/// The format of the alert's value in a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// As a percentage.
    Percent,
    /// With three digits.
    Number,
    /// Without decimals.
    Count,
    /// As a duration.
    Time,
}

/// The value as a percentage.
pub(crate) const PERCENT: Value = Value::Percent;
/// The value with three digits.
pub(crate) const VALUE: Value = Value::Number;
/// The value, which counts something.
pub(crate) const COUNT: Value = Value::Count;
/// The value, which is in seconds, as a duration.
pub(crate) const TIME: Value = Value::Time;

impl Value {
    fn filter(self) -> &'static str {
        match self {
            Self::Percent => "humanizePercentage",
            Self::Number => "printf \"%.3g\"",
            Self::Count => "printf \"%.0f\"",
            Self::Time => "humanizeDuration",
        }
    }

    fn template(self) -> String {
        format!("{{{{ $value | {} }}}}", self.filter())
    }
}

/// A label of the alert, in a sentence.
pub(crate) fn label(name: &str) -> Text {
    Text(vec![Part::Label(name.to_owned())])
}

/// A text without placeholders.
pub(crate) fn plain(text: impl Into<String>) -> Text {
    Text(vec![Part::Plain(text.into())])
}

impl Text {
    fn with(mut self, part: Part) -> Self {
        self.0.push(part);
        self
    }

    /// A label of the alert inside a URL.
    pub(crate) fn url_label(self, label: &str) -> Self {
        self.with(Part::UrlLabel(label.to_owned()))
    }

    /// `before` and a label of the alert. Both are omitted if the alert lacks the label.
    pub(crate) fn if_label(self, before: &str, label: &str) -> Self {
        self.with(Part::IfLabel {
            before: before.to_owned(),
            label: label.to_owned(),
            url: false,
            after: "",
        })
    }

    /// The same inside a URL, with a text after it.
    pub(crate) fn if_url_label(self, before: &str, label: &str, after: &'static str) -> Self {
        self.with(Part::IfLabel {
            before: before.to_owned(),
            label: label.to_owned(),
            url: true,
            after,
        })
    }

    /// Adds a query to read.
    pub(crate) fn query(self, pieces: Vec<Piece>) -> Self {
        self.with(Part::Query(pieces))
    }

    /// Adds the answer of a query.
    pub(crate) fn asked(self, asked: Asked) -> Self {
        self.with(Part::Asked(asked))
    }

    /// Adds words by the alert's model and feature, and other words for all the rest.
    pub(crate) fn by_feature(self, words: Vec<(String, String, String)>, rest: String) -> Self {
        self.with(Part::ByFeature { words, rest })
    }

    /// Adds a query inside a URL.
    pub(crate) fn url_query(self, pieces: Vec<Piece>) -> Self {
        self.with(Part::UrlQuery(pieces))
    }

    /// Returns the labels that the text needs.
    pub(crate) fn needs(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Label(label) | Part::UrlLabel(label) => Some(label.as_str()),
            _ => None,
        })
    }

    /// Writes the text as a Prometheus template.
    pub(crate) fn template(&self) -> String {
        self.0.iter().map(Part::template).collect()
    }
}

impl Part {
    fn template(&self) -> String {
        match self {
            Self::Plain(text) => text_in_template(text),
            Self::Label(label) => format!("{{{{ $labels.{label} }}}}"),
            Self::UrlLabel(label) => format!("{{{{ $labels.{label} | urlquery }}}}"),
            Self::IfLabel {
                before,
                label,
                url,
                after,
            } => {
                let filter = if *url { " | urlquery" } else { "" };
                let before = text_in_template(before);
                format!("{{{{ with $labels.{label} }}}}{before}{{{{ .{filter} }}}}{after}{{{{ end }}}}")
            }
            Self::Value(value) => value.template(),
            Self::Asked(asked) => asked.template(),
            Self::ByFeature { words, rest } => by_feature(words, rest),
            Self::Query(pieces) => pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Text(text) => text_in_template(text),
                    Piece::Label(label) => format!("{{{{ printf \"%q\" $labels.{label} }}}}"),
                })
                .collect(),
            Self::UrlQuery(pieces) => format!("{{{{ {} | urlquery }}}}", printf(pieces)),
        }
    }
}

fn by_feature(words: &[(String, String, String)], rest: &str) -> String {
    let mut template = String::new();
    let mut word = "if";
    for (model, feature, text) in words {
        let (model, feature) = (quoted(model), quoted(feature));
        template +=
            &format!("{{{{ {word} and (eq $labels.model_name {model}) (eq $labels.feature_name {feature}) }}}}");
        template += &text_in_template(text);
        word = "else if";
    }
    template + &format!("{{{{ else }}}}{}{{{{ end }}}}", text_in_template(rest))
}

/// Writes a query as a `printf` of the template, with a placeholder for each label.
fn printf(pieces: &[Piece]) -> String {
    let mut format = String::new();
    let mut arguments = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => {
                format += &text.replace('%', "%%").replace('\\', "\\\\").replace('"', "\\\"");
            }
            Piece::Label(label) => {
                format += "%q";
                arguments += &format!(" $labels.{label}");
            }
        }
    }
    format!("printf \"{format}\"{arguments}")
}

impl Add<&str> for Text {
    type Output = Self;

    fn add(self, text: &str) -> Self {
        self.with(Part::Plain(text.to_owned()))
    }
}

impl Add<String> for Text {
    type Output = Self;

    fn add(self, text: String) -> Self {
        self.with(Part::Plain(text))
    }
}

impl Add<Value> for Text {
    type Output = Self;

    fn add(self, value: Value) -> Self {
        self.with(Part::Value(value))
    }
}

impl Add for Text {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}

/// Removes the noise digits of a binary fraction: `0.0144` instead of `0.014400000000000001`.
pub(crate) fn tidy(value: f64) -> f64 {
    (value * 1e9).round() / 1e9
}
