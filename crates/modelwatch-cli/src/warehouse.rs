//! A table of a database as an engine, as what a baseline is made of, and as labels of predictions.

use std::sync::Arc;

use modelwatch_config::DriftWarehouse;
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
    use modelwatch_config::WarehouseAccess;
    use modelwatch_warehouse::{Access, Dialect, Warehouse};

    let dialect: Dialect = warehouse.dialect.parse().map_err(Failure::new)?;
    let access = match &warehouse.access {
        WarehouseAccess::Variable(name) => Access::Variable(name.clone()),
        WarehouseAccess::Profile(name) => Access::Profile(name.clone()),
    };
    let table = Warehouse::new(dialect, &warehouse.table, access).timeout(warehouse.timeout);
    Ok(match &warehouse.driver {
        Some(driver) => table.driver(driver),
        None => table,
    })
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
