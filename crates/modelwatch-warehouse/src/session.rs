//! A session with a database, over any protocol.

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;

use crate::stop::Stop;

/// Receives the columns of an answer, before its first row.
pub(crate) type TakeSchema<'a> = &'a mut dyn FnMut(&Schema);
/// Receives rows of an answer.
pub(crate) type TakeBatch<'a> = &'a mut dyn FnMut(&RecordBatch) -> Result<(), String>;

/// A session with a database. It ends on drop. Errors have one line and contain no secret.
pub(crate) trait Session {
    /// Makes all further statements see the current rows, if the database can and tests cover it.
    fn hold(&self) -> Result<(), String>;

    /// Runs a statement and passes on the answer batch by batch. Blocks.
    fn run(&self, sql: &str, stop: &Stop, schema: TakeSchema<'_>, take: TakeBatch<'_>) -> Result<(), String>;
}
