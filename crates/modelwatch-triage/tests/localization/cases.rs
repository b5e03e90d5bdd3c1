//! Real incidents whose culprits are known, and how well a ranking names them.

use std::fmt;
use std::io::Read as _;

use modelwatch_triage::localization::{Localization, Settings, Table, localize};

/// The history that the setting was fixed with.
const INTERVALS: usize = 4;

/// An incident: counts by labels, and the combinations any of which is a right answer.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) table: Table,
    pub(crate) causes: Vec<Vec<(String, String)>>,
}

/// How many cases a ranking got.
pub(crate) struct Score {
    pub(crate) cases: usize,
    /// Right among the first one, three and five.
    pub(crate) hits: [usize; 3],
    /// The cases without a right answer among the first five.
    pub(crate) missed: Vec<String>,
}

impl Score {
    pub(crate) fn share(&self, of: usize) -> f64 {
        self.hits[of] as f64 / self.cases as f64
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "top-1 {:.3}, top-3 {:.3}, top-5 {:.3}",
            self.share(0),
            self.share(1),
            self.share(2)
        )
    }
}

/// Reads incidents: `#` and a JSON object begins one, then the names of the labels, then a row for each combination with
/// `events/trials` of the four minutes before and of the minute itself.
pub(crate) fn read(gzip: &[u8]) -> Vec<Case> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(gzip).read_to_string(&mut text).unwrap();
    let incidents = text.split('#').skip(1);
    incidents
        .map(|incident| {
            let mut lines = incident.lines();
            let about: serde_json::Value = serde_json::from_str(lines.next().unwrap()).unwrap();
            let labels: Vec<_> = lines.next().unwrap().split(',').collect();
            let mut table = Table::new(labels.iter().copied(), INTERVALS);
            for line in lines {
                let fields: Vec<_> = line.split(',').collect();
                let (values, counts) = fields.split_at(labels.len());
                for (minute, count) in counts.iter().enumerate() {
                    let Some((events, trials)) = count.split_once('/') else {
                        continue;
                    };
                    let (events, trials) = (events.parse().unwrap(), trials.parse().unwrap());
                    match INTERVALS - minute {
                        0 => table.add_now(values, events, trials),
                        back => table.add_past(back, values, events, trials),
                    }
                }
            }
            let causes = about["causes"].as_array().unwrap().iter();
            Case {
                name: about["case"].as_str().unwrap().to_owned(),
                table,
                causes: causes.map(combination).collect(),
            }
        })
        .collect()
}

fn combination(cause: &serde_json::Value) -> Vec<(String, String)> {
    let labels = cause.as_object().unwrap().iter();
    let mut labels: Vec<_> = labels
        .map(|(label, value)| (label.clone(), value.as_str().unwrap().to_owned()))
        .collect();
    labels.sort();
    labels
}

/// Where in the ranking a right answer stands, from 0.
pub(crate) fn rank(case: &Case, found: &Localization) -> Option<usize> {
    found.ranked.iter().position(|candidate| {
        let mut labels = candidate.labels.clone();
        labels.sort();
        case.causes.contains(&labels)
    })
}

/// Localizes every case.
pub(crate) fn score(cases: &[Case], settings: &Settings) -> Score {
    let mut score = Score {
        cases: cases.len(),
        hits: [0; 3],
        missed: Vec::new(),
    };
    for case in cases {
        let rank = rank(case, &localize(&case.table, settings));
        for (hit, within) in score.hits.iter_mut().zip([1, 3, 5]) {
            *hit += usize::from(rank.is_some_and(|rank| rank < within));
        }
        if rank.is_none_or(|rank| rank >= 5) {
            score.missed.push(case.name.clone());
        }
    }
    score
}
