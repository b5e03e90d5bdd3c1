//! What the pages said over time: the triage asks it here as it asks Prometheus elsewhere.

use std::collections::{BTreeMap, HashMap, VecDeque};

use modelwatch_triage::source::{Question, Reading, Row, Source, SourceError};

use super::page::Page;

/// Scrapes that are kept: a quarter of an hour of them.
const MOST: usize = 900;
/// A gauge without a sample for so many seconds is gone.
const STALE: f64 = 5.0;

/// The samples of a quarter of an hour, by series.
#[derive(Debug)]
pub(crate) struct History {
    /// The labels that a scraper adds to each series.
    target: [(&'static str, String); 2],
    /// When the pages were scraped, in seconds since the epoch.
    scrapes: VecDeque<f64>,
    metrics: HashMap<String, Vec<Series>>,
}

#[derive(Debug)]
struct Series {
    labels: BTreeMap<String, String>,
    /// Whether it was on the first page already: then its counts are older than the history.
    from_the_start: bool,
    /// Time and value.
    samples: VecDeque<(f64, f64)>,
}

impl History {
    /// Of a job's only instance.
    pub(crate) fn new(job: &str, instance: String) -> Self {
        Self {
            target: [("job", job.to_owned()), ("instance", instance)],
            scrapes: VecDeque::new(),
            metrics: HashMap::new(),
        }
    }

    /// Keeps the pages that were scraped at a time, in seconds since the epoch.
    pub(crate) fn push(&mut self, at: f64, pages: &[&Page]) {
        let first = self.scrapes.is_empty();
        self.scrapes.push_back(at);
        if self.scrapes.len() > MOST {
            self.scrapes.pop_front();
        }
        let oldest = self.scrapes.front().copied().unwrap_or(at);
        let up = ("up", &BTreeMap::new(), 1.0);
        let samples = pages.iter().flat_map(|page| page.samples());
        let samples = samples.map(|sample| (sample.name.as_str(), &sample.labels, sample.value));
        for (name, labels, value) in samples.chain([up]) {
            if !self.metrics.contains_key(name) {
                self.metrics.insert(name.to_owned(), Vec::new());
            }
            let Some(series) = self.metrics.get_mut(name) else {
                continue;
            };
            // The labels of the target come last, so what the page says is the beginning.
            let target = &self.target;
            let index = series.iter().position(|series| {
                series.labels.len() == labels.len() + target.len()
                    && labels
                        .iter()
                        .all(|(name, value)| series.labels.get(name) == Some(value))
            });
            let index = index.unwrap_or_else(|| {
                let target = target.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
                series.push(Series {
                    labels: labels.clone().into_iter().chain(target).collect(),
                    from_the_start: first,
                    samples: VecDeque::new(),
                });
                series.len() - 1
            });
            series[index].samples.push_back((at, value));
        }
        for series in self.metrics.values_mut().flatten() {
            while series.samples.front().is_some_and(|(time, _)| *time < oldest) {
                series.samples.pop_front();
                series.from_the_start = true;
            }
        }
    }
}

impl Series {
    /// The last sample up to a time.
    fn at(&self, time: f64) -> Option<(f64, f64)> {
        let until = self.samples.partition_point(|(at, _)| *at <= time);
        until.checked_sub(1).and_then(|last| self.samples.get(last)).copied()
    }

    /// How much a counter grew between two times; nothing where it is not known at both.
    fn increase(&self, from: f64, to: f64) -> Option<f64> {
        let (_, last) = self.at(to)?;
        let before = match self.at(from) {
            Some((_, before)) => before,
            // What begins later begins at nothing.
            None if !self.from_the_start => 0.0,
            None => self.samples.front()?.1,
        };
        Some((last - before).max(0.0))
    }
}

impl Source for History {
    fn ask(&self, question: &Question) -> Result<Vec<Row>, SourceError> {
        let fits = |series: &&Series| {
            let has = |(name, values): &(String, Vec<String>)| {
                let value = series.labels.get(name).map_or("", String::as_str);
                values.iter().any(|one| one == value)
            };
            question.only.iter().all(has)
        };
        let mut rows: BTreeMap<BTreeMap<String, String>, Vec<Option<f64>>> = BTreeMap::new();
        let known = self.metrics.get(&question.metric);
        for series in known.into_iter().flatten().filter(fits) {
            let labels = question.by.iter().filter_map(|name| {
                let value = series.labels.get(name).filter(|value| !value.is_empty())?;
                Some((name.clone(), value.clone()))
            });
            let row = rows
                .entry(labels.collect())
                .or_insert_with(|| vec![None; question.grid.steps]);
            for (step, value) in row.iter_mut().enumerate() {
                let (from, to) = (question.grid.begins(step) as f64, question.grid.begins(step + 1) as f64);
                *value = match (question.reading, *value) {
                    (Reading::Increase, sum) => {
                        let growth = series.increase(from, to);
                        growth.map(|growth| growth + sum.unwrap_or(0.0)).or(sum)
                    }
                    (Reading::Highest, highest) => {
                        let now = series.at(to).filter(|(at, _)| to - at <= STALE);
                        now.map(|(_, now)| highest.map_or(now, |highest| now.max(highest)))
                            .or(highest)
                    }
                };
            }
        }
        let rows = rows.into_iter().map(|(labels, values)| Row { labels, values });
        Ok(rows.filter(|row| row.values.iter().any(Option::is_some)).collect())
    }
}

#[cfg(test)]
mod tests {
    use modelwatch_triage::source::Grid;

    use super::*;

    fn history() -> History {
        let mut history = History::new("job", "here".to_owned());
        for second in 0..8 {
            let mut text = format!(
                "requests_total{{version=\"a\"}} {}\ngauge {}\n",
                100 + 10 * second,
                second
            );
            if second >= 4 {
                text += &format!("requests_total{{version=\"b\"}} {}\n", second - 3);
            }
            history.push(f64::from(second), &[&Page::parse(&text)]);
        }
        history
    }

    fn ask(question: &Question) -> Vec<(String, Vec<Option<f64>>)> {
        let rows = history().ask(question).expect("an answer");
        rows.into_iter()
            .map(|row| (row.label("version").to_owned(), row.values))
            .collect()
    }

    const GRID: Grid = Grid {
        start: 1,
        step: 3,
        steps: 2,
    };

    #[test]
    fn a_counter_grows_from_nothing_unless_it_is_older_than_the_history() {
        let question = Question::increase("requests_total", GRID).by(&["version"]);
        assert_eq!(
            ask(&question),
            [
                ("a".to_owned(), vec![Some(30.0), Some(30.0)]),
                ("b".to_owned(), vec![Some(1.0), Some(3.0)])
            ]
        );
        let of_one = Question::increase("requests_total", GRID).only("version", "b");
        assert_eq!(ask(&of_one), [(String::new(), vec![Some(1.0), Some(3.0)])]);
    }

    #[test]
    fn a_gauge_is_what_it_was_at_the_end_of_the_step() {
        let question = Question::highest("gauge", GRID).only("job", "job");
        assert_eq!(ask(&question), [(String::new(), vec![Some(4.0), Some(7.0)])]);
        let later = Question::highest("gauge", Grid { start: 100, ..GRID });
        assert_eq!(ask(&later), [], "it is gone");
        assert_eq!(
            ask(&Question::highest("up", GRID)),
            [(String::new(), vec![Some(1.0); 2])]
        );
        assert_eq!(ask(&Question::highest("nothing", GRID)), []);
    }
}
