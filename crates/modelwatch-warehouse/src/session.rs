//! What a database is asked through, whatever its protocol.

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;

use crate::stop::Stop;

/// Takes the columns of an answer, before the first of its rows.
pub(crate) type TakeSchema<'a> = &'a mut dyn FnMut(&Schema);
/// Takes rows of an answer.
pub(crate) type TakeBatch<'a> = &'a mut dyn FnMut(&RecordBatch) -> Result<(), String>;

/// A session with a database, over when it is dropped. What fails is told in one line, without a secret in it.
pub(crate) trait Session {
    /// Has all statements from here on see the rows that there are now, where the database can and that is tested.
    fn hold(&self) -> Result<(), String>;

    /// Asks, and hands over the answer batch by batch. Blocks.
    fn run(&self, sql: &str, stop: &Stop, schema: TakeSchema<'_>, take: TakeBatch<'_>) -> Result<(), String>;
}
