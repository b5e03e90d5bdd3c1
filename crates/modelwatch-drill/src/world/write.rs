//! From what happens to series.

use modelwatch::contract::{
    FEATURE_PIPELINE_INFO, INFERENCE_IN_FLIGHT, INFERENCE_QUEUE_DEPTH, INFERENCE_REQUESTS, LABEL_OVERFLOW,
    MODEL_FEATURES_INFO, MODEL_INFO, MODEL_REGISTERED_TIMESTAMP, Metric, PREDICTION_LOG_RECORDS, PROCESS_START_TIME,
    RUNTIME_DELAY, RUNTIME_DELAY_BUCKETS, SERVICE_INFO,
};

use super::condition::{Condition, Place, condition, reaches};
use super::counters::{Counters, Histogram, SUCCESS};
use super::drift_job::DriftJob;
use super::made::{Settings, World};
use super::moment::Moment;
use super::performance_job::PerformanceJob;
use super::random::Random;
use super::requests::{Usual, answer};
use super::series::{Labels, Recorder, with};
use super::shares::{Version, is_of, pattern, shares, standing, versions};
use crate::incident::effect::What;
use crate::incident::{Incident, Pattern, ReleaseKind, Traffic};
use crate::scene::{Actor, Scene, Targets};

/// When what was there before the world began, in seconds.
const LONG_AGO: f64 = -3.0 * 86_400.0;
/// What is known of the time before the world.
static KNOWN_BEFORE: [&str; 8] = [
    "up",
    INFERENCE_REQUESTS.name,
    MODEL_INFO.name,
    MODEL_REGISTERED_TIMESTAMP.name,
    MODEL_FEATURES_INFO.name,
    FEATURE_PIPELINE_INFO.name,
    SERVICE_INFO.name,
    PROCESS_START_TIME.name,
];
/// The share of requests that do not come by the first route.
const LATER_ROUTES: f64 = 0.35;
/// The neighbour's traffic.
const NEIGHBOUR: f64 = 4.0;
/// Between the restarts of replicas in a release of the service, in seconds.
const ROLLING: f64 = 30.0;

impl World {
    /// Makes the world of an incident. The same scene, incident and settings always make the same.
    #[must_use]
    pub fn new(scene: &Scene, incident: &Incident, settings: &Settings) -> Self {
        world(scene, incident, settings)
    }
}

fn world(scene: &Scene, incident: &Incident, settings: &Settings) -> World {
    let step = u32::try_from(scene.config.prometheus.scrape_interval.as_secs()).unwrap_or(u32::MAX);
    let step = step.max(1);
    let begins = incident.known_hours * 3600 / step * step;
    let onset = begins + settings.history * 60 / step * step;
    let end = (onset + incident.minutes * 60) / step * step;
    let mut random = Random::new(&incident.name, settings.seed);
    // What happens in the world does not depend on how long before it something is known.
    let mut before = Random::new(&format!("before {}", incident.name), settings.seed);
    let mut recorder = Recorder::default();
    let mut serving = Serving::new(scene, incident, f64::from(begins), f64::from(onset));
    let mut jobs: Vec<_> = scene
        .actors()
        .map(|actor| {
            scene
                .drift
                .as_ref()
                .and_then(|_| DriftJob::new(actor, f64::from(begins)))
        })
        .collect();
    // What is drawn for labels leaves the requests as they are.
    let mut of_labels = Random::new(&format!("labels {}", incident.name), settings.seed);
    let mut measured: Vec<_> = scene
        .actors()
        .enumerate()
        .map(|(index, actor)| {
            scene.drift.as_ref()?;
            PerformanceJob::new(actor, &standing(incident, index == 0), f64::from(begins))
        })
        .collect();
    for scrape in 0..=end / step {
        let time = f64::from(scrape * step);
        if scrape * step < begins {
            recorder.scrape(Some(&KNOWN_BEFORE));
            serving.advance_before(time, f64::from(step), &mut before);
        } else {
            recorder.scrape(None);
            serving.advance(time, f64::from(step), f64::from(end), &mut random);
        }
        serving.record(&mut recorder, time);
        if let Some(targets) = &scene.drift {
            let minutes = (time - f64::from(onset)) / 60.0;
            let down = incident
                .effects
                .iter()
                .any(|effect| effect.what == What::DriftDown && effect.strength(minutes) > 0.0);
            for instance in &targets.instances {
                let labels = || target(scene, targets, instance);
                up(&mut recorder, &labels, !down);
                for (index, (actor, (job, measured))) in
                    scene.actors().zip(jobs.iter_mut().zip(&mut measured)).enumerate()
                {
                    let moment = Moment {
                        incident,
                        actor,
                        is_hero: index == 0,
                        onset: f64::from(onset),
                        time,
                    };
                    let labels = || with(labels(), &[("model_name", &actor.model.name)]);
                    if let Some(job) = job {
                        job.advance(moment, &mut random);
                        job.record(&mut recorder, moment, &labels, !down);
                    }
                    if let Some(measured) = measured {
                        measured.advance(moment, &mut of_labels);
                        measured.record(&mut recorder, moment, &labels, !down);
                    }
                }
            }
        }
        for targets in &scene.others {
            for instance in &targets.instances {
                up(&mut recorder, &|| target(scene, targets, instance), true);
            }
        }
    }
    World {
        series: recorder.into_series(),
        step,
        begins,
        onset,
        end,
    }
}

fn up(recorder: &mut Recorder, labels: &dyn Fn() -> Labels, answers: bool) {
    recorder.take(|| ("up".to_owned(), labels()), Some(f64::from(u8::from(answers))));
}

/// The labels of a target.
fn target(scene: &Scene, targets: &Targets, instance: &str) -> Labels {
    with(
        scene.identity.clone(),
        &[
            ("job", &targets.job),
            ("service", &targets.service),
            ("instance", instance),
        ],
    )
}

/// The page of one replica at one scrape.
struct Page<'a> {
    replica: usize,
    time: f64,
    here: bool,
    labels: &'a dyn Fn() -> Labels,
}

/// The processes that serve the models.
struct Serving<'a> {
    scene: &'a Scene,
    incident: &'a Incident,
    begins: f64,
    onset: f64,
    models: Vec<Served<'a>>,
    processes: Vec<Process>,
}

/// A model with its versions.
struct Served<'a> {
    actor: &'a Actor,
    is_hero: bool,
    traffic: Traffic,
    versions: Vec<Version>,
}

/// One replica.
struct Process {
    started: f64,
    /// By model, then by version.
    counters: Vec<Vec<Counters>>,
    /// By model: written, dropped.
    log: Vec<[f64; 2]>,
    overflow: f64,
    delay: Histogram,
}

impl Process {
    fn new(models: &[Served<'_>], started: f64) -> Self {
        let counters = models
            .iter()
            .map(|served| served.versions.iter().map(|_| Counters::new(served.actor)).collect());
        Self {
            started,
            counters: counters.collect(),
            log: vec![[0.0; 2]; models.len()],
            overflow: 0.0,
            delay: Histogram::new(RUNTIME_DELAY_BUCKETS),
        }
    }
}

impl<'a> Serving<'a> {
    fn new(scene: &'a Scene, incident: &'a Incident, begins: f64, onset: f64) -> Self {
        let models: Vec<_> = scene
            .actors()
            .enumerate()
            .map(|(index, actor)| Served {
                actor,
                is_hero: index == 0,
                traffic: match index {
                    0 => incident.traffic,
                    _ => Traffic {
                        rate: NEIGHBOUR,
                        pattern: Pattern::Day,
                    },
                },
                versions: versions(incident, actor, index == 0),
            })
            .collect();
        let replicas = scene.serving.instances.iter();
        Self {
            processes: replicas.map(|_| Process::new(&models, LONG_AGO)).collect(),
            scene,
            incident,
            begins,
            onset,
            models,
        }
    }

    fn minutes(&self, time: f64) -> f64 {
        (time - self.onset) / 60.0
    }

    /// The effects of a kind at a time on a replica, each with its strength.
    fn effects(&self, time: f64, replica: usize, is_hero: Option<bool>) -> impl Iterator<Item = (What, f64)> {
        let minutes = self.minutes(time);
        self.incident
            .effects
            .iter()
            .filter(move |effect| {
                effect.scope.replica.is_none_or(|only| only == replica)
                    && is_hero.is_none_or(|is_hero| reaches(effect, is_hero))
            })
            .map(move |effect| (effect.what, effect.strength(minutes)))
            .filter(|(_, strength)| *strength > 0.0)
    }

    fn is_down(&self, time: f64, replica: usize) -> bool {
        self.effects(time, replica, None).any(|(what, _)| what == What::Down)
    }

    /// Lets everything happen between the last scrape and this one.
    fn advance(&mut self, time: f64, step: f64, ends: f64, random: &mut Random) {
        self.restart(time, step);
        let minutes = self.minutes(time);
        let up: Vec<_> = (0..self.processes.len())
            .filter(|&replica| !self.is_down(time, replica))
            .collect();
        for model in 0..self.models.len() {
            let served = &self.models[model];
            let pattern = pattern(
                served.traffic.pattern,
                minutes,
                self.minutes(self.begins),
                self.minutes(ends),
                || random.factor(1.0),
            );
            let factor: f64 = self
                .effects(time, usize::MAX, Some(served.is_hero))
                .map(|(what, strength)| match what {
                    What::Traffic(factor) => 1.0 + (factor - 1.0) * strength,
                    _ => 1.0,
                })
                .product();
            let requests = random.count(served.traffic.rate * pattern * factor * step);
            self.answer(model, requests as u64, &up, minutes, random);
        }
        for replica in 0..self.processes.len() {
            let mut overflow = 0.0;
            let mut late = 0.001;
            for (what, strength) in self.effects(time, replica, None) {
                match what {
                    What::Overflow(values) => overflow += values * step / 60.0 * strength,
                    What::RuntimeLate(seconds) => late += seconds * strength,
                    _ => {}
                }
            }
            let process = &mut self.processes[replica];
            process.overflow += overflow.round();
            // The probe of the runtime sleeps for a second at a time.
            for _ in 0..step as u64 {
                let observed = late * random.wait();
                process.delay.observe(observed);
            }
        }
    }

    /// Counts requests of the time before the world: each answered, by whichever replica.
    fn advance_before(&mut self, time: f64, step: f64, random: &mut Random) {
        let minutes = self.minutes(time);
        let begins = self.minutes(self.begins);
        let replicas = self.processes.len() as f64;
        for (model, served) in self.models.iter().enumerate() {
            let traffic = served.traffic;
            let pattern = pattern(traffic.pattern, minutes, begins, f64::INFINITY, || random.factor(1.0));
            let routes = served.actor.routes.len();
            let shares = shares(self.incident, served.actor, served.is_hero, &served.versions, minutes);
            for process in &mut self.processes {
                for (counters, share) in process.counters[model].iter_mut().zip(&shares) {
                    for (route, requests) in counters.requests.iter_mut().enumerate() {
                        let of_route = match (route, routes) {
                            (_, 1) => 1.0,
                            (0, _) => 1.0 - LATER_ROUTES,
                            _ => LATER_ROUTES / (routes - 1) as f64,
                        };
                        let rate = traffic.rate * pattern * share * of_route / replicas;
                        requests[SUCCESS] += random.count(rate * step);
                    }
                }
            }
        }
    }

    /// Restarts processes: those that crash, and all of them one after the other where the service is released.
    fn restart(&mut self, time: f64, step: f64) {
        for replica in 0..self.processes.len() {
            let crashes = self.effects(time, replica, None).any(|(what, _)| match what {
                What::Restarts(minutes) => (time - self.onset).rem_euclid(minutes * 60.0) < step,
                _ => false,
            });
            let released = self.incident.releases.iter().any(|release| {
                let at = self.onset + release.minutes * 60.0 + ROLLING * replica as f64;
                release.kind == ReleaseKind::Service && at <= time && time < at + step
            });
            let returns = time > 0.0 && self.is_down(time - step, replica) && !self.is_down(time, replica);
            if crashes || released || returns {
                self.processes[replica] = Process::new(&self.models, time);
            }
        }
    }

    /// Answers so many requests of a model with the replicas that are up.
    fn answer(&mut self, model: usize, requests: u64, up: &[usize], minutes: f64, random: &mut Random) {
        let served = &self.models[model];
        let routes = &served.actor.routes;
        let usual = Usual {
            // A third of what the objective allows.
            errors: (1.0 - served.actor.model.availability_objective) / 3.0,
            client_errors: 0.01,
            latency: served.actor.model.latency_p95.as_secs_f64() / 4.0,
        };
        let shares = shares(self.incident, served.actor, served.is_hero, &served.versions, minutes);
        let mut conditions = Vec::new();
        for version in &served.versions {
            for replica in 0..self.processes.len() {
                for route in routes {
                    let place = Place {
                        is_hero: served.is_hero,
                        version: &version.name,
                        route,
                        replica,
                        minutes,
                    };
                    let condition = condition(self.incident, &served.actor.features, place);
                    conditions.push((scattered(usual, &condition, random), condition));
                }
            }
        }
        for _ in 0..requests {
            let version = chosen(&shares, random);
            let Some(&replica) = up.get((random.share() * up.len() as f64) as usize % up.len().max(1)) else {
                // Nobody is there to count it.
                continue;
            };
            // Most requests come by the first route.
            let route = if random.happens(LATER_ROUTES) {
                later_route(routes.len(), random)
            } else {
                0
            };
            let index = (version * self.processes.len() + replica) * routes.len() + route;
            let (usual, condition) = &conditions[index];
            let process = &mut self.processes[replica];
            answer(&mut process.counters[model][version], route, usual, condition, random);
            let dropped = self.incident.effects.iter().find_map(|effect| match effect.what {
                What::LogDrops(share) if reaches(effect, served.is_hero) => Some(share * effect.strength(minutes)),
                _ => None,
            });
            let result = usize::from(random.happens(dropped.unwrap_or_default()));
            process.log[model][result] += 1.0;
        }
    }

    /// Writes what each replica shows.
    fn record(&self, recorder: &mut Recorder, time: f64) {
        let serving = &self.scene.serving;
        for (replica, (instance, process)) in serving.instances.iter().zip(&self.processes).enumerate() {
            let here = !self.is_down(time, replica);
            let labels = || target(self.scene, serving, instance);
            let value = |value: f64| here.then_some(value);
            let series = |metric: &Metric, more: &[(&str, &str)]| (metric.name.to_owned(), with(labels(), more));
            up(recorder, &labels, here);
            recorder.take(|| series(&PROCESS_START_TIME, &[]), value(process.started));
            for (build, is_there) in self.builds(replica, time) {
                let of = [("service_version", build)];
                recorder.take(|| series(&SERVICE_INFO, &of), (here && is_there).then_some(1.0));
            }
            let overflow = [("label", "class")];
            recorder.take(|| series(&LABEL_OVERFLOW, &overflow), value(process.overflow));
            process.delay.record(recorder, &RUNTIME_DELAY, &labels, here);
            for (index, served) in self.models.iter().enumerate() {
                let labels = || with(labels(), &[("model_name", &served.actor.model.name)]);
                let page = Page {
                    replica,
                    time,
                    here,
                    labels: &labels,
                };
                self.record_model(recorder, &page, index, served);
                self.record_facts(recorder, &page, served);
                let counters = process.counters.get(index);
                for (version, counters) in served.versions.iter().zip(counters.into_iter().flatten()) {
                    let labels = || with(labels(), &[("model_version", &version.name)]);
                    counters.record(recorder, served.actor, &labels, here && self.has_begun(version, time));
                }
            }
        }
    }

    fn has_begun(&self, version: &Version, time: f64) -> bool {
        version.since.is_none_or(|since| since <= self.minutes(time))
    }

    /// Writes what is measured of a model as a whole.
    fn record_model(&self, recorder: &mut Recorder, page: &Page<'_>, index: usize, served: &Served<'_>) {
        let value = |value: f64| page.here.then_some(value);
        let series = |metric: &Metric, more: &[(&str, &str)]| (metric.name.to_owned(), with((page.labels)(), more));
        let mut queue = 0.0;
        let mut in_flight = 2.0;
        for (what, strength) in self.effects(page.time, page.replica, Some(served.is_hero)) {
            match what {
                What::Queue(requests) => queue += requests * strength,
                What::InFlight(requests) => in_flight += requests * strength,
                _ => {}
            }
        }
        recorder.take(|| series(&INFERENCE_QUEUE_DEPTH, &[]), value(queue));
        for version in &served.versions {
            let of = [("model_version", version.name.as_str())];
            let flying = (page.here && self.has_begun(version, page.time)).then_some(in_flight);
            recorder.take(|| series(&INFERENCE_IN_FLIGHT, &of), flying);
        }
        let log = self.processes[page.replica].log[index];
        for (result, records) in ["written", "dropped"].into_iter().zip(log) {
            let of = [("result", result)];
            recorder.take(|| series(&PREDICTION_LOG_RECORDS, &of), value(records));
        }
    }

    /// Writes what says which releases are there.
    fn record_facts(&self, recorder: &mut Recorder, page: &Page<'_>, served: &Served<'_>) {
        let series = |metric: &Metric, more: &[(&str, &str)]| (metric.name.to_owned(), with((page.labels)(), more));
        for version in &served.versions {
            let here = page.here && self.has_begun(version, page.time);
            let name = ("model_version", version.name.as_str());
            let fact = |value: f64| here.then_some(value);
            recorder.take(|| series(&MODEL_INFO, &[name, ("framework", "xgboost")]), fact(1.0));
            let registered = version.since.map_or(LONG_AGO, |since| self.onset + since * 60.0);
            // A process that restarts registers what it serves anew.
            let registered = registered.max(self.processes[page.replica].started);
            recorder.take(|| series(&MODEL_REGISTERED_TIMESTAMP, &[name]), fact(registered));
            let digest = ("features_digest", "5f1d7a84e98bd2c5");
            recorder.take(|| series(&MODEL_FEATURES_INFO, &[name, digest]), fact(1.0));
        }
        let minutes = self.minutes(page.time);
        let pipelines =
            self.incident.releases.iter().filter(|release| {
                release.kind == ReleaseKind::Pipeline && is_of(release, served.actor, served.is_hero)
            });
        let mut used = "pipeline-1";
        let mut names = vec![used];
        for release in pipelines {
            names.push(&release.name);
            if release.minutes <= minutes {
                used = &release.name;
            }
        }
        for name in names {
            let here = page.here && name == used;
            recorder.take(
                || series(&FEATURE_PIPELINE_INFO, &[("pipeline_version", name)]),
                here.then_some(1.0),
            );
        }
    }

    /// The service's builds, each with whether the replica runs it.
    fn builds(&self, replica: usize, time: f64) -> Vec<(&str, bool)> {
        let mut builds = vec![("1.4.0", true)];
        for release in self
            .incident
            .releases
            .iter()
            .filter(|release| release.kind == ReleaseKind::Service)
        {
            let at = self.onset + release.minutes * 60.0 + ROLLING * replica as f64;
            if at <= time {
                builds.iter_mut().for_each(|(_, is_there)| *is_there = false);
            }
            builds.push((&release.name, at <= time));
        }
        builds
    }
}

/// One of the routes after the first, where there are some.
fn later_route(routes: usize, random: &mut Random) -> usize {
    match routes {
        0 | 1 => 0,
        _ => 1 + (random.share() * (routes - 1) as f64) as usize % (routes - 1),
    }
}

/// Chance's choice among shares that add up to 1.
fn chosen(shares: &[f64], random: &mut Random) -> usize {
    let mut left = random.share();
    for (index, share) in shares.iter().enumerate() {
        left -= share;
        if left <= 0.0 {
            return index;
        }
    }
    shares.len().saturating_sub(1)
}

/// What is usual at a scrape where that scatters.
fn scattered(usual: Usual, condition: &Condition, random: &mut Random) -> Usual {
    let mut usual = usual;
    if let Some(shape) = condition.errors_scatter {
        usual.errors *= 3.0 * random.factor(shape);
    }
    if let Some(share) = condition.client_errors_scatter {
        usual.client_errors = share * random.factor(2.0);
    }
    usual
}
