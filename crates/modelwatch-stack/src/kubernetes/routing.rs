//! The routing as the Secret from which the operator's `Alertmanager` reads its configuration.
//!
//! Not an `AlertmanagerConfig`: it only sees alerts with a `namespace` label, which those of models may lack.

use std::collections::BTreeMap;

use modelwatch_config::Config;
use serde::Serialize;

use super::manifest::{Manifest, metadata};
use crate::error::GenerateError;
use crate::file::File;
use crate::links::stack_name;
use crate::{alertmanager, messages, yaml};

/// The folder in which the operator mounts the Secret's other keys.
const FOLDER: &str = "/etc/alertmanager/config";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Secret {
    string_data: BTreeMap<&'static str, String>,
}

pub(super) fn files(config: &Config) -> Result<Vec<File>, GenerateError> {
    if !config.alertmanager.manage {
        return Ok(Vec::new());
    }
    let template = messages::file(config, "");
    let manifest = Manifest {
        api_version: "v1",
        kind: "Secret",
        metadata: metadata(config, format!("{}-alertmanager", stack_name(config))),
        body: Secret {
            string_data: BTreeMap::from([
                (
                    "alertmanager.yaml",
                    alertmanager::text(config, &format!("{FOLDER}/{}", messages::TEMPLATE))?,
                ),
                (messages::TEMPLATE, template.contents),
            ]),
        },
    };
    Ok(vec![yaml::file("kubernetes/alertmanager.yml", &manifest)?])
}
