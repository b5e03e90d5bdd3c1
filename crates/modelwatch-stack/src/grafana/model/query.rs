//! Queries of panels, and their data source.

use serde::{Serialize, Serializer};

use crate::promql::Expr;

/// The data source that the viewer chooses, under any name.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct DataSource {
    #[serde(rename = "type")]
    kind: &'static str,
    uid: &'static str,
}

impl DataSource {
    pub(crate) const CHOSEN: Self = Self {
        kind: "prometheus",
        uid: "${datasource}",
    };
}

/// The place of an expression in a dashboard.
/// The example of [`Dashboard`](crate::grafana::Dashboard) has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryPlace {
    /// A panel's query, by the panel's title.
    Panel,
    /// An annotation's query, by the annotation's name.
    Annotation,
    /// The query that lists a variable's values, by the variable's name.
    Variable,
}

/// One expression of a dashboard, with Grafana's variables in it.
/// The example of [`Dashboard`](crate::grafana::Dashboard) has one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DashboardQuery<'a> {
    /// The kind of element that runs it.
    pub place: QueryPlace,
    /// The name of that element.
    pub name: &'a str,
    /// The expression. For a variable, `label_values(…)`, which is Grafana's own function.
    pub expr: &'a str,
    /// Whether the query runs once, for now, instead of over the time range.
    pub instant: bool,
}

/// The format of a query's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    TimeSeries,
    Table,
    Heatmap,
}

/// An expression in Grafana's form, and the value it was written from, so that Perses can write its own form.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) text: String,
    pub(crate) expr: Expr,
}

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// The queries of a heatmap.
#[derive(Clone, Debug)]
pub(crate) struct Buckets {
    /// The number of observations in each bucket, with the label `le`.
    pub(crate) counts: Written,
    /// Quantiles by name, for readers that can't draw classic buckets.
    pub(crate) quantiles: Vec<(&'static str, Written)>,
}

/// One PromQL query of a panel.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Query {
    ref_id: String,
    datasource: DataSource,
    editor_mode: &'static str,
    expr: Written,
    #[serde(skip_serializing_if = "String::is_empty")]
    legend_format: String,
    format: Format,
    instant: bool,
    range: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    exemplar: bool,
    #[serde(skip)]
    quantiles: Vec<(&'static str, Written)>,
}

impl Query {
    fn new(expr: Written, legend: &str, format: Format, instant: bool) -> Self {
        Self {
            ref_id: String::new(),
            datasource: DataSource::CHOSEN,
            editor_mode: "code",
            expr,
            legend_format: legend.to_owned(),
            format,
            instant,
            range: !instant,
            exemplar: false,
            quantiles: Vec::new(),
        }
    }

    /// Draws a line per series over the time range.
    pub(crate) fn range(expr: Written, legend: &str) -> Self {
        Self::new(expr, legend, Format::TimeSeries, false)
    }

    /// Shows the value of each series now.
    pub(crate) fn instant(expr: Written, legend: &str) -> Self {
        Self::new(expr, legend, Format::TimeSeries, true)
    }

    /// Shows a table row per series.
    pub(crate) fn table(expr: Written) -> Self {
        Self::new(expr, "", Format::Table, true)
    }

    /// Counts by bucket.
    pub(crate) fn heatmap(buckets: Buckets) -> Self {
        Self {
            quantiles: buckets.quantiles,
            ..Self::new(buckets.counts, "{{le}}", Format::Heatmap, false)
        }
    }

    /// Adds exemplars, drawn as points that link to traces.
    pub(crate) fn with_exemplars(mut self) -> Self {
        self.exemplar = true;
        self
    }

    pub(crate) fn set_ref_id(&mut self, index: usize) {
        self.ref_id = ref_id(index);
    }

    pub(crate) fn written(&self) -> &Written {
        &self.expr
    }

    pub(crate) fn legend(&self) -> &str {
        &self.legend_format
    }

    /// Returns the quantiles to draw instead of the buckets.
    pub(crate) fn quantiles(&self) -> &[(&'static str, Written)] {
        &self.quantiles
    }

    pub(crate) fn is_instant(&self) -> bool {
        self.instant
    }
}

/// A, B … Z: Grafana's names for a panel's queries, by position.
pub(crate) fn ref_id(index: usize) -> String {
    let letter = u8::try_from(index % 26).map_or('Z', |offset| char::from(b'A' + offset));
    letter.to_string().repeat(index / 26 + 1)
}

#[cfg(test)]
mod tests {
    use super::ref_id;

    #[test]
    fn queries_are_named_by_distinct_letters() {
        assert_eq!([0, 1, 25, 26].map(ref_id), ["A", "B", "Z", "AA"]);
    }
}
