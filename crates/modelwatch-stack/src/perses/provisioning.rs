//! The project of the dashboards, and its data source.

use modelwatch_config::{Config, Perses, prometheus_duration};
use serde::Serialize;

use super::model::{Kind, Metadata, kind, to_json};
use crate::error::GenerateError;
use crate::file::File;

#[derive(Serialize)]
struct Resource<S> {
    kind: &'static str,
    metadata: Metadata,
    spec: S,
}

#[derive(Serialize)]
struct NoSpec {}

#[derive(Serialize)]
struct DataSource {
    default: bool,
    plugin: Kind<Prometheus>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Prometheus {
    proxy: Kind<HttpProxy>,
    /// The scrape interval. `$__rate_interval` is at least four times as long.
    scrape_interval: String,
}

#[derive(Serialize)]
struct HttpProxy {
    url: String,
}

pub(super) fn files(config: &Config, perses: &Perses) -> Result<Vec<File>, GenerateError> {
    let project = Resource {
        kind: "Project",
        metadata: Metadata::new(&perses.project, None),
        spec: NoSpec {},
    };
    let proxy = HttpProxy {
        url: perses.prometheus.clone(),
    };
    let prometheus = Prometheus {
        proxy: kind("HTTPProxy", proxy),
        scrape_interval: prometheus_duration(config.prometheus.scrape_interval),
    };
    let data_source = Resource {
        kind: "Datasource",
        metadata: Metadata::new("prometheus", Some(&perses.project)),
        spec: DataSource {
            default: true,
            plugin: kind("PrometheusDatasource", prometheus),
        },
    };
    Ok(vec![
        file("perses/project.json", &project)?,
        file("perses/datasource.json", &data_source)?,
    ])
}

fn file(path: &str, resource: &impl Serialize) -> Result<File, GenerateError> {
    let json = to_json(resource).map_err(|error| GenerateError::new(path, error))?;
    Ok(File::new(path, json))
}
