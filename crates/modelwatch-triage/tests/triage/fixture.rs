//! A made-up model, and a source that knows its series by heart.

use std::collections::BTreeMap;

use modelwatch_config::Config;
use modelwatch_testkit::World;
use modelwatch_triage::source::{Question, Reading, Row, Source, SourceError};
use modelwatch_triage::triage::{Report, Subject, triage};
use rand_distr::{Distribution as _, Poisson};
use rand_pcg::Pcg64Mcg;

pub(crate) const START: i64 = 1_780_272_000;
pub(crate) const MINUTES: usize = 200;
/// The minute of the incident.
pub(crate) const ONSET: usize = 170;
pub(crate) const MODEL: &str = "claims-risk";

/// When a minute begins.
pub(crate) fn at(minute: usize) -> i64 {
    START + 60 * minute as i64
}

pub(crate) struct MadeSource {
    pub(crate) world: World,
    /// Metrics about which it says that it can't tell.
    pub(crate) refused: Vec<&'static str>,
}

impl Source for MadeSource {
    fn ask(&self, question: &Question) -> Result<Vec<Row>, SourceError> {
        if self.refused.iter().any(|metric| question.metric.starts_with(metric)) {
            return Err(SourceError::Refused("query timed out".to_owned()));
        }
        let mut rows: BTreeMap<BTreeMap<String, String>, Vec<Option<f64>>> = BTreeMap::new();
        for series in self.world.series() {
            let label = |name: &String| series.labels.get(name).cloned().unwrap_or_default();
            let wanted = series.name == question.metric
                && question.only.iter().all(|(name, values)| values.contains(&label(name)));
            if !wanted {
                continue;
            }
            let labels = question.by.iter().map(|name| (name.clone(), label(name)));
            let labels = labels.filter(|(_, value)| !value.is_empty()).collect();
            let values = rows.entry(labels).or_insert_with(|| vec![None; question.grid.steps]);
            for (step, value) in values.iter_mut().enumerate() {
                let minute = |time: i64| usize::try_from((time - START) / 60).unwrap_or_default().min(MINUTES);
                let (from, to) = (
                    minute(question.grid.begins(step)),
                    minute(question.grid.begins(step + 1)),
                );
                match question.reading {
                    Reading::Increase => {
                        let known: Vec<_> = series.minutes[from..to].iter().flatten().collect();
                        if !known.is_empty() {
                            *value = Some(value.unwrap_or_default() + known.into_iter().sum::<f64>());
                        }
                    }
                    Reading::Highest => {
                        let last = to.checked_sub(1).and_then(|last| series.minutes[last]);
                        *value = match (*value, last) {
                            (Some(one), Some(other)) => Some(one.max(other)),
                            (one, other) => one.or(other),
                        };
                    }
                }
            }
        }
        let rows = rows
            .into_iter()
            .filter(|(_, values)| values.iter().any(Option::is_some));
        Ok(rows.map(|(labels, values)| Row { labels, values }).collect())
    }
}

/// What the model's requests are made of.
pub(crate) struct Incident {
    pub(crate) world: World,
    random: Pcg64Mcg,
}

pub(crate) const ROUTES: [&str; 2] = ["predict", "batch"];
pub(crate) const REPLICAS: [&str; 3] = ["10.0.0.1:8000", "10.0.0.2:8000", "10.0.0.3:8000"];

impl Incident {
    pub(crate) fn new(seed: u64) -> Self {
        let mut world = World::new(START, MINUTES);
        for replica in REPLICAS {
            world.gauge("up", &[("job", "model-inference"), ("instance", replica)], |_| {
                Some(1.0)
            });
        }
        Self {
            world,
            random: Pcg64Mcg::new(u128::from(seed)),
        }
    }

    fn draw(&mut self, mean: f64) -> f64 {
        Poisson::new(mean).map_or(0.0, |poisson| poisson.sample(&mut self.random))
    }

    /// Requests a minute of a model's version over all its routes and replicas, and the share of errors by route, replica and
    /// minute.
    pub(crate) fn requests(
        &mut self,
        model: &str,
        version: &str,
        requests: impl Fn(usize) -> Option<f64>,
        errors: impl Fn(&str, &str, usize) -> f64,
    ) {
        for route in ROUTES {
            for replica in REPLICAS {
                let mut drawn = [Vec::new(), Vec::new()];
                for minute in 0..MINUTES {
                    let Some(requests) = requests(minute) else {
                        drawn.iter_mut().for_each(|drawn| drawn.push(None));
                        continue;
                    };
                    let requests = self.draw(requests / 6.0);
                    let failed = self.draw(requests * errors(route, replica, minute)).min(requests);
                    drawn[0].push(Some(requests - failed));
                    drawn[1].push(Some(failed));
                }
                for (status, drawn) in ["success", "error"].into_iter().zip(drawn) {
                    let labels = [
                        ("model_name", model),
                        ("model_version", version),
                        ("route", route),
                        ("status", status),
                        ("instance", replica),
                        ("job", "model-inference"),
                    ];
                    self.world
                        .counter("ml_inference_requests_total", &labels, |minute| drawn[minute]);
                }
            }
        }
    }

    /// A gauge that is 1 from a minute on.
    pub(crate) fn info(&mut self, metric: &str, label: &str, value: &str, from: usize) {
        let labels = [("model_name", MODEL), (label, value), ("job", "model-inference")];
        self.world
            .gauge(metric, &labels, |minute| (minute >= from).then_some(1.0));
    }

    /// The versions the model has, each with the minute it began.
    pub(crate) fn versions(&mut self, versions: &[(&str, usize)]) {
        for &(version, from) in versions {
            self.info("ml_model_info", "model_version", version, from);
        }
    }

    /// Observations of a feature a minute, and the share that is missing.
    pub(crate) fn feature(&mut self, feature: &str, missing: impl Fn(usize) -> f64) {
        let labels = [
            ("model_name", MODEL),
            ("feature_name", feature),
            ("instance", REPLICAS[0]),
        ];
        let drawn: Vec<_> = (0..MINUTES).map(|minute| self.draw(600.0 * missing(minute))).collect();
        self.world
            .counter("ml_feature_observations_total", &labels, |_| Some(600.0));
        self.world
            .counter("ml_feature_missing_total", &labels, |minute| Some(drawn[minute]));
    }

    pub(crate) fn triaged(self) -> Report {
        self.asked(None, &[])
    }

    pub(crate) fn asked(self, alert: Option<&str>, refused: &[&'static str]) -> Report {
        let source = MadeSource {
            world: self.world,
            refused: refused.to_vec(),
        };
        let mut subject = Subject::model(MODEL, at(MINUTES));
        subject.alert = alert.map(str::to_owned);
        triage(&source, None, &config(), &subject).unwrap()
    }
}

pub(crate) fn config() -> Config {
    let text = r##"
        environment = "production"
        [links]
        grafana = "https://grafana.example.com"
        runbooks = "https://runbooks.example.com"
        prometheus = "https://prometheus.example.com"
        [[prometheus.jobs]]
        job = "model-inference"
        plane = "inference"
        targets = ["model-api:8000"]
        [teams.platform]
        slack = { channel = "#platform", api_url_file = "/slack" }
        [teams.ml]
        slack = { channel = "#ml", api_url_file = "/slack" }
        [teams.data]
        slack = { channel = "#data", api_url_file = "/slack" }
        [owners]
        serving = "platform"
        model = "ml"
        data = "data"
        [[models]]
        name = "claims-risk"
        routes = ["predict", "batch"]
        rollback = "kubectl rollout undo deployment/claims-risk"
        deploy_url = "https://ci.example.com/claims-risk?tab=releases"
    "##;
    Config::parse("modelwatch.toml", text).unwrap()
}
