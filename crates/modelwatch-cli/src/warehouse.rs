//! A table of a database as an engine, as what a baseline is made of, and as labels of predictions; and Spark as the engine over a log.

use std::sync::Arc;

use modelwatch_config::{DriftSpark, DriftWarehouse};
use modelwatch_drift_job::engine::Engine;
use modelwatch_drift_job::performance::Outcomes;
use modelwatch_drift_job::{TableColumns, TrainingSource};

use crate::failure::Failure;

/// The engine, and what it is called.
#[cfg(feature = "warehouse")]
pub(crate) fn engine(
    _: &str,
    warehouse: &DriftWarehouse,
    columns: TableColumns,
) -> Result<(String, Arc<dyn Engine>), Failure> {
    let engine = table(warehouse)?.columns(columns);
    Ok((engine.to_string(), Arc::new(engine)))
}

/// Labels of predictions.
#[cfg(feature = "warehouse")]
pub(crate) fn outcomes(_: &str, warehouse: &DriftWarehouse) -> Result<Outcomes, Failure> {
    Ok(Outcomes::new(table(warehouse)?))
}

/// What a baseline is made of.
#[cfg(feature = "warehouse")]
pub(crate) fn training(warehouse: &DriftWarehouse) -> Result<Box<dyn TrainingSource>, Failure> {
    Ok(Box::new(table(warehouse)?))
}

#[cfg(feature = "warehouse")]
fn table(warehouse: &DriftWarehouse) -> Result<modelwatch_warehouse::Warehouse, Failure> {
    use modelwatch_warehouse::{Dialect, Warehouse};

    let dialect: Dialect = warehouse.dialect.parse().map_err(Failure::new)?;
    let table = Warehouse::new(dialect, &warehouse.table, access(&warehouse.access)).timeout(warehouse.timeout);
    Ok(match &warehouse.driver {
        Some(driver) => table.driver(driver),
        None => table,
    })
}

#[cfg(feature = "warehouse")]
fn access(access: &modelwatch_config::WarehouseAccess) -> modelwatch_warehouse::Access {
    use modelwatch_config::WarehouseAccess;
    use modelwatch_warehouse::Access;

    match access {
        WarehouseAccess::Variable(name) => Access::Variable(name.clone()),
        WarehouseAccess::Profile(name) => Access::Profile(name.clone()),
    }
}

/// The engine over a prediction log whose rows Spark counts.
#[cfg(feature = "spark")]
pub(crate) fn spark(_: &str, log: &str, spark: &DriftSpark) -> Result<Arc<dyn Engine>, Failure> {
    let engine = modelwatch_warehouse::SparkLog::new(log, access(&spark.access)).timeout(spark.timeout);
    Ok(Arc::new(match &spark.log {
        Some(root) => engine.seen_by_spark(root),
        None => engine,
    }))
}

#[cfg(not(feature = "spark"))]
pub(crate) fn spark(model: &str, _: &str, _: &DriftSpark) -> Result<Arc<dyn Engine>, Failure> {
    Err(Failure::new(format!(
        "model {model:?} has its log counted by Spark, which this build can't ask; install modelwatch-cli with --features spark"
    )))
}

#[cfg(not(feature = "warehouse"))]
pub(crate) fn engine(model: &str, _: &DriftWarehouse, _: TableColumns) -> Result<(String, Arc<dyn Engine>), Failure> {
    Err(Failure::new(format!(
        "model {model:?} has its rows in a warehouse, which this build can't ask; install modelwatch-cli with --features warehouse"
    )))
}

#[cfg(not(feature = "warehouse"))]
pub(crate) fn outcomes(whose: &str, _: &DriftWarehouse) -> Result<Outcomes, Failure> {
    Err(Failure::new(format!(
        "{whose} has its labels in a warehouse, which this build can't ask; install modelwatch-cli with --features warehouse"
    )))
}

#[cfg(not(feature = "warehouse"))]
pub(crate) fn training(_: &DriftWarehouse) -> Result<Box<dyn TrainingSource>, Failure> {
    Err(Failure::new(
        "this build can't ask a warehouse; install modelwatch-cli with --features warehouse",
    ))
}
