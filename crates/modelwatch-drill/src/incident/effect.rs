//! What happens to requests, features, targets and jobs.

/// One thing that happens, where and when.
///
/// # Example
///
/// ```
/// use modelwatch_drill::incident::effect::{Effect, What};
///
/// // Errors of a canary, which grow to three in ten over four minutes and end after ten.
/// let effect = Effect::new(What::Errors(0.3)).version("2026-05-01").between(0.0, 10.0).ramp(4.0);
/// assert_eq!((effect.from, effect.until, effect.ramp), (0.0, Some(10.0), 4.0));
/// assert_eq!(effect.scope.version.as_deref(), Some("2026-05-01"));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Effect {
    /// What.
    pub what: What,
    /// Where.
    pub scope: Scope,
    /// From when, in minutes from the onset.
    pub from: f64,
    /// Until when; nothing: to the end.
    pub until: Option<f64>,
    /// Over how many minutes it grows to its full size.
    pub ramp: f64,
}

/// Where an effect is felt. What is nothing is everywhere.
///
/// # Example
///
/// ```
/// use modelwatch_drill::incident::effect::{Effect, Models, Scope, What};
///
/// let effect = Effect::new(What::Errors(0.3));
/// assert_eq!(effect.scope, Scope::default());
/// let effect = effect.models(Models::All).replica(1);
/// assert_eq!((effect.scope.models, effect.scope.replica), (Models::All, Some(1)));
/// assert!(effect.scope.route.is_none(), "on every route");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scope {
    /// Which models.
    pub models: Models,
    /// A version.
    pub version: Option<String>,
    /// A route.
    pub route: Option<String>,
    /// The index of a replica.
    pub replica: Option<usize>,
    /// A feature.
    pub feature: Option<String>,
    /// A segment of performance, and its value.
    pub segment: Option<(String, String)>,
}

/// Which models feel it.
///
/// The example of [`Scope`] has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Models {
    /// The one that things happen to.
    #[default]
    Hero,
    /// Its neighbour.
    Neighbour,
    /// Every one.
    All,
}

/// What happens.
///
/// # Example
///
/// ```
/// use modelwatch_drill::incident::effect::{ScoreChange, What};
/// use modelwatch_drill::incident::read;
/// use modelwatch_drill::scene::Scene;
///
/// # let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/drill.toml"));
/// # let config = modelwatch_config::Config::parse("modelwatch.toml", text)?;
/// let incidents = read::incidents("incidents.toml", r#"
/// [[incidents]]
/// name = "slow-and-off"
/// effects = [{ slow = 5.0 }, { score_shift = 0.2 }]
/// "#, &Scene::new(&config, None)?)?;
/// let whats: Vec<_> = incidents[0].effects.iter().map(|effect| effect.what).collect();
/// assert_eq!(whats, [What::Slow(5.0), What::Score(ScoreChange::Shift(0.2))]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum What {
    /// This share of requests fails.
    Errors(f64),
    /// This share of requests is refused as the caller's mistake.
    ClientErrors(f64),
    /// The usual share of errors scatters by a gamma factor of this shape; the smaller, the wilder.
    ErrorsScatter(f64),
    /// The usual share of client errors is this, and scatters.
    ClientErrorsScatter(f64),
    /// Requests take so many times as long.
    Slow(f64),
    /// The stage `feature_fetch` takes so many seconds more.
    SlowStage(f64),
    /// The traffic is so many times the usual.
    Traffic(f64),
    /// Scores change.
    Score(ScoreChange),
    /// This share of scores is not a number.
    NonFinite(f64),
    /// The class is decided at this score.
    Threshold(f64),
    /// This share of outcomes is `escalated`, whatever the class.
    Escalated(f64),
    /// The feature is missing in this share of rows.
    Missing(f64),
    /// A default stands in for the feature in this share of rows.
    Defaulted(f64),
    /// The feature is out of its range in this share of rows.
    OutOfRange(f64),
    /// The feature's distance from the baseline, as the drift job would measure it over a whole window.
    Drift(f64),
    /// The baseline is of something else: every feature and the scores are this far from it.
    WrongBaseline(f64),
    /// Targets do not answer; what they serve is lost.
    Down,
    /// Targets of the drift exporter do not answer.
    DriftDown,
    /// The process restarts every so many minutes.
    Restarts(f64),
    /// The drift job does not end any more.
    DriftStuck,
    /// Runs of the drift job fail.
    DriftFails,
    /// This share more of predictions turns out to be wrong, as labels come.
    Wrong(f64),
    /// This share more of predictions is expected to be wrong, before labels come: inputs moved to where the model is less sure.
    ExpectedWrong(f64),
    /// No label comes any more.
    LabelsStop,
    /// What should have the labels can't be read.
    OutcomesUnreadable,
    /// The prediction log drops this share of its records.
    LogDrops(f64),
    /// So many requests wait on each replica.
    Queue(f64),
    /// So many requests are in flight on each replica.
    InFlight(f64),
    /// So many label values a minute overflow.
    Overflow(f64),
    /// Tasks of the runtime wake up so many seconds late.
    RuntimeLate(f64),
}

/// What happens to scores.
///
/// The example of [`What`] has one.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ScoreChange {
    /// So much is added.
    Shift(f64),
    /// Every score is this.
    Constant(f64),
    /// Half of them go low and half high, about the same median.
    Heaps,
}

impl Effect {
    /// Makes an effect on every request of the model from the onset on.
    #[must_use]
    pub fn new(what: What) -> Self {
        Self {
            what,
            scope: Scope::default(),
            from: 0.0,
            until: None,
            ramp: 0.0,
        }
    }

    /// Lets it be for as long as the world lasts: a trait of the world rather than an incident.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.from = f64::NEG_INFINITY;
        self
    }

    /// Puts it between two times, in minutes from the onset.
    #[must_use]
    pub fn between(mut self, from: f64, until: f64) -> Self {
        self.from = from;
        self.until = Some(until);
        self
    }

    /// Lets it grow over so many minutes.
    #[must_use]
    pub fn ramp(mut self, minutes: f64) -> Self {
        self.ramp = minutes;
        self
    }

    /// Restricts it to a version.
    #[must_use]
    pub fn version(mut self, version: &str) -> Self {
        self.scope.version = Some(version.to_owned());
        self
    }

    /// Restricts it to a route.
    #[must_use]
    pub fn route(mut self, route: &str) -> Self {
        self.scope.route = Some(route.to_owned());
        self
    }

    /// Restricts it to a replica.
    #[must_use]
    pub fn replica(mut self, index: usize) -> Self {
        self.scope.replica = Some(index);
        self
    }

    /// Restricts it to a feature.
    #[must_use]
    pub fn feature(mut self, feature: &str) -> Self {
        self.scope.feature = Some(feature.to_owned());
        self
    }

    /// Restricts it to a value of a segment.
    #[must_use]
    pub fn segment(mut self, segment: &str, value: &str) -> Self {
        self.scope.segment = Some((segment.to_owned(), value.to_owned()));
        self
    }

    /// Extends it to other models.
    #[must_use]
    pub fn models(mut self, models: Models) -> Self {
        self.scope.models = models;
        self
    }

    /// How much of it there is at a time: 0 to 1.
    pub(crate) fn strength(&self, minutes: f64) -> f64 {
        if minutes < self.from || self.until.is_some_and(|until| minutes >= until) {
            0.0
        } else if self.ramp > 0.0 {
            ((minutes - self.from) / self.ramp).min(1.0)
        } else {
            1.0
        }
    }
}
