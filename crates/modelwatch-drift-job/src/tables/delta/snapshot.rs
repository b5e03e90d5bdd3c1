//! Lists the live files of a table's newest version.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use delta_kernel::engine::arrow_conversion::TryIntoArrow as _;
use delta_kernel::expressions::Scalar;
use delta_kernel::schema::{
    ColumnMetadataKey, DataType as KernelType, MetadataValue, PrimitiveType, StructField, StructType,
};
use delta_kernel::table_features::ColumnMappingMode;
use delta_kernel::{Expression, KernelResult, Predicate, Snapshot};

use super::live::{Column, LiveFile, Version};
use super::objects::Objects;
use super::problem::unreadable;
use crate::engine::EngineError;
use crate::store::Store;
use crate::tables::sought::Sought;

/// Returns the files of the newest version, in the order of their paths, without those that, by the log, have none of
/// the sought rows.
pub(in crate::tables) async fn live_files(
    address: &str,
    sought: Option<&Sought>,
) -> Result<Vec<LiveFile>, EngineError> {
    let store = Store::open(address)?;
    let root = store.root()?;
    let objects = Objects::new(store, root);
    let sought = sought.cloned();
    // Runs in its own task: a log that is not valid may make its reader panic.
    let listed = tokio::task::spawn_blocking(move || list(objects, sought.as_ref()));
    let listed = listed.await.map_err(|error| format!("makes its reader fail: {error}"));
    let listed = listed.and_then(|listed| listed.map_err(|error| unreadable(&error)));
    listed.map_err(|problem| EngineError::store(address, problem))
}

fn list(objects: Objects, sought: Option<&Sought>) -> KernelResult<Vec<LiveFile>> {
    let snapshot = Snapshot::builder_for(objects.root().as_str()).build(&objects)?;
    let schema = snapshot.schema();
    let about = snapshot.table_configuration();
    let mapping = about.column_mapping_mode();
    let partitions: BTreeSet<&str> = about
        .metadata()
        .partition_columns()
        .iter()
        .map(String::as_str)
        .collect();
    let columns = schema.fields().map(|field| column(field, mapping, &partitions));
    let version = Arc::new(Version {
        columns: columns.collect::<KernelResult<_>>()?,
        objects: objects.clone(),
    });
    let scan = snapshot
        .clone()
        .scan_builder()
        .with_predicate(sought.and_then(|sought| predicate(sought, &schema)).map(Arc::new))
        .without_row_transforms()
        .build()?;
    let mut scanned = Vec::new();
    for listed in scan.scan_metadata(&objects)? {
        scanned = listed?.visit_scan_files(scanned, |files, file| files.push(file))?;
    }
    let live = scanned.into_iter().map(|file| LiveFile::new(version.clone(), file));
    let mut live = live.collect::<KernelResult<Vec<_>>>()?;
    live.sort_by(|one, other| one.address().cmp(other.address()));
    Ok(live)
}

fn column(field: &StructField, mapping: ColumnMappingMode, partitions: &BTreeSet<&str>) -> KernelResult<Column> {
    let id = match (mapping, field.metadata.get(ColumnMetadataKey::ColumnMappingId.as_ref())) {
        (ColumnMappingMode::Id, Some(MetadataValue::Number(id))) => i32::try_from(*id).ok(),
        _ => None,
    };
    let partition = match &field.data_type {
        KernelType::Primitive(holds) if partitions.contains(field.name.as_str()) => Some(holds.clone()),
        _ => None,
    };
    Ok(Column {
        name: field.name.clone(),
        physical: field.physical_name(mapping).to_owned(),
        id,
        holds: (&field.data_type).try_into_arrow()?,
        partition,
    })
}

/// Returns the condition on times for rows that are sought or have no time; `None` if the log's statistics can't
/// compare this type of times.
fn predicate(sought: &Sought, schema: &StructType) -> Option<Predicate> {
    let KernelType::Primitive(holds) = &schema.field(&sought.time)?.data_type else {
        return None;
    };
    let (start, end) = (sought.window.start(), sought.window.end());
    let time = || Expression::column([sought.time.clone()]);
    let within = |from: Scalar, to: Predicate| Predicate::and(time().ge(Expression::literal(from)), to);
    let micros = |time: DateTime<Utc>| time.timestamp_micros();
    let before = |end: Scalar| time().lt(Expression::literal(end));
    let within = match holds {
        PrimitiveType::Timestamp => within(Scalar::Timestamp(micros(start)), before(Scalar::Timestamp(micros(end)))),
        PrimitiveType::TimestampNtz => within(
            Scalar::TimestampNtz(micros(start)),
            before(Scalar::TimestampNtz(micros(end))),
        ),
        PrimitiveType::Date => {
            // Includes the days of the first and the last time.
            let day = |time: DateTime<Utc>| {
                i32::try_from(time.timestamp().div_euclid(86_400))
                    .ok()
                    .map(Scalar::Date)
            };
            within(day(start)?, time().le(Expression::literal(day(end)?)))
        }
        _ => return None,
    };
    Some(Predicate::or(within, time().is_null()))
}
