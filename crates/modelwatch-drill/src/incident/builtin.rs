//! The incidents that the drill brings along.
//!
//! They alternate between the halves. Each is a function of the scene, so that it speaks of the reader's own routes and
//! features; one that a scene has no room for is left out, with the reason.

use std::time::Duration;

use modelwatch_stack::rules::Severity::{self, Page, Ticket};

use super::effect::{Effect, Models, ScoreChange, What};
use super::{Expected, Half, Incident, Pattern, Release, ReleaseKind, Traffic};
use crate::scene::Scene;

/// The version that serves before anything happens.
pub const SERVING: &str = "2026-04-01";
/// The version that is released.
pub const RELEASED: &str = "2026-05-01";
/// A version that has been there for long, beside the serving one.
pub const OLDER: &str = "2026-03-01";
/// The release of the feature pipeline.
pub const PIPELINE: &str = "pipeline-2";
/// The build of the service that is released.
pub const BUILD: &str = "1.5.0";
/// The baseline that replaces the first.
pub const BASELINE: &str = "baseline-2";

/// An incident, or why there is no room for it.
pub type Cast = Result<Incident, NoRoom>;

/// An incident that a scene has no room for.
///
/// # Example
///
/// ```
/// use modelwatch_drill::incident::quiet;
/// use modelwatch_drill::scene::Scene;
///
/// # let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/drill.toml"));
/// # let config = modelwatch_config::Config::parse("modelwatch.toml", text)?;
/// let mut config = config;
/// config.models.truncate(1);
/// let stretches = quiet::stretches(&Scene::new(&config, None)?);
/// let no_room = stretches.into_iter().find_map(Result::err).unwrap();
/// assert_eq!(no_room.name, "quiet-neighbour");
/// assert_eq!(no_room.lacks, "a second model of the same job");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoRoom {
    /// The incident's name.
    pub name: String,
    /// What the configuration lacks.
    pub lacks: &'static str,
}

/// Every incident, in the order of the table.
#[must_use]
pub fn incidents(scene: &Scene) -> Vec<Cast> {
    let owners = &scene.hero.model.owners;
    let (serving, model, data) = (&owners.serving.team, &owners.model.team, &owners.data.team);
    let feature = scene.hero.features.first().map_or("", String::as_str);
    let replica = scene.serving.instances.first().map_or("", String::as_str);
    let drift_page = if scene.hero.model.high_risk { Page } else { Ticket };
    let of_canary = |effect: Effect| vec![effect.version(RELEASED)];
    let version = |share| vec![Release::new(ReleaseKind::Version(share), RELEASED, 0.0)];
    let canary = [("version", RELEASED)];
    let drift = |cast: Incident| match scene.hero.model.drift.is_some() && scene.drift.is_some() {
        true => Ok(cast),
        false => Err(NoRoom::of(
            &cast,
            "a drift section of the model and a job of the drift plane",
        )),
    };
    let measured = scene.hero.model.performance.as_ref();
    let segment = measured.and_then(|measured| measured.segments.first());
    let segment = segment.map_or("", String::as_str);
    let is_quick = measured.is_some_and(|measured| {
        measured.period <= QUICK && measured.interval <= QUICK / 6 && scene.hero.model.thresholds.labels_age <= QUICK
    });
    let performance = |cast: Incident| match is_quick && !segment.is_empty() && scene.drift.is_some() {
        true => Ok(cast),
        false => Err(NoRoom::of(
            &cast,
            "a job of the drift plane, a performance section of the model with segments, a period of at most an hour and an interval of at \
             most 10 minutes, and labels_age of at most an hour: what takes days can't be rehearsed in a world of hours",
        )),
    };
    let two_models = |cast: Incident| match scene.neighbour {
        Some(_) => Ok(cast),
        None => Err(NoRoom::of(&cast, "a second model of the same job")),
    };
    let two_replicas = |cast: Incident| match scene.serving.instances.len() {
        0 | 1 => Err(NoRoom::of(&cast, "a second replica")),
        _ => Ok(cast),
    };
    let second_route = scene.hero.routes.get(1);
    let casts = vec![
        // What serves.
        Ok(Incident::new(
            "deploy-errors",
            "A new version takes all traffic, and a fifth of its requests fail.",
        )
        .releases(version(1.0))
        .effects(of_canary(Effect::new(What::Errors(0.2))))
        .expects(serving, Page, &canary, Some(RELEASED))),
        Ok(Incident::new(
            "canary-errors",
            "A canary gets a tenth of the traffic and fails three times in ten.",
        )
        .releases(version(0.1))
        .effects(of_canary(Effect::new(What::Errors(0.3))))
        .expects(serving, Page, &canary, Some(RELEASED))),
        Ok(Incident::new(
            "canary-errors-at-night",
            "The same with half a request a second, at three in the morning.",
        )
        .rate(0.5)
        .at_night()
        .minutes(40)
        .releases(vec![Release::new(ReleaseKind::Version(0.25), RELEASED, 0.0)])
        .effects(of_canary(Effect::new(What::Errors(0.4))))
        .expects(serving, Page, &canary, Some(RELEASED))),
        Ok(Incident::new(
            "canary-slow",
            "A canary with a tenth of the traffic takes five times as long.",
        )
        .releases(version(0.1))
        .effects(of_canary(Effect::new(What::Slow(5.0))))
        .expects(serving, Page, &canary, Some(RELEASED))),
        Ok(
            Incident::new("deploy-slow", "A new version takes all traffic and five times as long.")
                .releases(version(1.0))
                .effects(of_canary(Effect::new(What::Slow(5.0))))
                .expects(serving, Page, &canary, Some(RELEASED)),
        ),
        Ok(Incident::new(
            "dependency-down",
            "Half of all requests fail in every version; nothing was released.",
        )
        .versions(&[(SERVING, 0.8), (OLDER, 0.2)])
        .effects(vec![Effect::new(What::Errors(0.5))])
        .expects(serving, Page, &[], None)),
        Ok(Incident::new(
            "dependency-slow",
            "Every request takes five times as long; nothing was released.",
        )
        .effects(vec![Effect::new(What::Slow(5.0))])
        .expects(serving, Page, &[], None)),
        second_route.map_or_else(
            || Err(NoRoom::new("route-errors", "a second route of the model")),
            |route| {
                Ok(Incident::new(
                    "route-errors",
                    "A quarter of the requests of one route fail; nothing was released.",
                )
                .effects(vec![Effect::new(What::Errors(0.25)).route(route)])
                .expects(serving, Page, &[("route", route)], None))
            },
        ),
        two_replicas(
            Incident::new(
                "replica-errors",
                "One replica fails three times in ten; nothing was released.",
            )
            .effects(vec![Effect::new(What::Errors(0.3)).replica(0).models(Models::All)])
            .expects(serving, Page, &[("replica", replica)], None),
        ),
        two_replicas(
            Incident::new(
                "replica-slow",
                "One replica takes six times as long; nothing was released.",
            )
            .effects(vec![Effect::new(What::Slow(6.0)).replica(0).models(Models::All)])
            .expects(serving, Page, &[("replica", replica)], None),
        ),
        two_replicas(
            Incident::new("replica-down", "One replica stops answering; nothing was released.")
                .effects(vec![Effect::new(What::Down).replica(0)])
                .expects(serving, Ticket, &[("replica", replica)], None),
        ),
        Ok(Incident::new(
            "replica-restarts",
            "One replica dies every four minutes; nothing was released.",
        )
        .minutes(40)
        .effects(vec![Effect::new(What::Restarts(4.0)).replica(0)])
        .expects(serving, Ticket, &[("replica", replica)], None)),
        Ok(
            Incident::new("service-down", "Every replica stops answering; nothing was released.")
                .effects(vec![Effect::new(What::Down)])
                .expects(serving, Page, &[], None),
        ),
        Ok(Incident::new(
            "traffic-gone",
            "The model stops receiving requests; nothing was released.",
        )
        .known_hours(KNOWN_HOURS)
        .effects(vec![Effect::new(What::Traffic(0.0))])
        .expects(serving, Page, &[], None)),
        two_models(
            Incident::new(
                "service-build-errors",
                "A build of the service fails two requests in ten, of every model.",
            )
            .releases(vec![Release::new(ReleaseKind::Service, BUILD, 0.0)])
            .effects(vec![Effect::new(What::Errors(0.2)).models(Models::All)])
            .expects(serving, Page, &[], Some(BUILD)),
        ),
        Ok(Incident::new(
            "rollback-errors",
            "Traffic goes back to an older version, which fails three times in ten.",
        )
        .versions(&[(SERVING, 1.0), (OLDER, 0.0)])
        .releases(vec![Release::new(ReleaseKind::Traffic(1.0), OLDER, 0.0)])
        .effects(vec![Effect::new(What::Errors(0.3)).version(OLDER)])
        .expects(serving, Page, &[("version", OLDER)], Some(OLDER))),
        Ok(Incident::new(
            "stage-slow",
            "The stage feature_fetch takes 0.8 s longer; nothing was released.",
        )
        .effects(vec![Effect::new(What::SlowStage(0.8))])
        .expects(serving, Page, &[("stage", "feature_fetch")], None)),
        Ok(Incident::new(
            "deploy-client-errors",
            "A new version rejects four requests in ten as client errors.",
        )
        .releases(version(1.0))
        .effects(of_canary(Effect::new(What::ClientErrors(0.4))))
        .expects(serving, Ticket, &canary, Some(RELEASED))),
        Ok(Incident::new(
            "slow-burn",
            "Requests fail at ten times the rate that the objective allows; nothing was released.",
        )
        .minutes(90)
        .effects(vec![Effect::new(What::Errors(
            10.0 * (1.0 - scene.hero.model.availability_objective),
        ))])
        .expects(serving, Ticket, &[], None)),
        Ok(Incident::new(
            "queue-deep",
            "Two hundred requests wait on each replica; nothing was released.",
        )
        .effects(vec![Effect::new(What::Queue(200.0))])
        .expects(serving, Ticket, &[], None)),
        Ok(Incident::new(
            "runtime-late",
            "The runtime wakes its tasks 0.6 s late; nothing was released.",
        )
        .effects(vec![Effect::new(What::RuntimeLate(0.6)).replica(0)])
        .expects(serving, Ticket, &[("replica", replica)], None)),
        Ok(Incident::new(
            "labels-overflow",
            "Classes overflow a hundred times a minute; nothing was released.",
        )
        .effects(vec![Effect::new(What::Overflow(100.0))])
        .expects(serving, Ticket, &[("label", "class")], None)),
        Ok(Incident::new(
            "low-traffic-errors",
            "A model with two requests a minute fails all of them; nothing was released.",
        )
        .rate(0.03)
        .minutes(60)
        .effects(vec![Effect::new(What::Errors(1.0))])
        .expects(serving, Page, &[], None)),
        // What it is fed.
        Ok(Incident::new(
            "feature-missing",
            "A feature is missing in four rows in ten; nothing was released.",
        )
        .effects(vec![Effect::new(What::Missing(0.4)).feature(feature)])
        .expects(data, Ticket, &[("feature", feature)], None)),
        Ok(Incident::new(
            "feature-missing-on-canary",
            "A canary with a fifth of the traffic lacks a feature in six rows in ten.",
        )
        .releases(version(0.2))
        .effects(of_canary(Effect::new(What::Missing(0.6)).feature(feature)))
        .expects(
            data,
            Ticket,
            &[("feature", feature), ("version", RELEASED)],
            Some(RELEASED),
        )),
        Ok(Incident::new(
            "pipeline-defaults",
            "A release of the feature pipeline fills half of a feature's values with its default.",
        )
        .releases(vec![Release::new(ReleaseKind::Pipeline, PIPELINE, 0.0)])
        .effects(vec![Effect::new(What::Defaulted(0.5)).feature(feature)])
        .expects(data, Ticket, &[("feature", feature)], Some(PIPELINE))),
        Ok(Incident::new(
            "pipeline-scale",
            "A release of the feature pipeline changes a unit: nine values in ten are out of range.",
        )
        .releases(vec![Release::new(ReleaseKind::Pipeline, PIPELINE, 0.0)])
        .effects(vec![Effect::new(What::OutOfRange(0.9)).feature(feature)])
        .expects(data, Ticket, &[("feature", feature)], Some(PIPELINE))),
        // What it says.
        Ok(Incident::new(
            "scores-constant",
            "A new version returns the same score for every request.",
        )
        .releases(version(1.0))
        .effects(of_canary(Effect::new(What::Score(ScoreChange::Constant(0.33)))))
        .expects(model, Ticket, &canary, Some(RELEASED))),
        Ok(Incident::new(
            "scores-constant-on-canary",
            "A canary with a fifth of the traffic returns the same score for every request.",
        )
        .releases(version(0.2))
        .effects(of_canary(Effect::new(What::Score(ScoreChange::Constant(0.33)))))
        .expects(model, Ticket, &canary, Some(RELEASED))),
        Ok(Incident::new(
            "scores-two-heaps",
            "Scores split into two clusters around the old median; nothing was released.",
        )
        .effects(vec![Effect::new(What::Score(ScoreChange::Heaps))])
        .expects(model, Ticket, &[], None)),
        Ok(Incident::new("scores-shift", "A new version's scores are 0.25 higher.")
            .releases(version(1.0))
            .effects(of_canary(Effect::new(What::Score(ScoreChange::Shift(0.25)))))
            .expects(model, Ticket, &canary, Some(RELEASED))),
        Ok(
            Incident::new("classes-shift", "A new version decides at 0.3 instead of 0.5.")
                .releases(version(1.0))
                .effects(of_canary(Effect::new(What::Threshold(0.3))))
                .expects(model, Ticket, &canary, Some(RELEASED)),
        ),
        Ok(Incident::new(
            "outcomes-shift",
            "Six outcomes in ten are escalated, whatever the class; nothing was released.",
        )
        .effects(vec![Effect::new(What::Escalated(0.6))])
        .expects(model, Ticket, &[("outcome", "escalated")], None)),
        Ok(
            Incident::new("scores-not-finite", "A canary's scores are NaN three times in ten.")
                .releases(version(0.2))
                .effects(of_canary(Effect::new(What::NonFinite(0.3))))
                .expects(model, Ticket, &canary, Some(RELEASED)),
        ),
        // What watches it.
        drift(
            Incident::new(
                "feature-drift",
                "A feature moves far from its baseline; nothing was released.",
            )
            .minutes(60)
            .effects(vec![Effect::new(What::Drift(1.2)).feature(feature)])
            .expects(model, drift_page, &[("feature", feature)], None),
        ),
        drift(
            Incident::new(
                "baseline-wrong",
                "The wrong baseline is published: everything drifts at once.",
            )
            .minutes(60)
            .releases(vec![Release::new(ReleaseKind::Baseline, BASELINE, 0.0)])
            .effects(vec![Effect::new(What::WrongBaseline(1.5))])
            .expects(model, drift_page, &[], Some(BASELINE)),
        ),
        drift(
            Incident::new("drift-job-stuck", "The drift job hangs.")
                .minutes(75)
                .effects(vec![Effect::new(What::DriftStuck).models(Models::All)])
                .expects(model, Ticket, &[], None),
        ),
        drift(
            Incident::new("drift-job-fails", "Every run of the drift job fails.")
                .minutes(60)
                .effects(vec![Effect::new(What::DriftFails).models(Models::All)])
                .expects(model, Ticket, &[], None),
        ),
        drift(
            Incident::new("drift-exporter-down", "The exporter of the drift job stops answering.")
                .effects(vec![Effect::new(What::DriftDown)])
                .expects(model, Ticket, &[], None),
        ),
        Ok(
            Incident::new("log-drops", "The prediction log drops three records in ten.")
                .minutes(45)
                .effects(vec![Effect::new(What::LogDrops(0.3)).models(Models::All)])
                .expects(serving, Ticket, &[], None),
        ),
        // Decoys: something else was released, too.
        two_models(
            Incident::new(
                "dependency-down-decoy",
                "Half of all requests of every model fail; another model was released three minutes before.",
            )
            .releases(vec![neighbours_version(scene, -3.0)])
            .effects(vec![Effect::new(What::Errors(0.5)).models(Models::All)])
            .expects(serving, Page, &[], None),
        ),
        Ok(Incident::new(
            "canary-errors-decoy",
            "A canary fails three times in ten; the feature pipeline was released a minute later.",
        )
        .releases([version(0.1), vec![Release::new(ReleaseKind::Pipeline, PIPELINE, 1.0)]].concat())
        .effects(of_canary(Effect::new(What::Errors(0.3))))
        .expects(serving, Page, &canary, Some(RELEASED))),
        Ok(Incident::new(
            "feature-missing-decoy",
            "A pipeline loses a feature in four rows in ten; a healthy canary began an hour before.",
        )
        .releases(vec![
            Release::new(ReleaseKind::Version(0.2), RELEASED, -60.0),
            Release::new(ReleaseKind::Pipeline, PIPELINE, 0.0),
        ])
        .effects(vec![Effect::new(What::Missing(0.4)).feature(feature)])
        .expects(data, Ticket, &[("feature", feature)], Some(PIPELINE))),
        // How right the model is.
        performance(
            Incident::new(
                "segment-wrong",
                "A quarter of the predictions for one value of a segment turns out to be wrong.",
            )
            .minutes(60)
            .effects(vec![Effect::new(What::Wrong(0.25)).segment(segment, "MT")])
            .expects(
                model,
                drift_page,
                &[("segment", segment), ("segment_value", "MT"), ("measure", "accuracy")],
                None,
            ),
        ),
        performance(
            Incident::new(
                "canary-wrong",
                "One of two versions is wrong in a tenth of its predictions more, as labels tell.",
            )
            .minutes(60)
            .versions(&[(SERVING, 0.8), (OLDER, 0.2)])
            .effects(vec![Effect::new(What::Wrong(0.1)).version(OLDER)])
            .expects(model, drift_page, &[("version", OLDER), ("measure", "accuracy")], None),
        ),
        performance(
            Incident::new(
                "estimate-falls",
                "Inputs move to where the model is less sure; their labels have not come yet.",
            )
            .minutes(60)
            .effects(vec![Effect::new(What::ExpectedWrong(0.06))])
            .expects(model, Ticket, &[("version", SERVING), ("measure", "accuracy")], None),
        ),
        performance(
            Incident::new(
                "outcomes-unreadable",
                "What should have the labels can't be read any more.",
            )
            .minutes(60)
            .effects(vec![Effect::new(What::OutcomesUnreadable).models(Models::All)])
            .expects(model, Ticket, &[], None),
        ),
        performance(
            Incident::new("labels-stop", "No label comes any more.")
                .minutes(90)
                .effects(vec![Effect::new(What::LabelsStop).models(Models::All)])
                .expects(model, Ticket, &[], None),
        ),
    ];
    halves(casts)
}

/// Every second incident is held out.
pub(super) fn halves(casts: Vec<Cast>) -> Vec<Cast> {
    let halves = [Half::Tuning, Half::HeldOut].into_iter().cycle();
    let casts = casts.into_iter().zip(halves);
    casts
        .map(|(cast, half)| cast.map(|incident| Incident { half, ..incident }))
        .collect()
}

/// A release of the neighbour.
pub(super) fn neighbours_version(scene: &Scene, minutes: f64) -> Release {
    let model = scene.neighbour.as_ref().map(|neighbour| neighbour.model.name.clone());
    Release {
        model,
        ..Release::new(ReleaseKind::Version(1.0), "2026-05-02", minutes)
    }
}

impl NoRoom {
    pub(super) fn new(name: &str, lacks: &'static str) -> Self {
        Self {
            name: name.to_owned(),
            lacks,
        }
    }

    pub(super) fn of(incident: &Incident, lacks: &'static str) -> Self {
        Self::new(&incident.name, lacks)
    }
}

/// Longer than this nothing about labels may take in a world of hours.
const QUICK: Duration = Duration::from_secs(3_600);
/// The hero's requests a second where an incident says nothing of it.
pub(super) const RATE: f64 = 8.0;
/// Hours of requests before the world where its traffic changes: an hour that ends may be an office that closes.
pub(super) const KNOWN_HOURS: u32 = 24;
/// Minutes after the onset where an incident says nothing of them.
const MINUTES: u32 = 30;

impl Release {
    /// Makes a release of the model that things happen to, at a time in minutes from the onset.
    #[must_use]
    pub fn new(kind: ReleaseKind, name: &str, minutes: f64) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            model: None,
            minutes,
        }
    }
}

impl Incident {
    /// Makes an incident of one's own in which nothing happens for half an hour, at eight requests a second.
    #[must_use]
    pub fn new(name: &str, about: &str) -> Self {
        Self {
            name: name.to_owned(),
            about: about.to_owned(),
            half: Half::Own,
            traffic: Traffic {
                rate: RATE,
                pattern: Pattern::Day,
            },
            versions: vec![(SERVING.to_owned(), 1.0)],
            releases: Vec::new(),
            effects: Vec::new(),
            known_hours: 0,
            minutes: MINUTES,
            night: false,
            expected: None,
        }
    }

    pub(super) fn releases(mut self, releases: Vec<Release>) -> Self {
        self.releases = releases;
        self
    }

    pub(super) fn effects(mut self, effects: Vec<Effect>) -> Self {
        self.effects = effects;
        self
    }

    pub(super) fn versions(mut self, versions: &[(&str, f64)]) -> Self {
        self.versions = versions
            .iter()
            .map(|(name, share)| ((*name).to_owned(), *share))
            .collect();
        self
    }

    pub(super) fn rate(mut self, rate: f64) -> Self {
        self.traffic.rate = rate;
        self
    }

    pub(super) fn pattern(mut self, pattern: Pattern) -> Self {
        self.traffic.pattern = pattern;
        self
    }

    fn known_hours(mut self, hours: u32) -> Self {
        self.known_hours = hours;
        self
    }

    pub(super) fn minutes(mut self, minutes: u32) -> Self {
        self.minutes = minutes;
        self
    }

    pub(super) fn at_night(mut self) -> Self {
        self.night = true;
        self
    }

    fn expects(
        mut self,
        team: &str,
        severity: Severity,
        culprits: &[(&'static str, &str)],
        change: Option<&str>,
    ) -> Self {
        self.expected = Some(Expected {
            team: team.to_owned(),
            severity,
            culprits: culprits
                .iter()
                .map(|(label, value)| (*label, (*value).to_owned()))
                .collect(),
            change: change.map(str::to_owned),
        });
        self
    }
}
