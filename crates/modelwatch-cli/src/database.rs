//! What the command line says of a database that has a table.

use clap::Args;
use clap::builder::PossibleValuesParser;
use modelwatch_config::{DriftWarehouse, WarehouseAccess};

use crate::failure::Failure;

/// The group of the argument that names the table.
pub(crate) const TABLE: &str = "table_of_database";

/// How to reach the database, and its dialect. The table's own argument requires `dialect` and `access`, and is in the group [`TABLE`].
#[derive(Args)]
pub(crate) struct Database {
    /// The database's dialect of SQL.
    #[arg(long, value_parser = PossibleValuesParser::new(DriftWarehouse::DIALECTS), requires = TABLE, help_heading = "Warehouse")]
    dialect: Option<String>,
    /// The environment variable that holds the database's URI.
    #[arg(
        long,
        value_name = "VARIABLE",
        group = "access",
        requires = TABLE,
        help_heading = "Warehouse"
    )]
    uri_from: Option<String>,
    /// The ADBC connection profile that says how to reach the database: its name or path.
    #[arg(
        long,
        value_name = "PROFILE",
        group = "access",
        requires = TABLE,
        help_heading = "Warehouse"
    )]
    profile: Option<String>,
    /// The ADBC driver: a name or the path of its library. Without one, that of the profile or the dialect.
    #[arg(long, value_name = "DRIVER", requires = TABLE, help_heading = "Warehouse")]
    driver: Option<String>,
}

impl Database {
    /// The table of this name; nothing where none is named.
    pub(crate) fn table(&self, name: &[String]) -> Result<Option<DriftWarehouse>, Failure> {
        let (Some(dialect), false) = (&self.dialect, name.is_empty()) else {
            return Ok(None);
        };
        let access = match (&self.uri_from, &self.profile) {
            (Some(variable), _) => WarehouseAccess::Variable(variable.clone()),
            (None, Some(profile)) => WarehouseAccess::Profile(profile.clone()),
            (None, None) => return Ok(None),
        };
        let mut table = DriftWarehouse::new(dialect, name.to_vec(), access).map_err(Failure::new)?;
        table.driver.clone_from(&self.driver);
        Ok(Some(table))
    }
}
