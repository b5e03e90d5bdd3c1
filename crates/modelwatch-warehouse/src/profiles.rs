//! Makes the profile of a table for a baseline, with three statements that return quantiles and counts.
//!
//! The first statement reads the quantiles of numbers, and categories with their number of rows. Bins that are still too wide are
//! split between neighbouring values, which the second statement reads. The third counts the rows in the bins, as for a window,
//! and measures their distance from the mean. All three see the same rows if the database can guarantee that; otherwise different
//! rows are an error.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use modelwatch_drift::baseline::{BaselineError, BinsOutline, NumericBins, NumericCounts};
use modelwatch_drift_job::engine::WindowQuery;
use modelwatch_drift_job::{ColumnKind, SourceColumn, TableColumns, TrainingColumns};

use crate::answer::{NOT_ASKED, Row, TextKind, add_ends, add_place, each_row};
use crate::kind::Kind;
use crate::quantiles::{Quantiles, quantiles, squares};
use crate::statement::Writer;
use crate::table::TableShape;

/// The columns of a table, and the answers so far.
#[derive(Debug)]
pub(crate) struct Profiles {
    table: TableShape,
    columns: Vec<Asked>,
    /// The rows in each answer so far.
    rows: Vec<u64>,
}

/// A column and its state.
#[derive(Debug)]
struct Asked {
    name: String,
    kind: Kind,
    found: Found,
}

/// The results for a column so far.
#[derive(Debug)]
enum Found {
    Categories(Categories),
    Quantiles(Quantiles),
    Outline {
        outline: BinsOutline,
        distinct: u64,
        beside: Beside,
    },
    Bins {
        bins: NumericBins,
        distinct: u64,
        counts: NumericCounts,
        squares: f64,
        mean: f64,
    },
    Nothing(Option<BaselineError>),
}

/// Rows by text.
#[derive(Debug, Default)]
struct Categories {
    rows: BTreeMap<String, u64>,
    missing: u64,
    other_type: u64,
}

/// The values next to the points at which bins are split, and the sum of all values.
#[derive(Debug, Default)]
struct Beside {
    /// The least and the largest value, by how many points are at or below them.
    ends: BTreeMap<usize, (f64, f64)>,
    counts: NumericCounts,
}

/// A branch of a statement: its column, and whether it sums squares.
type Branch = (Option<usize>, bool);

impl Profiles {
    /// Starts with these columns, each read as the given kind.
    ///
    /// # Errors
    ///
    /// Returns an error when a column does not exist, or can't be read as its kind.
    pub(crate) fn new(table: TableShape, columns: &[(String, ColumnKind)]) -> Result<Self, String> {
        let asked = columns.iter().map(|(name, kind)| {
            let held = table.columns().iter().find(|(known, _)| known == name);
            let Some((_, held)) = held else {
                return Err(format!("has no column {name:?} any more; was it changed just now? Run again"));
            };
            let found = match kind {
                ColumnKind::Categorical => Found::Categories(Categories::default()),
                ColumnKind::Numeric => match table.dialect.number(held, &table.dialect.quoted(name)) {
                    Some(_) => Found::Quantiles(Quantiles::default()),
                    None => {
                        return Err(format!(
                            "has no numbers in the column {name:?}; make a view in which it is one, or take it for categories"
                        ));
                    }
                },
            };
            Ok(Asked {
                name: name.clone(),
                kind: held.clone(),
                found,
            })
        });
        let columns = asked.collect::<Result<Vec<_>, String>>()?;
        Ok(Self {
            table,
            columns,
            rows: Vec::new(),
        })
    }

    /// Returns the next statement with its branches, or `None` when everything is known.
    pub(crate) fn statement(&self) -> Option<(String, Vec<Branch>)> {
        let query = WindowQuery {
            model: String::new(),
            window: None,
            columns: Vec::new(),
            groups: Vec::new(),
            joint: Vec::new(),
        };
        let names = TableColumns::default();
        let writer = Writer::new(&query, &self.table, &names);
        let dialect = self.table.dialect;
        let mut branches: Vec<Branch> = vec![(None, false)];
        let mut selects = vec![writer.rows(None)];
        for (place, column) in self.columns.iter().enumerate() {
            let name = writer.name(&column.name);
            let number = || {
                dialect
                    .number(&column.kind, &name)
                    .unwrap_or_else(|| dialect.no_double())
            };
            let mut add = |is_squares, select| {
                branches.push((Some(place), is_squares));
                selects.push(select);
            };
            match &column.found {
                Found::Categories(_) if self.rows.is_empty() => {
                    add(false, writer.texts(&column.kind, &name, None, false));
                }
                Found::Quantiles(_) => add(false, quantiles(dialect, &number(), &writer.from())),
                Found::Outline { outline, .. } => {
                    add(false, writer.places(outline.points(), &number(), &name, None));
                }
                Found::Bins { bins, counts, mean, .. } if counts.bins.is_empty() => {
                    add(false, writer.places(bins.edges(), &number(), &name, None));
                    if let (Some(least), Some(largest)) = (counts.least, counts.largest)
                        && largest > least
                    {
                        add(
                            true,
                            squares(dialect, &number(), &writer.from(), *mean, largest - least),
                        );
                    }
                }
                Found::Categories(_) | Found::Bins { .. } | Found::Nothing(_) => {}
            }
        }
        if !self.rows.is_empty() && branches.len() == 1 {
            return None;
        }
        let numbered = selects.iter().enumerate();
        let selects: Vec<String> = numbered
            .map(|(place, select)| format!("SELECT {place} AS mw_branch, {select}"))
            .collect();
        Some((selects.join("\nUNION ALL\n"), branches))
    }

    /// Begins a round: the counts of bins come from its answer only.
    pub(crate) fn begin(&mut self) {
        self.rows.push(0);
        for column in &mut self.columns {
            if let Found::Bins { bins, counts, .. } = &mut column.found
                && counts.bins.is_empty()
            {
                *counts = bins.count();
            }
        }
    }

    /// Adds a batch of the answer.
    pub(crate) fn add(&mut self, branches: &[Branch], batch: &RecordBatch) -> Result<(), String> {
        each_row(batch, |branch, row| {
            let (place, is_squares) = *branches.get(branch).ok_or(NOT_ASKED)?;
            match place {
                None => *self.rows.last_mut().ok_or(NOT_ASKED)? += row.rows,
                Some(place) => self.columns[place].add(is_squares, row),
            }
            Ok(())
        })
    }

    /// Prepares the next statement.
    ///
    /// # Errors
    ///
    /// Returns an error when the rows differ from those of the previous statement.
    pub(crate) fn step(&mut self) -> Result<(), String> {
        if let [.., before, now] = self.rows[..]
            && before != now
        {
            return Err(format!(
                "changed while it was read, from {before} to {now} rows; name a view of rows that nobody writes to any more"
            ));
        }
        self.columns.iter_mut().for_each(Asked::step);
        Ok(())
    }

    /// Returns the result, once no statement is left.
    pub(crate) fn finish(self) -> TrainingColumns {
        let rows = self.rows.last().copied().unwrap_or_default();
        TrainingColumns {
            rows,
            columns: self.columns.into_iter().map(|column| column.finish(rows)).collect(),
        }
    }
}

impl Asked {
    fn add(&mut self, is_squares: bool, row: &Row<'_>) {
        match &mut self.found {
            Found::Categories(categories) => match (TextKind::of_code(row.place), row.value) {
                (TextKind::Other, _) => {
                    categories.other_type += row.rows;
                    categories.missing += row.rows;
                }
                (_, None) => categories.missing += row.rows,
                (kind, Some(value)) => *categories.rows.entry(kind.canonical(value)).or_insert(0) += row.rows,
            },
            Found::Quantiles(quantiles) => quantiles.add(row),
            Found::Outline { beside, .. } => beside.add(row),
            Found::Bins { squares, .. } if is_squares => *squares = row.total.unwrap_or(f64::NAN),
            Found::Bins { bins, counts, .. } => {
                let mut of_place = bins.count();
                add_place(&mut of_place, row);
                counts.merge(&of_place);
            }
            Found::Nothing(_) => {}
        }
    }

    fn step(&mut self) {
        let found = std::mem::replace(&mut self.found, Found::Nothing(None));
        self.found = match found {
            Found::Quantiles(quantiles) => {
                let distinct = quantiles.distinct;
                match quantiles.outline(&self.name) {
                    None => Found::Nothing(Some(BaselineError::Empty {
                        feature: Some(self.name.clone()),
                    })),
                    Some(Err(error)) => Found::Nothing(Some(error)),
                    Some(Ok(outline)) => Found::Outline {
                        outline,
                        distinct,
                        beside: Beside::default(),
                    },
                }
            }
            Found::Outline {
                outline,
                distinct,
                beside,
            } => match beside.counts.sample.mean() {
                None => Found::Nothing(Some(BaselineError::Inconsistent {
                    feature: self.name.clone(),
                    what: "its values are too large to be summed; make those beyond 1e290 missing in a view".into(),
                })),
                Some(mean) => {
                    let (least, largest) = (beside.counts.least, beside.counts.largest);
                    let points = outline.points().to_vec();
                    Found::Bins {
                        bins: NumericBins::from_outline(outline, |point| {
                            beside.of(points.partition_point(|other| *other < point))
                        }),
                        distinct,
                        // Only the least and the largest value are known so far.
                        counts: NumericCounts {
                            least,
                            largest,
                            ..NumericCounts::default()
                        },
                        squares: 0.0,
                        mean: match (least, largest) {
                            (Some(least), Some(largest)) => mean.clamp(least, largest),
                            _ => mean,
                        },
                    }
                }
            },
            found => found,
        };
    }

    fn finish(self, rows: u64) -> SourceColumn {
        match self.found {
            Found::Categories(categories) => SourceColumn::Categories {
                categories: categories.rows.into_iter().collect(),
                missing: categories.missing,
                other_type: categories.other_type,
            },
            Found::Bins {
                bins,
                distinct,
                counts,
                squares,
                mean,
            } => {
                let range = match (counts.least, counts.largest) {
                    (Some(least), Some(largest)) => largest - least,
                    _ => 0.0,
                };
                let finite = counts.sample.offered().max(1) as f64;
                SourceColumn::Numbers {
                    bins,
                    deviation: range * (squares / finite).sqrt(),
                    mean,
                    distinct: distinct + u64::from(counts.below > 0) + u64::from(counts.above > 0),
                    counts,
                }
            }
            Found::Nothing(problem) => SourceColumn::None {
                missing: rows,
                problem: problem.unwrap_or(BaselineError::Empty {
                    feature: Some(self.name),
                }),
            },
            // All statements are answered, so these states are impossible.
            Found::Quantiles(_) | Found::Outline { .. } => SourceColumn::None {
                missing: rows,
                problem: BaselineError::Empty {
                    feature: Some(self.name),
                },
            },
        }
    }
}

impl Beside {
    fn add(&mut self, row: &Row<'_>) {
        if let (Ok(place), Some(least), Some(largest)) = (usize::try_from(row.place), row.least, row.largest) {
            self.ends.insert(place, (least, largest));
        }
        let mut counts = NumericCounts::default();
        add_ends(&mut counts, row);
        self.counts.merge(&counts);
    }

    /// The values next to the point with this number.
    fn of(&self, point: usize) -> Option<(f64, f64)> {
        let (_, (_, below)) = self.ends.range(..=point).next_back()?;
        let (_, (above, _)) = self.ends.range(point + 1..).next()?;
        Some((*below, *above))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
    use arrow::datatypes::{DataType, Field, Schema};
    use modelwatch_drift_job::{ColumnKind, TableColumns};

    use super::Profiles;
    use crate::dialect::Dialect;
    use crate::table::TableShape;

    /// The branch, the place, rows, finite rows, least, largest and total of a row of an answer.
    type Said = (usize, i64, i64, i64, Option<f64>, Option<f64>, f64);

    fn answer(rows: &[Said]) -> RecordBatch {
        let integers = |of: fn(&Said) -> i64| Arc::new(Int64Array::from_iter_values(rows.iter().map(of))) as ArrayRef;
        let doubles = |of: fn(&Said) -> Option<f64>| Arc::new(Float64Array::from_iter(rows.iter().map(of))) as ArrayRef;
        let texts = || Arc::new(StringArray::new_null(rows.len())) as ArrayRef;
        let columns = [
            ("mw_branch", integers(|row| row.0 as i64)),
            ("mw_key", texts()),
            ("mw_place", integers(|row| row.1)),
            ("mw_value", texts()),
            ("mw_rows", integers(|row| row.2)),
            ("mw_finite_rows", integers(|row| row.3)),
            ("mw_least", doubles(|row| row.4)),
            ("mw_largest", doubles(|row| row.5)),
            ("mw_total", doubles(|row| Some(row.6))),
        ];
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true))).expect("a batch")
    }

    /// The statements about a column of 1, 2, 3 and 1,000, 25 rows each, and of others.
    fn statements(dialect: Dialect) -> [String; 3] {
        let schema = Schema::new(vec![
            Field::new("income \"net\"", DataType::Float64, true),
            Field::new("is_new", DataType::Boolean, true),
            Field::new("price", DataType::Decimal128(10, 2), true),
            Field::new("country", DataType::Utf8, true),
        ]);
        let table = ["analytics", "training"].map(str::to_owned);
        let shape = TableShape::new(dialect, &table, &schema, &TableColumns::default(), false).expect("a shape");
        let columns = ["income \"net\"", "is_new", "price", "country"].map(|name| match name {
            "country" => (name.to_owned(), ColumnKind::Categorical),
            _ => (name.to_owned(), ColumnKind::Numeric),
        });
        let mut profiles = Profiles::new(shape, &columns).expect("columns");
        // What is said of the first column, whose bins are too wide, and of the other numbers, which have one value.
        let rounds: [[&[Said]; 2]; 2] = [
            [
                &[
                    (0, 4, 25, 25, None, Some(2.0), 1.0),
                    (0, 4, 25, 50, Some(1.0), Some(3.0), 2.0),
                    (0, 4, 25, 75, Some(2.0), Some(1_000.0), 3.0),
                    (0, 4, 25, 100, Some(3.0), None, 1_000.0),
                ],
                &[(0, 1, 100, 100, None, None, 1.0)],
            ],
            [
                &[(0, 0, 100, 100, Some(1.0), Some(1_000.0), 25_150.0)],
                &[(0, 0, 100, 100, Some(1.0), Some(1.0), 100.0)],
            ],
        ];
        let mut asked = Vec::new();
        for round in rounds {
            let (sql, branches) = profiles.statement().expect("a statement");
            asked.push(sql + "\n");
            profiles.begin();
            for (branch, (place, _)) in branches.iter().enumerate() {
                match place {
                    None => profiles.add(&branches, &answer(&[(branch, 0, 100, 0, None, None, 0.0)])),
                    // Categories are known after the first.
                    Some(3) => Ok(()),
                    Some(place) => {
                        let rows: Vec<Said> = round[usize::from(*place > 0)]
                            .iter()
                            .map(|row| (branch, row.1, row.2, row.3, row.4, row.5, row.6))
                            .collect();
                        profiles.add(&branches, &answer(&rows))
                    }
                }
                .expect("what was asked");
            }
            profiles.step().expect("the same rows");
        }
        asked.push(profiles.statement().expect("a statement").0 + "\n");
        asked.try_into().expect("three")
    }

    /// `UPDATE_GOLDEN=1` writes the files anew; look at what changed. Another parser reads them in `tests/databases/golden.rs`.
    #[test]
    fn writes_split_and_count_of_each_dialect_as_they_were_looked_at() {
        for dialect in Dialect::ALL {
            let [quantiles, split, count] = statements(dialect);
            assert!(quantiles.contains("mw_upto") && !split.contains("mw_upto"), "{dialect}");
            for (name, sql) in [("split", split), ("count", count)] {
                let path =
                    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{dialect}-training-{name}.sql"));
                if std::env::var_os("UPDATE_GOLDEN").is_some() {
                    fs::write(&path, &sql).expect("a file");
                }
                assert_eq!(fs::read_to_string(&path).expect("a file"), sql, "{dialect}");
            }
        }
    }
}
