//! Queries of panels, and the data source they go to.

use serde::Serialize;

/// The data source that the reader chooses, whatever its name on this Grafana.
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

/// Where in a dashboard an expression stands.
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
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DashboardQuery<'a> {
    /// What kind of thing asks.
    pub place: QueryPlace,
    /// Which of them.
    pub name: &'a str,
    /// The expression; for a variable `label_values(…)`, which is Grafana's own.
    pub expr: &'a str,
    /// Asked once, for now, and not over the time range.
    pub instant: bool,
}

/// What a query's answer becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    TimeSeries,
    Table,
    Heatmap,
}

/// One PromQL query of a panel.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Query {
    ref_id: String,
    datasource: DataSource,
    editor_mode: &'static str,
    expr: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    legend_format: String,
    format: Format,
    instant: bool,
    range: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    exemplar: bool,
}

impl Query {
    fn new(expr: String, legend: &str, format: Format, instant: bool) -> Self {
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
        }
    }

    /// A line per series over the time range.
    pub(crate) fn range(expr: String, legend: &str) -> Self {
        Self::new(expr, legend, Format::TimeSeries, false)
    }

    /// The value of each series now.
    pub(crate) fn instant(expr: String, legend: &str) -> Self {
        Self::new(expr, legend, Format::TimeSeries, true)
    }

    /// A row of a table per series.
    pub(crate) fn table(expr: String) -> Self {
        Self::new(expr, "", Format::Table, true)
    }

    /// Counts by bucket; `expr` keeps the label `le`.
    pub(crate) fn heatmap(expr: String) -> Self {
        Self::new(expr, "{{le}}", Format::Heatmap, false)
    }

    /// Asks for exemplars too, which are drawn as points that lead to traces.
    pub(crate) fn with_exemplars(mut self) -> Self {
        self.exemplar = true;
        self
    }

    pub(crate) fn set_ref_id(&mut self, index: usize) {
        self.ref_id = ref_id(index);
    }

    pub(crate) fn expr(&self) -> &str {
        &self.expr
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
