//! What happens: releases, effects, and what should come of them.
//!
//! Times are minutes from the onset; what is before it is negative.

pub mod builtin;
pub mod effect;
pub mod quiet;
pub mod read;

use modelwatch_stack::rules::Severity;

use self::effect::Effect;

/// Something that happens to a model, or that only looks like it.
///
/// # Example
///
/// ```
/// use modelwatch_drill::incident::effect::{Effect, What};
/// use modelwatch_drill::incident::{Incident, Release, ReleaseKind};
///
/// let mut incident = Incident::new("canary-slow", "A canary takes five times as long.");
/// incident.releases = vec![Release::new(ReleaseKind::Version(0.1), "2026-05-01", 0.0)];
/// incident.effects = vec![Effect::new(What::Slow(5.0)).version("2026-05-01")];
/// assert_eq!(incident.minutes, 30);
/// assert!(incident.expected.is_none(), "silence is right until it says who has to hear of it");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Incident {
    /// Its name: lower case with hyphens.
    pub name: String,
    /// What happens, in a sentence.
    pub about: String,
    /// Which half of the drill it belongs to.
    pub half: Half,
    /// How the model's requests come.
    pub traffic: Traffic,
    /// The versions that are there from the beginning, each with its share of the traffic.
    pub versions: Vec<(String, f64)>,
    /// What is released.
    pub releases: Vec<Release>,
    /// What happens to requests, features, targets and jobs.
    pub effects: Vec<Effect>,
    /// How many hours before the world the requests of its models are known: what some alerts go by is a day old.
    pub known_hours: u32,
    /// How long the world goes on after the onset, in minutes.
    pub minutes: u32,
    /// Whether it is 03:00 in every team's time zone at the onset, and not 11:00 on a Wednesday.
    pub night: bool,
    /// What should be heard of it; nothing: silence.
    pub expected: Option<Expected>,
}

/// The halves of a drill: rules are tuned on one and judged on the other.
///
/// # Example
///
/// ```
/// use modelwatch_drill::incident::{Half, quiet};
/// use modelwatch_drill::scene::Scene;
///
/// # let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/drill.toml"));
/// # let config = modelwatch_config::Config::parse("modelwatch.toml", text)?;
/// let stretches = quiet::stretches(&Scene::new(&config, None)?);
/// let count = |half| stretches.iter().flatten().filter(|stretch| stretch.half == half).count();
/// assert_eq!(count(Half::Tuning), count(Half::HeldOut));
/// assert_eq!(Half::HeldOut.name(), "held out");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Half {
    /// Constants may be chosen by it.
    Tuning,
    /// Nothing is chosen by it.
    HeldOut,
    /// The reader's own.
    Own,
}

/// How requests come.
///
/// # Example
///
/// ```
/// use modelwatch_drill::incident::{Incident, Pattern, Traffic};
///
/// let mut incident = Incident::new("nightly-batches", "A client sends everything at once.");
/// let usual: Traffic = incident.traffic;
/// assert_eq!((usual.rate, usual.pattern), (8.0, Pattern::Day));
/// incident.traffic.pattern = Pattern::Batches;
/// assert_ne!(incident.traffic, usual);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Traffic {
    /// Requests per second of the model, on average.
    pub rate: f64,
    /// The shape over time.
    pub pattern: Pattern,
}

/// The shape of traffic over time.
///
/// The example of [`Traffic`] has one.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Pattern {
    /// As a day goes: slowly up and down.
    Day,
    /// From noon to midnight within the world: it falls to a tenth.
    Falling,
    /// For five minutes every thirty, nothing in between.
    Batches,
    /// With a factor that scatters from scrape to scrape.
    Bursts,
}

/// Something new.
///
/// # Example
///
/// ```
/// use modelwatch_drill::incident::{Release, ReleaseKind};
///
/// // Five minutes before the onset, a fifth of the traffic goes to a new version of the neighbour.
/// let mut release = Release::new(ReleaseKind::Version(0.2), "2026-05-09", -5.0);
/// assert!(release.model.is_none(), "of the model that things happen to");
/// release.model = Some("fraud-score".to_owned());
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Release {
    /// What kind of thing it is.
    pub kind: ReleaseKind,
    /// Its name: a version, or that of a build.
    pub name: String,
    /// Whose: nothing is the model that things happen to.
    pub model: Option<String>,
    /// When, in minutes from the onset.
    pub minutes: f64,
}

/// Kinds of releases.
///
/// The example of [`Release`] has one.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ReleaseKind {
    /// A version of the model, which gets this share of its traffic.
    Version(f64),
    /// A share of the traffic for a version that is there.
    Traffic(f64),
    /// The feature pipeline.
    Pipeline,
    /// The baseline of the drift job.
    Baseline,
    /// The service: its processes restart one after the other.
    Service,
}

/// What should be heard.
///
/// # Example
///
/// ```
/// use modelwatch_drill::incident::{Expected, read};
/// use modelwatch_drill::scene::Scene;
/// use modelwatch_stack::rules::Severity;
///
/// # let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/drill.toml"));
/// # let config = modelwatch_config::Config::parse("modelwatch.toml", text)?;
/// let incidents = read::incidents("incidents.toml", r#"
/// [[incidents]]
/// name = "canary-fails"
/// releases = [{ version = "2026-05-01", share = 0.1 }]
/// effects = [{ errors = 0.3, version = "2026-05-01" }]
/// expect = { team = "ml-platform", severity = "page", change = "2026-05-01" }
/// "#, &Scene::new(&config, None)?)?;
/// let expected: &Expected = incidents[0].expected.as_ref().unwrap();
/// assert_eq!((expected.team.as_str(), expected.severity), ("ml-platform", Severity::Page));
/// assert_eq!(expected.change.as_deref(), Some("2026-05-01"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Expected {
    /// The team that has to hear it.
    pub team: String,
    /// How urgent it is.
    pub severity: Severity,
    /// What the first message has to name: the label and its value.
    pub culprits: Vec<(&'static str, String)>,
    /// What it has to say was released; nothing: that nothing was.
    pub change: Option<String>,
}

impl Half {
    /// Returns its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tuning => "tuning",
            Self::HeldOut => "held out",
            Self::Own => "own",
        }
    }
}
