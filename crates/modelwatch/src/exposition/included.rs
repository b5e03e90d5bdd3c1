//! Families that another library rendered, read back so that they can stand on one page with ours.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::contract::metrics::{METRICS, MetricKind, Origin};

/// Renders a registry as OpenMetrics text, or nothing where that failed.
pub(crate) type Renderer = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// The families of every renderer that can stand on one page with ours. A page with one bad name is refused whole, so
/// whatever can't stand there is left out, and handed to `left_out` with the reason.
pub(crate) fn families(
    renderers: &[Renderer],
    process_metrics: bool,
    mut left_out: impl FnMut(&str, &'static str),
) -> Vec<IncludedFamily> {
    if renderers.is_empty() {
        return Vec::new();
    }
    let exposed = |origin| origin != Origin::Process || process_metrics;
    let ours = METRICS.iter().filter(|metric| exposed(metric.origin));
    let mut taken: HashSet<String> = ours
        .flat_map(|metric| names(metric.family_name(), metric.kind.into()))
        .collect();
    let mut families: Vec<IncludedFamily> = Vec::new();
    let mut positions: HashMap<_, usize> = HashMap::new();
    let rendered = renderers.iter().filter_map(|render| render());
    for mut family in rendered.flat_map(|page| parse(&page)) {
        let key = (family.name.clone(), family.kind);
        if let Err(reason) = family.check() {
            left_out(&family.name, reason);
        } else if let Some(position) = positions.get(&key) {
            families[*position].absorb(family);
        } else if names(&family.name, family.kind).all(|name| !taken.contains(&name)) {
            taken.extend(names(&family.name, family.kind));
            positions.insert(key, families.len());
            let samples = std::mem::take(&mut family.samples);
            family.absorb(IncludedFamily {
                samples,
                ..IncludedFamily::default()
            });
            families.push(family);
        } else {
            left_out(&family.name, "another metric on the page has its name");
        }
    }
    families
}

/// A family as `prometheus-client` rendered it.
#[derive(Debug, Default)]
pub(crate) struct IncludedFamily {
    /// Without the suffix of a counter or an info.
    pub(crate) name: String,
    pub(crate) kind: IncludedKind,
    pub(crate) help: String,
    pub(crate) unit: Option<String>,
    pub(crate) samples: Vec<IncludedSample>,
    /// Something of it could not be read.
    broken: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum IncludedKind {
    Counter,
    Gauge,
    Histogram,
    Info,
    #[default]
    Unknown,
}

impl From<MetricKind> for IncludedKind {
    fn from(kind: MetricKind) -> Self {
        match kind {
            MetricKind::Counter => Self::Counter,
            MetricKind::Gauge => Self::Gauge,
            MetricKind::Histogram => Self::Histogram,
        }
    }
}

/// What a family keeps for itself on a page: its name, and the names of its samples.
fn names(family: &str, kind: IncludedKind) -> impl Iterator<Item = String> {
    let suffixes: &[&str] = match kind {
        IncludedKind::Counter => &["", "_total", "_created"],
        IncludedKind::Histogram => &["", "_bucket", "_count", "_sum", "_created"],
        IncludedKind::Info => &["", "_info"],
        IncludedKind::Gauge | IncludedKind::Unknown => &[""],
    };
    suffixes.iter().map(move |suffix| format!("{family}{suffix}"))
}

impl IncludedFamily {
    /// Takes the samples of another family of the same name and kind, but for those of a series it has.
    fn absorb(&mut self, other: Self) {
        let series = |sample: &IncludedSample| {
            let mut pairs = sample.pairs();
            pairs.sort();
            (sample.suffix.clone(), pairs)
        };
        let mut known: HashSet<_> = self.samples.iter().map(series).collect();
        let new = other.samples.into_iter().filter(|sample| known.insert(series(sample)));
        self.samples.extend(new);
    }

    /// Whether every parser takes it; else why not. What can be mended without a loss of numbers is.
    fn check(&mut self) -> Result<(), &'static str> {
        if !is_name(&self.name, true) {
            return Err("its name is none for Prometheus: letters, digits, _ and :, and no digit first");
        }
        if self.broken {
            return Err("the name of it or of a label breaks its lines");
        }
        let allowed: &[&str] = match self.kind {
            IncludedKind::Counter => &["_total", "_created"],
            IncludedKind::Histogram => &["_bucket", "_count", "_sum", "_created"],
            IncludedKind::Info => &["_info"],
            IncludedKind::Gauge | IncludedKind::Unknown => &[""],
        };
        let mut buckets = Buckets::default();
        for sample in &mut self.samples {
            if !allowed.contains(&&*sample.suffix) {
                return Err("a sample of it has a name of another kind");
            }
            let Some(pairs) = strict_pairs(&sample.labels) else {
                return Err("the name of a label breaks its lines");
            };
            let mut seen = HashSet::new();
            for (name, _) in &pairs {
                if !is_name(name, false) || name == "__name__" {
                    return Err(
                        "the name of a label is none for Prometheus: letters, digits and _, and no digit first",
                    );
                }
                if !seen.insert(name) {
                    return Err("it has a label twice");
                }
            }
            if (sample.suffix == "_bucket") != seen.contains(&"le".to_owned()) && self.kind == IncludedKind::Histogram {
                return Err("it has a label le, which is that of the buckets");
            }
            let Ok(value) = sample.value.parse::<f64>() else {
                return Err("a value of it is no number");
            };
            if matches!(&*sample.suffix, "_total" | "_bucket" | "_count") && (value.is_nan() || value < 0.0) {
                return Err("it counts NaN or less than nothing");
            }
            if sample.suffix == "_bucket" && !buckets.go_on(pairs) {
                return Err("its buckets are not in order");
            }
            if !sample.exemplar.as_deref().is_none_or(is_exemplar) {
                sample.exemplar = None;
            }
        }
        let name = &self.name;
        let suffix = |unit: &String| name.strip_suffix(unit.as_str()).is_some_and(|rest| rest.ends_with('_'));
        self.unit = self.unit.take().filter(suffix);
        Ok(())
    }
}

/// The buckets of histograms, one after the other.
#[derive(Default)]
struct Buckets {
    /// Labels and bound of the latest.
    latest: Option<(Vec<(String, String)>, f64)>,
}

impl Buckets {
    /// Whether one with these labels comes where it should: above those of the same series.
    fn go_on(&mut self, labels: Vec<(String, String)>) -> bool {
        let (le, series): (Vec<_>, Vec<_>) = labels.into_iter().partition(|(name, _)| name == "le");
        let bound = le.first().and_then(|(_, le)| le.parse().ok()).unwrap_or(f64::NAN);
        let mut same = self.latest.iter().filter(|(latest, _)| *latest == series);
        let in_order = !bound.is_nan() && same.all(|(_, before)| bound >= *before);
        self.latest = Some((series, bound));
        in_order
    }
}

/// Whether parsers of every format take it as the name of a metric or a label.
fn is_name(name: &str, metric: bool) -> bool {
    let part = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_' || metric && byte == b':';
    name.bytes().next().is_some_and(part) && name.bytes().all(|byte| part(byte) || byte.is_ascii_digit())
}

/// Labels, value and time of an exemplar: valid names, and no more text than OpenMetrics allows.
fn is_exemplar(text: &str) -> bool {
    const MOST_CHARACTERS: usize = 128;
    let Some(end) = text.starts_with('{').then(|| end_of_labels(text)).flatten() else {
        return false;
    };
    let (labels, rest) = text.split_at(end);
    let numbers = rest.split_whitespace().all(|number| number.parse::<f64>().is_ok());
    let Some(pairs) = strict_pairs(labels).filter(|_| numbers && !rest.trim().is_empty()) else {
        return false;
    };
    let characters: usize = pairs
        .iter()
        .map(|(name, value)| name.chars().count() + value.chars().count())
        .sum();
    let distinct = pairs.iter().map(|(name, _)| name).collect::<HashSet<_>>().len() == pairs.len();
    distinct && characters <= MOST_CHARACTERS && pairs.iter().all(|(name, _)| is_name(name, false))
}

/// The labels, unescaped, if they are spelled as they should be.
fn strict_pairs(labels: &str) -> Option<Vec<(String, String)>> {
    if labels.is_empty() || labels == "{}" {
        return Some(Vec::new());
    }
    let mut rest = labels.strip_prefix('{')?;
    let mut pairs = Vec::new();
    loop {
        let (name, after) = rest.split_once("=\"")?;
        let mut value = String::new();
        let mut characters = after.char_indices();
        let end = loop {
            match characters.next()? {
                (position, '"') => break position,
                (_, '\\') => match characters.next()?.1 {
                    'n' => value.push('\n'),
                    escaped @ ('"' | '\\') => value.push(escaped),
                    _ => return None,
                },
                (_, other) => value.push(other),
            }
        };
        pairs.push((name.into(), value));
        rest = &after[end + 1..];
        if rest == "}" {
            return Some(pairs);
        }
        rest = rest.strip_prefix(',')?;
    }
}

#[derive(Debug)]
pub(crate) struct IncludedSample {
    /// What follows the family's name.
    pub(crate) suffix: String,
    /// With braces and escapes, as rendered; empty where there are none.
    pub(crate) labels: String,
    pub(crate) value: String,
    /// Labels, value and time, as rendered.
    pub(crate) exemplar: Option<String>,
}

/// Reads the text `prometheus-client` writes. Its help texts and names may hold line breaks, which it does not escape:
/// whatever stands between a family's `HELP` and its `TYPE` is the rest of the help, and a family without a `TYPE` is broken.
fn parse(page: &str) -> Vec<IncludedFamily> {
    let lines: Vec<&str> = page.lines().collect();
    let mut families: Vec<IncludedFamily> = Vec::new();
    let mut in_help = false;
    for (number, line) in lines.iter().enumerate() {
        let line = *line;
        let has_type =
            |family: &IncludedFamily| lines[number..].iter().any(|line| type_of(line, &family.name).is_some());
        let is_help = in_help && families.last().is_some_and(has_type);
        if let Some(help) = line.strip_prefix("# HELP ").filter(|_| !is_help) {
            if let Some(family) = families.last_mut() {
                family.broken |= in_help;
            }
            in_help = true;
            let (name, help) = help.split_once(' ').unwrap_or((help, ""));
            families.push(IncludedFamily {
                name: name.into(),
                help: escape_help(help),
                ..IncludedFamily::default()
            });
            continue;
        }
        let Some(family) = families.last_mut() else { continue };
        if let Some(kind) = type_of(line, &family.name) {
            in_help = false;
            // What looked like samples before it was help.
            family.samples.clear();
            family.broken = false;
            family.kind = match kind {
                "counter" => IncludedKind::Counter,
                "gauge" => IncludedKind::Gauge,
                "histogram" => IncludedKind::Histogram,
                "info" => IncludedKind::Info,
                _ => IncludedKind::Unknown,
            };
        } else if in_help {
            family.help.push_str("\\n");
            family.help.push_str(&escape_help(line));
        } else if let Some(unit) = of_family(line, "# UNIT ", &family.name) {
            family.unit = Some(unit.into());
        } else if let Some(sample) = line.strip_prefix(&*family.name).and_then(sample) {
            family.samples.push(sample);
        } else if line != "# EOF" {
            family.broken = true;
        }
    }
    if let Some(family) = families.last_mut() {
        family.broken |= in_help;
    }
    families.retain(|family| family.broken || !family.samples.is_empty());
    families
}

fn of_family<'a>(line: &'a str, keyword: &str, name: &str) -> Option<&'a str> {
    line.strip_prefix(keyword)?.strip_prefix(name)?.strip_prefix(' ')
}

fn type_of<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    of_family(line, "# TYPE ", name)
}

fn escape_help(help: &str) -> String {
    help.replace('\\', "\\\\").replace('\r', "")
}

/// A sample, from behind the family's name.
fn sample(line: &str) -> Option<IncludedSample> {
    let name_end = line.find(['{', ' '])?;
    let (suffix, rest) = line.split_at(name_end);
    let labels_end = if rest.starts_with('{') { end_of_labels(rest)? } else { 0 };
    let (labels, rest) = rest.split_at(labels_end);
    let rest = rest.strip_prefix(' ')?;
    let (value, exemplar) = match rest.split_once(" # ") {
        Some((value, exemplar)) => (value, Some(exemplar.into())),
        None => (rest, None),
    };
    Some(IncludedSample {
        suffix: suffix.into(),
        labels: labels.into(),
        value: value.into(),
        exemplar,
    })
}

/// One past the closing brace, which may not be the first one: values may hold braces.
fn end_of_labels(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (position, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '}' if !quoted => return Some(position + 1),
            _ => {}
        }
    }
    None
}

impl IncludedSample {
    pub(crate) fn number(&self) -> f64 {
        self.value.parse().unwrap_or(f64::NAN)
    }

    /// Names and values of the labels, unescaped.
    pub(crate) fn pairs(&self) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        let mut rest = self.labels.trim_start_matches('{');
        while let Some((name, after)) = rest.split_once("=\"") {
            let mut value = String::new();
            let mut characters = after.char_indices();
            let mut end = after.len();
            while let Some((position, character)) = characters.next() {
                match character {
                    '"' => {
                        end = position + 1;
                        break;
                    }
                    '\\' => match characters.next() {
                        Some((_, 'n')) => value.push('\n'),
                        Some((_, escaped)) => value.push(escaped),
                        None => {}
                    },
                    other => value.push(other),
                }
            }
            pairs.push((name.trim_start_matches(',').into(), value));
            rest = &after[end..];
        }
        pairs
    }
}
