//! The flights as a table with its profiles, and windows of it.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use flights::data::FEATURES;
use modelwatch_drift::baseline::{CategoricalProfile, Counts, Hygiene, NumericProfile, Profile};
use modelwatch_drift::learn::{Cell, TimeOrder, learn};
use parquet::record::Field;

use crate::data::{column, fields};

/// The categories of the flights.
pub(crate) const CATEGORIES: [&str; 2] = ["carrier", "origin"];

/// The rows of a file, by column.
#[derive(Clone)]
pub(crate) struct Table {
    pub(crate) numbers: BTreeMap<&'static str, Vec<Option<f64>>>,
    pub(crate) categories: BTreeMap<&'static str, Vec<Option<String>>>,
    pub(crate) times: Vec<DateTime<Utc>>,
}

impl Table {
    pub(crate) fn read(file: &str) -> Self {
        let text = |field: &Field| match field {
            Field::Str(text) => Some(text.clone()),
            Field::Null => None,
            other => panic!("no category: {other}"),
        };
        let time = |field: &Field| match field {
            Field::TimestampMicros(micros) => DateTime::from_timestamp_micros(*micros).expect("a time"),
            other => panic!("no time: {other}"),
        };
        Self {
            numbers: FEATURES.into_iter().map(|name| (name, column(file, name))).collect(),
            categories: CATEGORIES
                .into_iter()
                .map(|name| (name, fields(file, name, text)))
                .collect(),
            times: fields(file, "event_time", time),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.times.len()
    }

    /// The rows of which `keep` says so.
    pub(crate) fn rows(&self, keep: impl Fn(usize) -> bool) -> Self {
        let rows: Vec<usize> = (0..self.len()).filter(|row| keep(*row)).collect();
        let numbers = self.numbers.iter();
        let categories = self.categories.iter();
        Self {
            numbers: numbers
                .map(|(name, values)| (*name, rows.iter().map(|row| values[*row]).collect()))
                .collect(),
            categories: categories
                .map(|(name, values)| (*name, rows.iter().map(|row| values[*row].clone()).collect()))
                .collect(),
            times: rows.iter().map(|row| self.times[*row]).collect(),
        }
    }

    /// Every column's profile.
    pub(crate) fn profiles(&self) -> BTreeMap<&'static str, Profile> {
        let hygiene = Hygiene::default();
        let numbers = self.numbers.iter().map(|(name, values)| {
            let present: Vec<f64> = values.iter().flatten().copied().collect();
            let missing = (values.len() - present.len()) as u64;
            let profile = NumericProfile::from_values(name, present, missing, &hygiene);
            (*name, Profile::Numeric(profile.expect("a profile")))
        });
        let categories = self.categories.iter().map(|(name, values)| {
            let mut rows = BTreeMap::new();
            for value in values.iter().flatten() {
                *rows.entry(value.clone()).or_insert(0) += 1;
            }
            let missing = values.iter().filter(|value| value.is_none()).count() as u64;
            let profile = CategoricalProfile::new(name, rows, missing, &hygiene);
            (*name, Profile::Categorical(profile.expect("a profile")))
        });
        numbers.chain(categories).collect()
    }

    /// The same, with what is usual for windows of this table.
    pub(crate) fn learned(&self) -> BTreeMap<&'static str, Profile> {
        let order = TimeOrder::new(self.times.iter().copied().map(Some)).expect("times");
        let profiles = self.profiles().into_iter();
        profiles
            .map(|(name, profile)| {
                (
                    name,
                    learn(profile.clone(), &order, |row| self.cell(name, &profile, row)),
                )
            })
            .collect()
    }

    fn cell(&self, name: &str, profile: &Profile, row: usize) -> Cell {
        match profile {
            Profile::Numeric(profile) => profile.bins().slot(self.numbers[name][row]).into(),
            Profile::Categorical(profile) => profile.bins().slot(self.categories[name][row].as_deref()).into(),
        }
    }

    /// The rows on the bins of a profile.
    pub(crate) fn counts(&self, name: &str, profile: &Profile) -> Counts {
        self.counts_of(name, profile, 0..self.len())
    }

    /// The windows of one length, at multiples of it, that lie within the table whole and have 100 rows.
    pub(crate) fn windows(&self, name: &str, profile: &Profile, length: TimeDelta) -> Vec<Counts> {
        let spans = self.spans(length).into_iter();
        spans.map(|rows| self.counts_of(name, profile, rows)).collect()
    }

    /// The rows of each of these windows.
    pub(crate) fn spans(&self, length: TimeDelta) -> Vec<Vec<usize>> {
        let seconds = length.num_seconds();
        let mut windows: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
        for (row, time) in self.times.iter().enumerate() {
            windows
                .entry(time.timestamp().div_euclid(seconds))
                .or_default()
                .push(row);
        }
        let [first, last] =
            [self.times.iter().min(), self.times.iter().max()].map(|end| end.map_or(0, DateTime::timestamp));
        windows.retain(|window, rows| {
            first <= window * seconds && (window + 1) * seconds <= last + 1 && rows.len() >= 100
        });
        windows.into_values().collect()
    }

    fn counts_of(&self, name: &str, profile: &Profile, rows: impl IntoIterator<Item = usize>) -> Counts {
        match profile {
            Profile::Numeric(profile) => {
                let mut counts = profile.bins().count();
                let values = rows.into_iter().map(|row| self.numbers[name][row]);
                values.for_each(|value| counts.add(profile.bins(), value));
                Counts::Numeric(counts)
            }
            Profile::Categorical(profile) => {
                let mut counts = profile.bins().count();
                let values = rows.into_iter().map(|row| self.categories[name][row].as_deref());
                values.for_each(|value| counts.add(profile.bins(), value));
                Counts::Categorical(counts)
            }
        }
    }
}
