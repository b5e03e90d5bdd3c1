//! Statements for the quantiles of a numeric column, from which bins are made, and the meaning of their rows.
//!
//! Edges are between neighbouring values of training, so each quantile comes with its neighbours. The database counts, ranks and
//! sums the rows of each value, and returns the values on which one of the two hundred quantiles falls. That is exact in every
//! dialect, because it uses only integers.

use modelwatch_drift::baseline::{BaselineError, BinsOutline, NumericBins, QuantileValue};

use crate::answer::Row;
use crate::dialect::Dialect;

/// Below this share of the range, a distance from the mean counts as 0: its square would underflow, which is an error in some
/// databases.
const NO_DISTANCE: f64 = 1e-150;

/// Selects the values on which quantiles fall. Each comes with its rows, the rows up to it, its neighbours, and the number of
/// distinct values. `from` is the FROM clause, `number` the column as a double.
pub(crate) fn quantiles(dialect: Dialect, number: &str, from: &str) -> String {
    let most = dialect.literal(f64::MAX);
    let least = dialect.literal(-f64::MAX);
    let beside = |row: &str| format!("MAX(mw_x) OVER (ORDER BY mw_x ROWS BETWEEN 1 {row} AND 1 {row})");
    let upto =
        dialect.as_integer("SUM(mw_times) OVER (ORDER BY mw_x ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)");
    let all = dialect.as_integer("SUM(mw_times) OVER ()");
    let levels = NumericBins::QUANTILES;
    format!(
        "{text} AS mw_key, mw_values AS mw_place, {text} AS mw_value, mw_times AS mw_rows, mw_upto AS mw_finite_rows, \
         mw_below AS mw_least, mw_above AS mw_largest, mw_x AS mw_total\n  \
         FROM (SELECT mw_x, mw_times, {upto} AS mw_upto, {all} AS mw_all, COUNT(*) OVER () AS mw_values, {below} AS mw_below, \
         {above} AS mw_above\n    \
         FROM (SELECT mw_x, COUNT(*) AS mw_times FROM (SELECT {number} AS mw_x {from}) AS mw_read \
         WHERE mw_x BETWEEN {least} AND {most} GROUP BY mw_x) AS mw_counted) AS mw_ranked\n  \
         WHERE mw_below IS NULL OR mw_above IS NULL OR {rest} < {levels} * mw_times",
        text = dialect.no_text(),
        below = beside("PRECEDING"),
        above = beside("FOLLOWING"),
        rest = dialect.rest(&format!("{levels} * mw_upto"), "mw_all"),
    )
}

/// Selects the sum of the squared distances from the mean, each as a share of the range.
pub(crate) fn squares(dialect: Dialect, number: &str, from: &str, mean: f64, range: f64) -> String {
    let (text, double) = (dialect.no_text(), dialect.no_double());
    let (mean, none) = (dialect.literal(mean), dialect.literal(range * NO_DISTANCE));
    format!(
        "{text} AS mw_key, 0 AS mw_place, {text} AS mw_value, COUNT(mw_off) AS mw_rows, 0 AS mw_finite_rows, {double} AS mw_least, \
         {double} AS mw_largest, SUM(mw_off * mw_off) AS mw_total\n  \
         FROM (SELECT CASE WHEN mw_x BETWEEN {least} AND {most} THEN CASE WHEN ABS(mw_x - {mean}) <= {none} THEN {zero} \
         ELSE (mw_x - {mean}) / {range} END END AS mw_off\n    FROM (SELECT {number} AS mw_x {from}) AS mw_read) AS mw_distant",
        least = dialect.literal(-f64::MAX),
        most = dialect.literal(f64::MAX),
        zero = dialect.literal(0.0),
        range = dialect.literal(range),
    )
}

/// Collects the quantiles of a column.
#[derive(Debug, Default)]
pub(crate) struct Quantiles {
    /// Each value with its neighbours, its rows and the rows up to it.
    values: Vec<(QuantileValue, u64, u64)>,
    pub(crate) distinct: u64,
}

impl Quantiles {
    pub(crate) fn add(&mut self, row: &Row<'_>) {
        let Some(value) = row.total else { return };
        self.distinct = u64::try_from(row.place).unwrap_or_default();
        // The number of quantiles on it is known only when all rows are.
        let value = QuantileValue::new(value, row.least, row.largest, 0);
        self.values.push((value, row.rows, row.finite_rows));
    }

    /// Returns the bins between the quantiles. `None` when no value is finite.
    pub(crate) fn outline(mut self, feature: &str) -> Option<Result<BinsOutline, BaselineError>> {
        self.values
            .sort_unstable_by(|(one, ..), (other, ..)| one.value.total_cmp(&other.value));
        let (_, _, all) = *self.values.last()?;
        let with_quantiles = self.values.into_iter().map(|(value, times, upto)| {
            let quantiles = QuantileValue::quantiles_of(times, upto, all);
            QuantileValue::new(value.value, value.below, value.above, quantiles)
        });
        Some(BinsOutline::new(feature, &with_quantiles.collect::<Vec<_>>()))
    }
}
