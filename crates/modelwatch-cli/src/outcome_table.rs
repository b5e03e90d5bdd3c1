//! What the command line says of a table of labels.

use std::time::Duration;

use clap::Args;
use clap::builder::PossibleValuesParser;
use modelwatch_config::{DriftWarehouse, WarehouseAccess};
use modelwatch_drift_job::performance::Outcomes;

use crate::failure::Failure;
use crate::warehouse;

/// A table of a database with labels by id, in place of files.
#[derive(Args)]
pub(crate) struct OutcomeTable {
    /// The table or view of a database that has the labels by id, in place of files.
    #[arg(long, value_name = "TABLE", value_delimiter = '.', requires_all = ["dialect", "access"], conflicts_with = "outcomes", help_heading = "Warehouse")]
    outcomes_table: Vec<String>,
    /// The database's dialect of SQL.
    #[arg(long, value_parser = PossibleValuesParser::new(DriftWarehouse::DIALECTS), requires = "outcomes_table", help_heading = "Warehouse")]
    dialect: Option<String>,
    /// The environment variable that holds the database's URI.
    #[arg(
        long,
        value_name = "VARIABLE",
        group = "access",
        requires = "outcomes_table",
        help_heading = "Warehouse"
    )]
    uri_from: Option<String>,
    /// The ADBC connection profile that says how to reach the database: its name or path.
    #[arg(
        long,
        value_name = "PROFILE",
        group = "access",
        requires = "outcomes_table",
        help_heading = "Warehouse"
    )]
    profile: Option<String>,
    /// The ADBC driver: a name or the path of its library. Without one, that of the profile or the dialect.
    #[arg(long, value_name = "DRIVER", requires = "outcomes_table", help_heading = "Warehouse")]
    driver: Option<String>,
}

impl OutcomeTable {
    /// The table; nothing where none is named.
    pub(crate) fn source(&self, timeout: Option<Duration>) -> Result<Option<Outcomes>, Failure> {
        let (Some(dialect), false) = (&self.dialect, self.outcomes_table.is_empty()) else {
            return Ok(None);
        };
        let access = match (&self.uri_from, &self.profile) {
            (Some(variable), _) => WarehouseAccess::Variable(variable.clone()),
            (_, Some(profile)) => WarehouseAccess::Profile(profile.clone()),
            (None, None) => return Ok(None),
        };
        let table = DriftWarehouse::new(dialect, self.outcomes_table.clone(), access);
        let mut table = table.map_err(|problem| Failure::new(format!("--outcomes-table: {problem}")))?;
        table.driver.clone_from(&self.driver);
        if let Some(timeout) = timeout {
            table.timeout = timeout;
        }
        warehouse::outcomes("the report", &table).map(Some)
    }
}
