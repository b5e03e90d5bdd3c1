//! From `[models.drift.warehouse]` to an engine.

use std::sync::Arc;

use modelwatch_config::DriftWarehouse;
use modelwatch_drift_job::TableColumns;
use modelwatch_drift_job::engine::Engine;

use crate::failure::Failure;

/// The engine, and what it is called.
#[cfg(feature = "warehouse")]
pub(super) fn engine(
    _: &str,
    warehouse: &DriftWarehouse,
    columns: TableColumns,
) -> Result<(String, Arc<dyn Engine>), Failure> {
    use modelwatch_config::WarehouseAccess;
    use modelwatch_warehouse::{Access, Dialect, Warehouse};

    let dialect: Dialect = warehouse.dialect.parse().map_err(Failure::new)?;
    let access = match &warehouse.access {
        WarehouseAccess::Variable(name) => Access::Variable(name.clone()),
        WarehouseAccess::Profile(name) => Access::Profile(name.clone()),
    };
    let mut engine = Warehouse::new(dialect, &warehouse.table, access)
        .timeout(warehouse.timeout)
        .columns(columns);
    if let Some(driver) = &warehouse.driver {
        engine = engine.driver(driver);
    }
    Ok((engine.to_string(), Arc::new(engine)))
}

#[cfg(not(feature = "warehouse"))]
pub(super) fn engine(model: &str, _: &DriftWarehouse, _: TableColumns) -> Result<(String, Arc<dyn Engine>), Failure> {
    Err(Failure::new(format!(
        "model {model:?} has its rows in a warehouse, which this build can't ask; install modelwatch-cli with --features warehouse"
    )))
}
