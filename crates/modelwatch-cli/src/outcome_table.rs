//! What the command line says of a table of labels.

use std::time::Duration;

use clap::Args;
use modelwatch_drift_job::performance::Outcomes;

use crate::database::{Database, TABLE};
use crate::failure::Failure;
use crate::warehouse;

/// A table of a database with labels by id, in place of files.
#[derive(Args)]
pub(crate) struct OutcomeTable {
    /// The table or view of a database that has the labels by id, in place of files.
    #[arg(long, value_name = "TABLE", value_delimiter = '.', requires_all = ["dialect", "access"], conflicts_with = "outcomes", group = TABLE, help_heading = "Warehouse")]
    outcomes_table: Vec<String>,
    #[command(flatten)]
    database: Database,
}

impl OutcomeTable {
    /// The table; nothing where none is named.
    pub(crate) fn source(&self, timeout: Option<Duration>) -> Result<Option<Outcomes>, Failure> {
        let table = self.database.table(&self.outcomes_table);
        let table = table.map_err(|problem| Failure::new(format!("--outcomes-table: {problem}")))?;
        let Some(mut table) = table else { return Ok(None) };
        if let Some(timeout) = timeout {
            table.timeout = timeout;
        }
        warehouse::outcomes("the report", &table).map(Some)
    }
}
