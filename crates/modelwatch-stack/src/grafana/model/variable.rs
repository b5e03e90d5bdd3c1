//! Variables: the choices in a dashboard's header.

use serde::Serialize;

use super::query::DataSource;
use crate::promql::Selector;

/// The values of a label of some series.
#[derive(Clone, Debug)]
pub(crate) struct LabelValues {
    /// The query in Grafana's form.
    pub(crate) text: String,
    pub(crate) of: Selector,
    pub(crate) label: String,
}

/// A choice, and where its values come from.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Variable {
    name: String,
    label: String,
    description: String,
    #[serde(flatten)]
    kind: VariableKind,
    hide: u8,
    skip_url_sync: bool,
    options: [(); 0],
    /// The initial choice.
    current: Choice,
    /// The label its values come from. Absent for other variables.
    #[serde(skip)]
    values: Option<LabelValues>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum VariableKind {
    Datasource {
        /// The plugin whose instances are listed.
        query: &'static str,
        multi: bool,
        include_all: bool,
        refresh: u8,
        regex: &'static str,
    },
    Query {
        datasource: DataSource,
        query: PrometheusVariable,
        definition: String,
        multi: bool,
        include_all: bool,
        /// The pattern for All, which includes series that lack the label.
        all_value: &'static str,
        /// 2: refresh on each change of the time range, so that you can choose retired versions where they served.
        refresh: u8,
        sort: u8,
        regex: &'static str,
    },
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PrometheusVariable {
    /// 1: `label_values`.
    qry_type: u8,
    query: String,
    ref_id: &'static str,
}

#[derive(Clone, Debug, Serialize)]
struct Choice {
    text: Texts,
    value: Texts,
}

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum Texts {
    One(&'static str),
    Many([&'static str; 1]),
}

impl Variable {
    /// Makes a choice of Prometheus, so that you can import the dashboard into any Grafana, under any name of its data source.
    pub(crate) fn datasource() -> Self {
        Self {
            name: "datasource".to_owned(),
            label: "Data source".to_owned(),
            description: "The Prometheus that scrapes the models and their drift job.".to_owned(),
            kind: VariableKind::Datasource {
                query: "prometheus",
                multi: false,
                include_all: false,
                refresh: 1,
                regex: "",
            },
            hide: 0,
            skip_url_sync: false,
            options: [],
            current: Choice {
                text: Texts::One("default"),
                value: Texts::One("default"),
            },
            values: None,
        }
    }

    /// Makes a choice of any or all values of a label.
    pub(crate) fn label(name: &str, label: &str, description: &str, values: LabelValues) -> Self {
        Self {
            name: name.to_owned(),
            label: label.to_owned(),
            description: description.to_owned(),
            kind: VariableKind::Query {
                datasource: DataSource::CHOSEN,
                query: PrometheusVariable {
                    qry_type: 1,
                    query: values.text.clone(),
                    ref_id: "PrometheusVariableQueryEditor-VariableQuery",
                },
                definition: values.text.clone(),
                multi: true,
                include_all: true,
                all_value: ".*",
                refresh: 2,
                sort: 7,
                regex: "",
            },
            hide: 0,
            skip_url_sync: false,
            options: [],
            current: Choice {
                text: Texts::Many(["All"]),
                value: Texts::Many(["$__all"]),
            },
            values: Some(values),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn display(&self) -> (&str, &str) {
        (&self.label, &self.description)
    }

    pub(crate) fn values(&self) -> Option<&LabelValues> {
        self.values.as_ref()
    }
}
