//! Families that another library rendered, read back so that they can stand on one page with ours.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::contract::metrics::{METRICS, MetricKind, Origin};

/// Renders a registry as OpenMetrics text, or nothing where that failed.
pub(crate) type Renderer = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// The families of every renderer, as they can stand on one page with ours.
pub(crate) fn families(renderers: &[Renderer], process_metrics: bool) -> Vec<IncludedFamily> {
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
    for family in rendered.flat_map(|page| parse(&page)) {
        let key = (family.name.clone(), family.kind);
        if let Some(position) = positions.get(&key) {
            families[*position].absorb(family);
        } else if names(&family.name, family.kind).all(|name| !taken.contains(&name)) {
            taken.extend(names(&family.name, family.kind));
            positions.insert(key, families.len());
            families.push(family);
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
        let series = |sample: &IncludedSample| (sample.suffix.clone(), sample.labels.clone());
        let known: HashSet<_> = self.samples.iter().map(series).collect();
        let new = other
            .samples
            .into_iter()
            .filter(|sample| !known.contains(&series(sample)));
        self.samples.extend(new);
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

/// Reads the text `prometheus-client` writes. Its help texts may hold line breaks, which it does not escape: whatever stands
/// between a family's `HELP` and its `TYPE` is the rest of the help.
fn parse(page: &str) -> Vec<IncludedFamily> {
    let mut families: Vec<IncludedFamily> = Vec::new();
    let mut in_help = false;
    for line in page.lines() {
        if let Some(help) = line.strip_prefix("# HELP ").filter(|_| !in_help) {
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
        let of_family = |keyword| {
            let rest = line.strip_prefix(keyword)?.strip_prefix(&*family.name)?;
            rest.strip_prefix(' ')
        };
        if let Some(kind) = of_family("# TYPE ") {
            in_help = false;
            // What looked like samples before it was help.
            family.samples.clear();
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
        } else if let Some(unit) = of_family("# UNIT ") {
            family.unit = Some(unit.into());
        } else if let Some(sample) = line.strip_prefix(&*family.name).and_then(sample) {
            family.samples.push(sample);
        }
    }
    families.retain(|family| !family.samples.is_empty());
    families
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
