//! Annotations with queries: the evidence for an alert, and the releases before it began.
//!
//! `description` uses labels only, so it always renders. The annotations here query Prometheus when the alert fires. Each has
//! words for an empty result, and no result contains NaN.

use std::time::Duration;

use modelwatch::contract::{self, Metric, SourceMetric};
use modelwatch_config::{Config, Rollout};

use super::evidence::{self, Bad, ERRORS, SLOW};
use super::histograms::Histogram;
use super::labels::{FEATURE, MODEL, REPLICA, ROUTE, SEGMENT, VERSION, own};
use super::performance::{ALL_VERSIONS, BIAS, CALIBRATION_ERROR};
use super::text::{Asked, COUNT, Column, PERCENT, TIME, Text, VALUE, plain};
use crate::error::GenerateError;
use crate::known::{self, KnownAlert};
use crate::promql::{
    Expr, Op, Selector, Writer, count_by, histogram_quantile, max_by, metric, recorded, scalar, sum_by, time, word,
};
use crate::recorded::{self, Recorded};

const HOUR: Duration = Duration::from_secs(3600);
/// A release that appears shortly after its effect is still its cause.
const AFTERWARDS: f64 = 300.0;
/// The least share of the traffic that counts as moved.
const MOVED: f64 = 0.1;
/// The most items to name.
const NAMED: u32 = 3;
const RELEASES: u32 = 6;
/// The labels of a release.
const RELEASE: &[&str] = recorded::RELEASE.labels;
/// More than the number of measures.
const MEASURES: u32 = 12;

/// The alert that annotations are about.
#[derive(Clone, Copy)]
pub(crate) struct About<'a> {
    pub(crate) config: &'a Config,
    pub(crate) known: &'static KnownAlert,
    /// The labels of its series, without the identity.
    pub(crate) labels: &'a [&'a str],
    pub(crate) job: Option<&'a str>,
}

impl About<'_> {
    fn has(&self, labels: &[&str]) -> bool {
        labels.iter().all(|label| self.labels.contains(label))
    }

    fn is(&self, alerts: &[&KnownAlert]) -> bool {
        alerts.contains(&self.known)
    }

    /// The answer of a query. The query must leave out everything that is not a number.
    fn asked(
        &self,
        query: &Expr,
        before: &'static str,
        row: &[Column],
        after: &'static str,
        none: Text,
    ) -> Result<Text, GenerateError> {
        let query = Writer::new(self.config)
            .pieces(query)
            .map_err(|error| GenerateError::new(format!("what {} asks", self.known.name), error))?;
        Ok(Text::default().asked(Asked {
            query,
            before,
            row: row.to_vec(),
            after,
            none,
        }))
    }

    /// The answer of a query, or an empty text.
    fn if_any(
        &self,
        query: &Expr,
        before: &'static str,
        row: &[Column],
        after: &'static str,
    ) -> Result<Text, GenerateError> {
        self.asked(query, before, row, after, Text::default())
    }

    /// The kind of bad requests that the alert is about, if any.
    fn bad(&self) -> Option<&'static Bad> {
        if self.is(&[
            &known::HIGH_ERROR_RATE,
            &known::CANARY_ERRORS,
            &known::AVAILABILITY_BURN_FAST,
            &known::AVAILABILITY_BURN_SLOW,
        ]) {
            return Some(&ERRORS);
        }
        self.is(&[
            &known::HIGH_LATENCY,
            &known::CANARY_LATENCY,
            &known::LATENCY_BURN_FAST,
            &known::LATENCY_BURN_SLOW,
        ])
        .then_some(&SLOW)
    }
}

/// Drops NaN: a share of no requests.
fn numbers(expr: &Expr) -> Expr {
    expr.at_least(f64::NEG_INFINITY)
}

/// A series with the alert's own labels.
fn same(series: &'static Recorded, labels: &[&str]) -> Selector {
    own(recorded(series), labels)
}

/// `changed`: the releases before the alert, or that none would explain it.
pub(crate) fn changed(about: About<'_>) -> Result<Text, GenerateError> {
    let near = Near::of(about);
    let before = seconds_before(about);
    let innocent = innocent(about);
    // A release can't be in the future.
    let lately = before.above(-AFTERWARDS).below(near.lasts.as_secs_f64());
    let of_innocent = |releases: &Expr| innocent.as_ref().map(|innocent| innocent.acquit(releases));
    let guilty = of_innocent(&lately).map_or_else(|| lately.clone(), |acquitted| lately.unless(RELEASE, acquitted));
    let row = [
        Column::NameIfAny("model ", "model_name"),
        Column::Words(" "),
        Column::Ours("kind"),
        Column::Words(" "),
        Column::Name("release"),
        Column::Words(" "),
        Column::Value(TIME),
        Column::Words(" before"),
    ];
    // An alert with a model names it already.
    let row = if about.has(MODEL) { &row[2..] } else { &row[..] };
    let listed = |releases: &Expr| releases.clamp_min(0.0).bottom(RELEASES);
    let nothing = match &innocent {
        // The version that gained the traffic is named below.
        Some(innocent) => {
            let moved = innocent.acquit_versions(&moved(near.lasts));
            about.asked(&moved, near.only_traffic, &[], "", nothing(about, near)?)?
        }
        None => nothing(about, near)?,
    };
    let mut text = about.asked(&listed(&guilty), near.released, row, ".", nothing)?;
    if let Some(acquitted) = of_innocent(&lately) {
        text = text + about.if_any(&listed(&acquitted), " Released as well, hardly the cause: ", row, ".")?;
    }
    if near.lasts < HOUR {
        let earlier = before.at_least(near.lasts.as_secs_f64()).below(HOUR.as_secs_f64());
        text = text + about.if_any(&listed(&earlier), " Earlier in the hour: ", row, ".")?;
    }
    if !about.has(MODEL) {
        return Ok(text);
    }
    let moved = about.if_any(
        &moved(HOUR).top(NAMED),
        " Within the hour traffic moved to version ",
        &[
            Column::Name("model_version"),
            Column::Words(" ("),
            Column::Value(PERCENT),
            Column::Words(" of the model's more)"),
        ],
        ".",
    )?;
    Ok(text + moved)
}

/// How long before the alert a release may have caused it.
#[derive(Clone, Copy)]
struct Near {
    lasts: Duration,
    released: &'static str,
    only_traffic: &'static str,
    nothing: &'static str,
}

impl Near {
    /// Alerts that measure over hours, or in windows of the drift job, fire late. The others fire within minutes.
    fn of(about: About<'_>) -> Self {
        let late = about.is(&[
            &known::AVAILABILITY_BURN_SLOW,
            &known::LATENCY_BURN_SLOW,
            &known::FEATURE_DRIFT,
            &known::VERSION_DRIFT,
            &known::PREDICTION_DRIFT,
            &known::JOINT_DRIFT,
            &known::PERFORMANCE_FELL,
            &known::ESTIMATE_FELL,
            &known::CALIBRATION_OFF,
            &known::LABELS_STOPPED,
            &known::DRIFT_JOB_STALE,
            &known::DRIFT_JOB_MISSING,
            &known::DRIFT_JOB_BLIND,
        ]);
        if late {
            return Self {
                lasts: HOUR,
                released: "Released in the hour before: ",
                only_traffic: "Nothing but traffic changed in the hour before.",
                nothing: "Nothing was released in the hour before that would explain it: no version, no features, no pipeline, \
                          no baseline and no build of the service.",
            };
        }
        Self {
            lasts: HOUR / 2,
            released: "Released in the half hour before: ",
            only_traffic: "Nothing but traffic changed in the half hour before.",
            nothing: "Nothing was released in the half hour before that would explain it: no version, no features, no pipeline, \
                      no baseline and no build of the service.",
        }
    }
}

/// Says that nothing was released, if the rules have been evaluated for long enough to know.
fn nothing(about: About<'_>, near: Near) -> Result<Text, GenerateError> {
    let watched = recorded(&recorded::WATCHING_SINCE)
        .expr()
        .below(time().minus(HOUR.as_secs_f64()));
    about.asked(
        &watched,
        near.nothing,
        &[],
        "",
        plain("No release is known of; the rules have not been watching for an hour."),
    )
}

/// For each release that may have caused the alert, how many seconds before its beginning it came.
fn seconds_before(about: About<'_>) -> Expr {
    let releases = || recorded(&recorded::RELEASE);
    let begun = match about.bad() {
        Some(bad) => {
            let labels: Vec<_> = about
                .labels
                .iter()
                .copied()
                .filter(|label| bad.since.labels.contains(label))
                .collect();
            scalar(same(bad.since, &labels).expr().smallest().or_number(time()))
        }
        None => time(),
    };
    let of_jobs = match about.job {
        Some(job) => releases().eq("kind", "service").eq("job", job),
        None => releases().eq("kind", "service"),
    };
    let of = if about.has(MODEL) {
        own(releases(), MODEL).expr().or(RELEASE, of_jobs)
    } else {
        releases().expr()
    };
    begun.minus(of)
}

/// Versions to which the model's traffic moved, and by how much their share grew.
fn moved(within: Duration) -> Expr {
    let share = || same(&recorded::VERSION_SHARE, MODEL);
    share()
        .expr()
        .with(Op::Minus, VERSION, share().offset(within))
        .above(MOVED)
}

/// Versions that are not the cause, by model and version. The values have no meaning.
struct Innocent(Expr);

/// A version has the same trouble if it has at least this part of the worst one's.
const AS_WELL: f64 = 0.5;

/// Where a share by version shows whose trouble it is: a version without it. If several versions have it, all of them: a release
/// of one version is not what they share.
fn innocent(about: About<'_>) -> Option<Innocent> {
    if !about.has(MODEL) {
        return None;
    }
    let of_model = |series| sum_by(VERSION, same(series, MODEL));
    let share = if let Some(bad) = about.bad() {
        of_model(bad.now).with(Op::DividedBy, VERSION, of_model(&recorded::REQUESTS_NOW).above(0.0))
    } else if about.is(&[&known::CLIENT_ERRORS_HIGH]) {
        same(&recorded::CLIENT_ERROR_RATIO, MODEL).expr()
    } else {
        feature_share(fault_counter(about)?, VERSION)
    };
    let worst = max_by(MODEL, share.clone()).times(AS_WELL);
    let has = share.with_one(Op::AtLeast, MODEL, &[], worst.clone());
    let has_not = share.with_one(Op::Below, MODEL, &[], worst);
    let several = count_by(MODEL, has.clone()).above(1.0);
    Some(Innocent(has_not.or(VERSION, has.and(MODEL, several))))
}

impl Innocent {
    /// Returns the releases that can't be the cause: those of an innocent version, and those of the baseline, which answers no
    /// request.
    fn acquit(&self, releases: &Expr) -> Expr {
        let versions = max_by(&["model_name", "release"], self.0.renamed("release", "model_version"));
        let of_version = ["version", "traffic"].map(|kind| versions.labelled("kind", kind));
        let [version, traffic] = of_version;
        let kinds = &["model_name", "kind", "release"];
        let of_versions = releases.and(kinds, version.or(kinds, traffic));
        let baseline = own(recorded(&recorded::RELEASE), MODEL).eq("kind", "baseline").expr();
        of_versions.or(RELEASE, releases.and(RELEASE, baseline))
    }

    /// Returns the versions that are not innocent.
    fn acquit_versions(&self, versions: &Expr) -> Expr {
        versions.unless(VERSION, self.0.clone())
    }
}

/// `evidence`: the figures that support the alert's own, and a feature's source. `None` for alerts that say everything
/// themselves.
pub(crate) fn evidence(about: About<'_>) -> Result<Option<Text>, GenerateError> {
    let figures = figures(about)?;
    let Some(upstream) = upstream(about) else {
        return Ok(figures);
    };
    Ok(Some(figures.unwrap_or_default() + upstream))
}

/// The source of the alert's feature, from the file. `None` when the alert has no feature, or the file names no source at all.
fn upstream(about: About<'_>) -> Option<Text> {
    if !about.has(FEATURE) {
        return None;
    }
    let models = about.config.models.iter();
    let features = models.flat_map(|model| model.upstream.iter().map(move |(feature, of)| (model, feature, of)));
    let words = features.map(|(model, feature, of)| {
        let source = of.source.as_ref().map(|source| format!("It comes from {source}"));
        let owner = of.owner.as_ref().map(|owner| match source {
            Some(_) => format!(", owned by {owner}"),
            None => format!("Its source is owned by {owner}"),
        });
        let text = [source, owner].into_iter().flatten().collect::<String>();
        (model.name.clone(), feature.clone(), format!(" {text}."))
    });
    let words: Vec<_> = words.collect();
    let rest = " modelwatch.toml does not name its source.".to_owned();
    (!words.is_empty()).then(|| Text::default().by_feature(words, rest))
}

fn figures(about: About<'_>) -> Result<Option<Text>, GenerateError> {
    if let Some(bad) = about.bad() {
        return of_requests(about, bad).map(Some);
    }
    if about.is(&[&known::CLIENT_ERRORS_HIGH]) {
        let versions = same(&recorded::CLIENT_ERROR_RATIO, MODEL).expr().top(NAMED);
        let text = about.asked(
            &versions,
            "By version: ",
            &[
                Column::Name("model_version"),
                Column::Words(" "),
                Column::Value(PERCENT),
            ],
            ".",
            plain("No version has requests any more."),
        )?;
        return Ok(Some(text + traffic_share(about)?));
    }
    if let Some(counter) = fault_counter(about) {
        return of_feature(about, counter).map(Some);
    }
    if about.is(&[&known::FEATURE_DRIFT]) {
        let scores = max_by(&["feature_name"], own(metric(&contract::DATA_DRIFT_SCORE), MODEL));
        let row = [Column::Name("feature_name"), Column::Words(" "), Column::Value(VALUE)];
        let none = plain("No exporter publishes the features' drift any more.");
        let text = about.asked(
            &numbers(&scores).top(NAMED),
            "Furthest from the baseline: ",
            &row,
            ".",
            none,
        )?;
        return Ok(Some(text));
    }
    if about.is(&[&known::REPLICA_FAILING, &known::REPLICA_SLOW]) {
        return of_replica(about).map(Some);
    }
    if about.is(&[&known::SCORE_SHIFT]) {
        return of_scores(about).map(Some);
    }
    if about.is(&[&known::CLASS_SHIFT]) {
        return of_values(about, &recorded::CLASS_RATIO, "class").map(Some);
    }
    if about.is(&[&known::OUTCOME_SHIFT]) {
        return of_values(about, &recorded::OUTCOME_RATIO, "outcome").map(Some);
    }
    if about.is(&[&known::TRAFFIC_GONE]) {
        return of_targets(about).map(Some);
    }
    if about.is(&[&known::PERFORMANCE_FELL]) && about.has(SEGMENT) {
        return of_segment(about).map(Some);
    }
    if about.is(&[&known::PERFORMANCE_FELL]) {
        return of_performance(about, &recorded::PERFORMANCE_GROWTH, &contract::PERFORMANCE).map(Some);
    }
    if about.is(&[&known::ESTIMATE_FELL]) {
        return of_performance(about, &recorded::ESTIMATE_GROWTH, &contract::PERFORMANCE_ESTIMATE).map(Some);
    }
    if about.is(&[&known::CALIBRATION_OFF]) {
        return of_calibration(about).map(Some);
    }
    if about.is(&[&known::LABELS_STOPPED]) {
        let of = |counted| max_by(MODEL, own(metric(counted), MODEL).eq("model_version", ALL_VERSIONS));
        let labels = of(&contract::PERFORMANCE_LABELS);
        return labels_of(about, &labels, &of(&contract::PERFORMANCE_PREDICTIONS)).map(Some);
    }
    Ok(None)
}

/// The share by version, route and replica, with the usual share and that of the other versions, and since when it lasts.
fn of_requests(about: About<'_>, bad: &'static Bad) -> Result<Text, GenerateError> {
    let now = |labels: &[&str]| {
        let share = same(bad.now, labels).expr().with(
            Op::DividedBy,
            ROUTE,
            same(&recorded::REQUESTS_NOW, labels).expr().above(0.0),
        );
        numbers(&share)
    };
    let scope = if about.has(VERSION) { VERSION } else { MODEL };
    let mut text = about.asked(
        &now(scope).top(NAMED),
        "Of the last requests, by version and route: ",
        &[
            Column::Name("model_version"),
            Column::Words(" "),
            Column::Name("route"),
            Column::Words(" "),
            Column::Value(PERCENT),
        ],
        ".",
        plain("It has no requests any more."),
    )?;
    let usual = own(
        recorded(bad.usual),
        if about.has(ROUTE) {
            &["model_name", "route"]
        } else {
            MODEL
        },
    );
    text = text + about.if_any(&usual.expr().top(1), " Usual is up to ", &[Column::Value(PERCENT)], ".")?;
    if about.has(VERSION) && about.config.rollout >= Rollout::ReleaseAware {
        text = text
            + about.if_any(
                &same(bad.others, VERSION).expr(),
                " Of the other versions' requests: ",
                &[Column::Value(PERCENT)],
                ".",
            )?;
    }
    text = text + traffic_share(about)?;
    text = text + by_replica(about, bad)?;
    if std::ptr::eq(bad, &SLOW) {
        text = text + stages(about)?;
    }
    let since_labels: Vec<_> = about
        .labels
        .iter()
        .copied()
        .filter(|label| ROUTE.contains(label))
        .collect();
    let lasted = time().minus(same(bad.since, &since_labels)).clamp_min(0.0).top(1);
    Ok(text + about.if_any(&lasted, " For ", &[Column::Value(TIME)], " already.")?)
}

fn traffic_share(about: About<'_>) -> Result<Text, GenerateError> {
    if !about.has(VERSION) {
        return Ok(Text::default());
    }
    let share = same(&recorded::VERSION_SHARE, VERSION).expr();
    about.if_any(
        &share,
        " It has ",
        &[Column::Value(PERCENT)],
        " of the model's traffic.",
    )
}

/// The worst replicas, by the share of requests that fail or by their mean latency.
fn by_replica(about: About<'_>, bad: &'static Bad) -> Result<Text, GenerateError> {
    let scope = if about.has(VERSION) { VERSION } else { MODEL };
    let of = |metric: Selector| own(metric, scope);
    let window = evidence::now(about.config);
    let instance = &["instance"];
    let (before, worst, value) = if std::ptr::eq(bad, &ERRORS) {
        let requests = || of(metric(&contract::INFERENCE_REQUESTS));
        let all = sum_by(instance, requests().increase(window));
        let failed = sum_by(instance, requests().eq("status", "error").increase(window));
        let share = failed.with(Op::DividedBy, instance, all.above(0.0));
        (" By replica: ", share, PERCENT)
    } else {
        let latency = Histogram {
            of: &contract::INFERENCE_LATENCY,
            window: window.into(),
        };
        (" Mean latency by replica: ", latency.mean_of(instance, &of), TIME)
    };
    about.if_any(
        &numbers(&worst).top(NAMED),
        before,
        &[Column::Name("instance"), Column::Words(" "), Column::Value(value)],
        ".",
    )
}

/// Stages whose mean grew since an hour ago.
fn stages(about: About<'_>) -> Result<Text, GenerateError> {
    let window = evidence::now(about.config);
    let scope = if about.has(VERSION) { VERSION } else { MODEL };
    let over = |window: Duration| Histogram {
        of: &contract::INFERENCE_STAGE,
        window: window.into(),
    };
    let now = over(window).mean_of(&["stage"], &|series| own(series, scope));
    let before = over(Duration::from_secs(900)).mean_of(&["stage"], &|series| own(series, MODEL).offset(HOUR));
    let grown = now.with(Op::Minus, &["stage"], before);
    about.if_any(
        &grown.above(0.005).top(NAMED),
        " Longer than an hour ago: ",
        &[
            Column::Words("stage "),
            Column::Name("stage"),
            Column::Words(" by "),
            Column::Value(TIME),
        ],
        ".",
    )
}

/// The shape of the scores, now and an hour ago. If all scores are the same, or in two heaps, the outer quantiles show it.
fn of_scores(about: About<'_>) -> Result<Text, GenerateError> {
    let mut text = Text::default();
    for (quantile, now) in [
        (0.1, "A tenth of its scores is up to "),
        (0.5, " Half is up to "),
        (0.9, " Nine tenths are up to "),
    ] {
        let below = || same(&recorded::SCORE_BELOW, VERSION);
        let of = |selector: Selector| numbers(&histogram_quantile(quantile, selector.expr()));
        let unknown = if quantile < 0.2 {
            plain("The shape of its scores is not known.")
        } else {
            Text::default()
        };
        text = text + about.asked(&of(below()), now, &[Column::Value(VALUE)], "", unknown)?;
        text = text
            + about.if_any(
                &of(below().offset(HOUR)),
                " (an hour ago ",
                &[Column::Value(VALUE)],
                ")",
            )?;
        text = text + about.if_any(&of(below()), ".", &[], "")?;
    }
    Ok(text + traffic_share(about)?)
}

/// The shares of all values, now and an hour ago.
fn of_values(about: About<'_>, shares: &'static Recorded, label: &'static str) -> Result<Text, GenerateError> {
    let shares = || same(shares, VERSION);
    let row = [Column::Name(label), Column::Words(" "), Column::Value(PERCENT)];
    let now = about.asked(
        &shares().expr().top(NAMED),
        "Now: ",
        &row,
        ".",
        plain("It predicts nothing any more."),
    )?;
    let ago = about.if_any(&shares().offset(HOUR).expr().top(NAMED), " An hour ago: ", &row, ".")?;
    Ok(now + ago + traffic_share(about)?)
}

/// The counter of the fault that the alert is about, if it is about a feature's fault.
fn fault_counter(about: About<'_>) -> Option<&'static Metric> {
    let counters = [
        (&known::MISSING_RATIO_HIGH, &contract::FEATURE_MISSING),
        (&known::DEFAULTED_RATIO_HIGH, &contract::FEATURE_DEFAULTED),
        (&known::OUT_OF_RANGE_HIGH, &contract::FEATURE_OUT_OF_RANGE),
    ];
    let counted = counters.into_iter().find(|(known, _)| about.is(&[known]));
    counted.map(|(_, counter)| counter)
}

/// The share of observations of the alert's feature that a counter counts.
fn feature_share(counter: &'static Metric, by: &[&str]) -> Expr {
    let quarter = Duration::from_secs(900);
    let rate = |counter| sum_by(by, own(metric(counter), FEATURE).rate(quarter));
    rate(counter).with(Op::DividedBy, by, rate(&contract::FEATURE_OBSERVATIONS).above(0.0))
}

/// The versions in which a feature is faulty.
fn of_feature(about: About<'_>, counter: &'static Metric) -> Result<Text, GenerateError> {
    let share = feature_share(counter, &["model_version"]);
    about.asked(
        &numbers(&share).top(NAMED),
        "By version: ",
        &[
            Column::Name("model_version"),
            Column::Words(" "),
            Column::Value(PERCENT),
        ],
        ".",
        plain("No version counts its observations."),
    )
}

/// What the replica's siblings do, and whether it has just started.
fn of_replica(about: About<'_>) -> Result<Text, GenerateError> {
    let failing = about.is(&[&known::REPLICA_FAILING]);
    let of = |series| recorded(series).eq("job", about.job.unwrap_or_default()).expr();
    let (figure, value) = if failing {
        let ratio =
            of(&recorded::REPLICA_ERRORS).with(Op::DividedBy, REPLICA, of(&recorded::REPLICA_REQUESTS).above(0.0));
        (ratio, PERCENT)
    } else {
        (of(&recorded::REPLICA_LATENCY), TIME)
    };
    let mut text = about.asked(
        &numbers(&figure).top(NAMED),
        "By replica: ",
        &[Column::Name("instance"), Column::Words(" "), Column::Value(value)],
        ".",
        plain("No replica of the job answers requests."),
    )?;
    let started = own(metric(&contract::PROCESS_START_TIME), REPLICA).expr();
    let young = time().minus(started).below(HOUR.as_secs_f64()).clamp_min(0.0);
    text = text + about.if_any(&young.bottom(1), " It started ", &[Column::Value(TIME)], " ago.")?;
    Ok(text)
}

/// How long the pause is compared with the day's longest, and whether any target is up.
fn of_targets(about: About<'_>) -> Result<Text, GenerateError> {
    let seconds = [Column::Value(TIME)];
    let idle = same(&recorded::IDLE, MODEL).expr();
    let longest = same(&recorded::LONGEST_PAUSE, MODEL).expr();
    let up = word("up").eq("job", about.job.unwrap_or_default()).expr();
    let idle = about.if_any(&idle, "Its last request was ", &seconds, " ago. ")?;
    let longest = about.if_any(&longest, "The longest pause of the day before was ", &seconds, ". ")?;
    let answering = about.asked(
        &sum_by(&[], up),
        "Of the service's targets ",
        &[Column::Value(VALUE)],
        " answer scrapes.",
        plain("None of the service's targets is known."),
    )?;
    Ok(idle + longest + answering)
}

/// Every measure that is worse, with its value, its reference and the number of labels; and the versions side by side.
fn of_performance(
    about: About<'_>,
    growth: &'static Recorded,
    measured: &'static SourceMetric,
) -> Result<Text, GenerateError> {
    let row = |value| [Column::Ours("measure"), Column::Words(" "), Column::Value(value)];
    let grown = same(growth, VERSION).expr();
    let more = about.asked(
        &numbers(&grown).top(MEASURES),
        "More loss than in the reference, by measure: ",
        &row(PERCENT),
        ".",
        plain("No measure is worse any more."),
    )?;
    let by = &["measure"];
    let now = max_by(by, own(metric(measured), VERSION)).and(by, grown.clone());
    let now = about.if_any(&numbers(&now).top(MEASURES), " Measured: ", &row(VALUE), ".")?;
    let reference = max_by(by, own(metric(&contract::PERFORMANCE_REFERENCE), MODEL)).and(by, grown);
    let reference = about.if_any(&numbers(&reference).top(MEASURES), " The reference: ", &row(VALUE), ".")?;
    let versions = max_by(&["model_version"], same(growth, MODEL));
    let versions = about.if_any(
        &numbers(&versions).top(NAMED),
        " Worst measure by version: ",
        &[
            Column::Name("model_version"),
            Column::Words(" "),
            Column::Value(PERCENT),
        ],
        ".",
    )?;
    let explained = max_by(
        &["segment", "segment_value"],
        own(metric(&contract::PERFORMANCE_EXPLAINED), VERSION),
    );
    let explained = about.if_any(
        &numbers(&explained).top(NAMED),
        " These explain the growth of the loss: ",
        &[
            Column::Name("segment"),
            Column::Words(" "),
            Column::Name("segment_value"),
            Column::Words(" "),
            Column::Value(PERCENT),
        ],
        ".",
    )?;
    Ok(more + now + reference + plain(" ") + of_version(about)? + versions + explained)
}

/// Every measure by which the rows of a segment's value are worse, with its value, its reference and the number of labels.
fn of_segment(about: About<'_>) -> Result<Text, GenerateError> {
    let by = &["measure"];
    let row = |value| [Column::Ours("measure"), Column::Words(" "), Column::Value(value)];
    let of = |series| max_by(by, own(metric(series), SEGMENT));
    let grown = of(&contract::SEGMENT_PERFORMANCE_GROWTH);
    let more = about.asked(
        &numbers(&grown).top(MEASURES),
        "More loss than in the reference, by measure: ",
        &row(PERCENT),
        ".",
        plain("No measure is worse any more."),
    )?;
    let figures = |series, words| {
        let figures = of(series).and(by, grown.clone());
        about.if_any(&numbers(&figures).top(MEASURES), words, &row(VALUE), ".")
    };
    let now = figures(&contract::SEGMENT_PERFORMANCE, " Measured: ")?;
    let reference = figures(&contract::SEGMENT_PERFORMANCE_REFERENCE, " The reference: ")?;
    let labels = max_by(SEGMENT, own(metric(&contract::SEGMENT_PERFORMANCE_LABELS), SEGMENT));
    let labels = about.if_any(&labels, " Labels: ", &[Column::Value(COUNT)], ".")?;
    Ok(more + now + reference + labels)
}

/// The calibration error now and in the reference.
fn of_calibration(about: About<'_>) -> Result<Text, GenerateError> {
    let by = &["measure"];
    let of = |series: Selector| max_by(by, series.one_of("measure", [CALIBRATION_ERROR, BIAS]));
    let row = [Column::Ours("measure"), Column::Words(" "), Column::Value(VALUE)];
    let now = about.asked(
        &numbers(&of(own(metric(&contract::PERFORMANCE), VERSION))).top(NAMED),
        "Measured: ",
        &row,
        ".",
        plain("Nobody publishes its calibration any more."),
    )?;
    let reference = numbers(&of(own(metric(&contract::PERFORMANCE_REFERENCE), MODEL))).top(NAMED);
    let reference = about.if_any(&reference, " The reference: ", &row, ".")?;
    Ok(now + reference + plain(" ") + of_version(about)?)
}

/// The number of labels, and of predictions.
fn of_version(about: About<'_>) -> Result<Text, GenerateError> {
    let of = |counted| max_by(VERSION, own(metric(counted), VERSION));
    labels_of(
        about,
        &of(&contract::PERFORMANCE_LABELS),
        &of(&contract::PERFORMANCE_PREDICTIONS),
    )
}

fn labels_of(about: About<'_>, labels: &Expr, predictions: &Expr) -> Result<Text, GenerateError> {
    let count = [Column::Value(COUNT)];
    let known = about.asked(labels, "Labels: ", &count, "", plain("Labels: none"))?;
    Ok(known + about.asked(predictions, " of ", &count, " predictions.", plain("."))?)
}
