//! The figures, as an operator's scraper gets them: read back from the text of `GET /metrics`.

use std::collections::BTreeMap;

/// A sample of a page.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
}

/// All samples of one scrape.
#[derive(Debug, Default)]
pub(crate) struct Page(Vec<Sample>);

impl Page {
    /// Reads the Prometheus text format; lines that are no samples are passed over.
    pub(crate) fn parse(text: &str) -> Self {
        Self(
            text.lines()
                .filter(|line| !line.starts_with('#'))
                .filter_map(Sample::parse)
                .collect(),
        )
    }

    /// All of them.
    pub(crate) fn samples(&self) -> &[Sample] {
        &self.0
    }

    /// The sum of the samples of a name that have these labels.
    pub(crate) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        // Not `sum`: of nothing that is -0, and is shown so.
        self.matching(name, labels).fold(0.0, |sum, sample| sum + sample.value)
    }

    /// Values of a label, with the samples of a name.
    pub(crate) fn by<'a>(&'a self, name: &'a str, label: &'a str) -> impl Iterator<Item = (&'a str, f64)> {
        self.matching(name, &[])
            .filter_map(move |sample| Some((sample.labels.get(label)?.as_str(), sample.value)))
    }

    /// The quantile of what a histogram counted between an earlier page and this one, interpolated within its bucket
    /// as Prometheus does; nothing when nothing was counted.
    pub(crate) fn quantile(
        &self,
        earlier: &Self,
        name: &str,
        labels: &[(&str, &str)],
        quantile: f64,
    ) -> Option<Quantile> {
        let name = format!("{name}_bucket");
        // Of all series together, each bucket's growth.
        let mut buckets: Vec<(f64, f64)> = Vec::new();
        for (page, sign) in [(self, 1.0), (earlier, -1.0)] {
            for sample in page.matching(&name, labels) {
                let le: f64 = sample.labels.get("le")?.parse().ok()?;
                match buckets.iter_mut().find(|(bound, _)| *bound == le) {
                    Some((_, count)) => *count += sign * sample.value,
                    None => buckets.push((le, sign * sample.value)),
                }
            }
        }
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        let total = buckets.last().filter(|(_, count)| *count > 0.0)?.1;
        let rank = quantile * total;
        let bucket = buckets.iter().position(|(_, count)| *count >= rank)?;
        let (upper, count) = buckets[bucket];
        let (lower, below) = if bucket == 0 { (0.0, 0.0) } else { buckets[bucket - 1] };
        Some(if bucket == 0 {
            Quantile::AtMost(upper)
        } else if upper.is_infinite() {
            Quantile::Above(lower)
        } else {
            Quantile::About(lower + (upper - lower) * (rank - below) / (count - below))
        })
    }

    fn matching<'a>(&'a self, name: &'a str, labels: &'a [(&str, &str)]) -> impl Iterator<Item = &'a Sample> {
        let has = |sample: &&Sample| {
            labels
                .iter()
                .all(|(label, value)| sample.labels.get(*label).is_some_and(|other| other == value))
        };
        self.0.iter().filter(move |sample| sample.name == name).filter(has)
    }
}

/// A quantile, as well as buckets tell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Quantile {
    /// In the first bucket.
    AtMost(f64),
    /// Interpolated.
    About(f64),
    /// Above the last bound.
    Above(f64),
}

impl Sample {
    fn parse(line: &str) -> Option<Self> {
        let (series, value) = line.rsplit_once(' ')?;
        let value = value.parse().ok()?;
        let Some((name, labels)) = series.split_once('{') else {
            return Some(Self {
                name: series.into(),
                labels: BTreeMap::new(),
                value,
            });
        };
        let mut pairs = BTreeMap::new();
        let mut rest = labels;
        while let Some((label, after)) = rest.trim_start_matches(',').split_once("=\"") {
            let mut text = String::new();
            let mut characters = after.char_indices();
            loop {
                match characters.next()? {
                    (end, '"') => {
                        rest = &after[end + 1..];
                        break;
                    }
                    (_, '\\') => match characters.next()?.1 {
                        'n' => text.push('\n'),
                        escaped => text.push(escaped),
                    },
                    (_, other) => text.push(other),
                }
            }
            pairs.insert(label.to_owned(), text);
        }
        Some(Self {
            name: name.into(),
            labels: pairs,
            value,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# HELP d d\nd_bucket{v=\"a\",le=\"0.1\"} 10\nd_bucket{v=\"a\",le=\"0.2\"} 30\n\
                        d_bucket{v=\"a\",le=\"+Inf\"} 40\nn{v=\"a,\\\"=}\"} 2\nn 3\n";

    #[test]
    fn samples_keep_their_labels() {
        let page = Page::parse(PAGE);
        assert_eq!(page.sum("n", &[]), 5.0);
        assert_eq!(page.sum("n", &[("v", "a,\"=}")]), 2.0);
        assert_eq!(page.sum("nobody", &[]).to_string(), "0");
    }

    #[test]
    fn quantiles_are_interpolated_like_those_of_prometheus() {
        let (page, none) = (Page::parse(PAGE), Page::default());
        let quantile = |q| page.quantile(&none, "d", &[("v", "a")], q);
        assert_eq!(quantile(0.2), Some(Quantile::AtMost(0.1)));
        assert_eq!(quantile(0.5), Some(Quantile::About(0.15000000000000002)));
        assert_eq!(quantile(0.9), Some(Quantile::Above(0.2)));
        assert_eq!(page.quantile(&page, "d", &[("v", "a")], 0.5), None);
    }
}
