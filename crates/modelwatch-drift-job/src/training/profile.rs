//! Builds a column's profile from its values.

use std::collections::BTreeMap;

use modelwatch_drift::baseline::{
    BaselineError, CategoricalProfile, CategoricalSlot, Hygiene, NumericProfile, Profile, category_text,
};
use modelwatch_drift::joint::{JointColumn, JointReference};
use modelwatch_drift::learn::{TimeOrder, learn};
use twox_hash::XxHash3_128;

use super::columns::{Subject, Wanted};
use super::read::{Categories, Read, Values};
use super::source::SourceColumn;
use super::summary::ColumnSummary;

/// Holds what was built from one column.
pub(super) struct Profiled {
    pub(super) profile: Result<Profile, BaselineError>,
    pub(super) summary: ColumnSummary,
    /// Whether nearly every row has a different value that is not a measurement, so that no window has training's
    /// values.
    identifies: bool,
    /// The number of rows whose value has a different type.
    pub(super) other_type: u64,
    /// A digest of the name and the sorted values, independent of the order of rows.
    pub(super) digest: u128,
}

/// Holds the inputs for every column.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) hygiene: Hygiene,
    /// The rows in the order of their times, if they have times.
    pub(super) order: Option<TimeOrder>,
    /// The rows from which to learn how columns go together.
    pub(super) together: JointReference,
}

impl Profiled {
    pub(super) fn is_identifier(&self) -> bool {
        self.identifies
    }
}

/// The number of values hashed in one call.
const DIGESTED_AT_ONCE: usize = 1 << 10;

/// Fewer rows don't show whether all further ones will differ.
const FEWEST_ROWS: u64 = 1_000;

/// Returns whether there are at least half as many categories as rows.
fn are_identifiers(summary: &ColumnSummary) -> bool {
    summary.rows >= FEWEST_ROWS && summary.distinct >= summary.rows / 2
}

/// Returns whether numbers in ascending order are whole, different and evenly spread, as serial or random numbers are.
/// Measurements repeat if there are enough of them, and cluster around usual values.
fn are_numbered(sorted: &[f64], summary: &ColumnSummary) -> bool {
    /// One value in this many may be a repetition.
    const TWICE: u64 = 1_000;
    /// The number of repetitions to expect if the values were random.
    const EXPECTED: f64 = 5.0;
    /// No evenly spread measurement has a range this wide.
    const FAR: f64 = (1_u64 << 31) as f64;
    /// The share of values by which an even spread may be off.
    const UNEVEN: f64 = 0.05;
    let (Some(least), Some(largest)) = (sorted.first(), sorted.last()) else {
        return false;
    };
    let differ = summary.rows >= FEWEST_ROWS && summary.distinct >= summary.rows - summary.rows / TWICE;
    let whole = |number: &f64| number.is_finite() && number.fract() == 0.0;
    let even = || {
        let places = sorted.iter().enumerate();
        places
            .map(|(place, number)| (place as f64 / sorted.len() as f64, (number - least) / (largest - least)))
            .all(|(share, way)| (share - way).abs() <= UNEVEN)
    };
    let rows = sorted.len() as f64;
    let given = largest - least >= FAR || rows * rows / (2.0 * (largest - least)) >= EXPECTED;
    differ && given && sorted.iter().all(whole) && even()
}

/// Builds the profiles of columns on `threads` threads, in their order.
pub(super) fn profile_all(
    columns: &[Wanted],
    values: Vec<Values>,
    asked: &Asked,
    threads: usize,
) -> Vec<(Profiled, Option<JointColumn>)> {
    let mut work: Vec<(usize, &Wanted, Values)> = (0..)
        .zip(columns)
        .zip(values)
        .map(|((place, wanted), values)| (place, wanted, values))
        .collect();
    let of_each = work.len().div_ceil(threads).max(1);
    let mut profiled: Vec<(usize, _)> = std::thread::scope(|scope| {
        let mut workers = Vec::new();
        while !work.is_empty() {
            let part = work.split_off(work.len().saturating_sub(of_each));
            workers.push(scope.spawn(move || {
                let profiled = part
                    .into_iter()
                    .map(|(place, wanted, values)| (place, profile(wanted, values, asked)));
                profiled.collect::<Vec<_>>()
            }));
        }
        let joined = workers.into_iter().map(|worker| match worker.join() {
            Ok(profiled) => profiled,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        joined.flatten().collect()
    });
    profiled.sort_unstable_by_key(|(place, _)| *place);
    profiled.into_iter().map(|(_, profiled)| profiled).collect()
}

/// Returns the summary and the digest of a column before anything is counted.
fn begun(wanted: &Wanted) -> (ColumnSummary, XxHash3_128) {
    let mut digest = XxHash3_128::new();
    text(&mut digest, &wanted.name);
    let summary = ColumnSummary {
        name: wanted.name.clone(),
        kind: wanted.kind,
        rows: 0,
        missing: 0,
        distinct: 0,
        least: String::new(),
        largest: String::new(),
    };
    (summary, digest)
}

/// Builds a column's profile, and the values from which to learn how numbers go together.
fn profile(wanted: &Wanted, values: Values, asked: &Asked) -> (Profiled, Option<JointColumn>) {
    let (hygiene, order) = (&asked.hygiene, asked.order.as_ref());
    let joint = match (wanted.role, &values.read) {
        (Subject::Feature, Read::Numbers(numbers)) => Some(asked.together.column(&wanted.name, numbers)),
        _ => None,
    };
    let (mut summary, mut digest) = begun(wanted);
    let identifies;
    let profile = match values.read {
        Read::Numbers(rows) => {
            // Keeps the order of the rows only if it matters.
            let ordered = order.map(|order| (order, rows.clone()));
            let numbers = numbers_of(rows, &mut summary, &mut digest);
            identifies = are_numbered(&numbers, &summary);
            profile_of(ordered, numbers, &summary, hygiene)
        }
        Read::Categories(categories) => {
            let profile = of_categories(&categories, &mut summary, &mut digest, hygiene, order);
            identifies = are_identifiers(&summary);
            profile
        }
    };
    digest.write(&summary.missing.to_le_bytes());
    let profiled = Profiled {
        profile,
        summary,
        identifies,
        other_type: values.other_type,
        digest: digest.finish_128(),
    };
    (profiled, joint)
}

/// Builds the profile of a column that a table computed.
pub(super) fn profile_of_source(wanted: &Wanted, column: SourceColumn, hygiene: &Hygiene) -> Profiled {
    let (mut summary, mut digest) = begun(wanted);
    let mut other = 0;
    let mut identifies = false;
    let profile = match column {
        SourceColumn::Numbers {
            bins,
            counts,
            mean,
            deviation,
            distinct,
        } => {
            (summary.rows, summary.missing, summary.distinct) = (counts.present(), counts.missing, distinct);
            let infinite = |rows: u64, end: f64| (rows > 0).then_some(end);
            let least = infinite(counts.below, f64::NEG_INFINITY).or(counts.least);
            let largest = infinite(counts.above, f64::INFINITY).or(counts.largest);
            summary.least = least.map(|least| least.to_string()).unwrap_or_default();
            summary.largest = largest.map(|largest| largest.to_string()).unwrap_or_default();
            for edge in bins.edges() {
                digest.write(&edge.to_le_bytes());
            }
            for rows in counts.in_order() {
                digest.write(&rows.to_le_bytes());
            }
            NumericProfile::new(&wanted.name, bins, counts, mean, deviation, hygiene).map(Profile::Numeric)
        }
        SourceColumn::Categories {
            categories,
            missing,
            other_type,
        } => {
            (summary.missing, other) = (missing, other_type);
            let mut known: BTreeMap<&str, u64> = BTreeMap::new();
            for (category, rows) in &categories {
                match category_text(category) {
                    Some(category) => *known.entry(category).or_insert(0) += rows,
                    None => summary.missing += rows,
                }
            }
            let known: Vec<(&str, u64)> = known.into_iter().collect();
            let profile = counted(&known, &mut summary, &mut digest, hygiene);
            identifies = are_identifiers(&summary);
            profile.map(Profile::Categorical)
        }
        SourceColumn::None { missing, problem } => {
            summary.missing = missing;
            Err(problem)
        }
    };
    digest.write(&summary.missing.to_le_bytes());
    Profiled {
        profile,
        summary,
        identifies,
        other_type: other,
        digest: digest.finish_128(),
    }
}

/// Returns the numbers in ascending order.
fn numbers_of(mut numbers: Vec<f64>, summary: &mut ColumnSummary, digest: &mut XxHash3_128) -> Vec<f64> {
    let rows = numbers.len() as u64;
    numbers.retain(|number| !number.is_nan());
    radsort::sort(&mut numbers);
    // Many at a time: a call costs more than the hash of one number.
    let mut bytes = Vec::with_capacity(DIGESTED_AT_ONCE * size_of::<f64>());
    for some in numbers.chunks(DIGESTED_AT_ONCE) {
        bytes.clear();
        bytes.extend(some.iter().flat_map(|number| number.to_le_bytes()));
        digest.write(&bytes);
    }
    summary.rows = numbers.len() as u64;
    summary.missing = rows - summary.rows;
    summary.distinct = numbers.chunk_by(|one, other| one == other).count() as u64;
    summary.least = numbers.first().map(f64::to_string).unwrap_or_default();
    summary.largest = numbers.last().map(f64::to_string).unwrap_or_default();
    numbers
}

fn profile_of(
    ordered: Option<(&TimeOrder, Vec<f64>)>,
    numbers: Vec<f64>,
    summary: &ColumnSummary,
    hygiene: &Hygiene,
) -> Result<Profile, BaselineError> {
    let profile = NumericProfile::from_values(&summary.name, numbers, summary.missing, hygiene)?;
    Ok(match ordered {
        None => Profile::Numeric(profile),
        Some((order, rows)) => {
            let bins = profile.bins().clone();
            learn(Profile::Numeric(profile), order, |row| {
                bins.slot(rows.get(row).copied()).into()
            })
        }
    })
}

fn of_categories(
    read: &Categories,
    summary: &mut ColumnSummary,
    digest: &mut XxHash3_128,
    hygiene: &Hygiene,
    order: Option<&TimeOrder>,
) -> Result<Profile, BaselineError> {
    let names = read.names();
    let mut rows_of = vec![0_u64; names.len()];
    for row in &read.rows {
        match rows_of.get_mut(*row as usize) {
            Some(rows) => *rows += 1,
            None => summary.missing += 1,
        }
    }
    let mut categories: Vec<(&str, u64)> = names.iter().copied().zip(rows_of).collect();
    categories.sort_unstable();
    let profile = counted(&categories, summary, digest, hygiene)?;
    Ok(match order {
        None => Profile::Categorical(profile),
        Some(order) => {
            let slots: Vec<CategoricalSlot> = names.iter().map(|name| profile.bins().slot(Some(name))).collect();
            learn(Profile::Categorical(profile), order, |row| {
                let name = read.rows.get(row).and_then(|name| slots.get(*name as usize));
                name.copied().unwrap_or(CategoricalSlot::Missing).into()
            })
        }
    })
}

/// Builds the profile of categories in alphabetical order, each with its rows.
fn counted(
    categories: &[(&str, u64)],
    summary: &mut ColumnSummary,
    digest: &mut XxHash3_128,
    hygiene: &Hygiene,
) -> Result<CategoricalProfile, BaselineError> {
    for (category, rows) in categories {
        text(digest, category);
        text(digest, &rows.to_string());
    }
    summary.rows = categories.iter().map(|(_, rows)| rows).sum();
    summary.distinct = categories.len() as u64;
    let end = |end: Option<&(&str, u64)>| end.map(|(category, _)| (*category).to_owned());
    summary.least = end(categories.first()).unwrap_or_default();
    summary.largest = end(categories.last()).unwrap_or_default();
    let categories = categories
        .iter()
        .map(|(category, rows)| ((*category).to_owned(), *rows));
    CategoricalProfile::new(&summary.name, categories, summary.missing, hygiene)
}

fn text(digest: &mut XxHash3_128, text: &str) {
    digest.write(text.as_bytes());
    digest.write(&[0]);
}
