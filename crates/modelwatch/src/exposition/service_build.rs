//! Which build of the service this is: what the builder says or, failing that, the environment.

use std::env;

use crate::contract::reserved::{OTHER, UNKNOWN};
use crate::error::ConfigError;
use crate::labels::label_set::Labels;
use crate::labels::limits::Limits;
use crate::labels::value::{canonical, problem, shown};

#[derive(Clone, Debug, Default)]
pub(crate) struct ServiceBuild {
    pub(crate) version: Option<String>,
    pub(crate) revision: Option<String>,
}

const VERSION_VARIABLE: &str = "MODELWATCH_SERVICE_VERSION";
const REVISION_VARIABLE: &str = "MODELWATCH_REVISION";

impl ServiceBuild {
    pub(crate) fn check(&self, limits: &Limits) -> Result<(), ConfigError> {
        for (label, value) in [("service_version", &self.version), ("revision", &self.revision)] {
            let Some(value) = value else { continue };
            if let Some(problem) = problem(value, limits) {
                return Err(ConfigError::Service {
                    label,
                    value: shown(value).into(),
                    problem,
                });
            }
        }
        Ok(())
    }

    /// The labels of `ml_service_info`; nothing where nobody says what the build is.
    pub(crate) fn labels(self, limits: &Limits) -> Option<Labels> {
        let said = |value: Option<String>, variable| {
            value.or_else(|| env::var(variable).ok().filter(|value| !value.is_empty()))
        };
        let version = said(self.version, VERSION_VARIABLE);
        let revision = said(self.revision, REVISION_VARIABLE);
        (version.is_some() || revision.is_some()).then(|| {
            let exposed = |value: Option<String>| {
                let value = value.unwrap_or_else(|| UNKNOWN.to_owned());
                canonical(&value, limits.value_bytes).map_or_else(|| OTHER.into(), |value| (*value).into())
            };
            Labels::new([("service_version", &exposed(version)), ("revision", &exposed(revision))])
        })
    }
}
