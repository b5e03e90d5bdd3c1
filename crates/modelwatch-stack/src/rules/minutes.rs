//! promtool tests of how soon incidents fire, and of cases that must not fire: bursts that hit every version, errors that come in
//! heaps, a good version next to a burst.
//!
//! Each quiet story ends with trouble that fires, so that none is quiet only because nothing watches.

use std::time::Duration;

use modelwatch::contract;
use modelwatch_config::{Config, Model, Rollout};

use super::case::{Test, TestFile, firing};
use super::evidence::slower;
use super::story::Series;
use super::text::tidy;
use crate::error::GenerateError;
use crate::file::File;
use crate::known::{self, KnownAlert};
use crate::promql::Selector;
use crate::yaml;

/// The interval between samples, and between evaluations.
const STEP: Duration = Duration::from_secs(30);
/// Steps in a minute.
const MINUTE: usize = 2;
/// The error share of a healthy model.
const HEALTHY: f64 = 0.0005;
const CANARY: f64 = 0.05;

/// The share of requests that fail, the share that are slow, and for how many steps.
type Phase = (f64, f64, usize);

/// A version's part of the story: its share of the traffic between two steps.
struct Version<'a> {
    name: &'a str,
    traffic: f64,
    from: usize,
    until: usize,
    phases: Vec<Phase>,
}

struct World<'a> {
    config: &'a Config,
    model: &'a Model,
    /// The model's requests per step.
    all: f64,
}

pub(super) fn files(config: &Config, model: &Model, groups: &[String]) -> Result<Vec<File>, GenerateError> {
    let thresholds = &model.thresholds;
    // With thresholds so high that half of one is no trouble, the stories would be different. When a minute and a half holds
    // fewer than four scrapes, the window of the current counts is longer, and everything fires later.
    if thresholds.error_ratio > 0.1 || thresholds.canary_error_ratio > 0.1 || slower(config) > 0 {
        return Ok(Vec::new());
    }
    let least = thresholds.minimum_errors as f64 / thresholds.error_ratio;
    let world = World {
        config,
        model,
        all: (20.0 * least).max(1500.0),
    };
    let mut tests = vec![world.steady()?, world.burst()?, world.heaps()?, world.slow()?];
    if config.rollout >= Rollout::ReleaseAware {
        tests.extend([world.canary()?, world.fine_canary()?, world.rollout()?]);
    }
    if config.rollout >= Rollout::ModelAware && thresholds.score_shift <= 0.5 {
        tests.extend([
            world.answers("one answer for everything", 1.0)?,
            world.answers("two heaps", 0.5)?,
        ]);
    }
    if config.rollout >= Rollout::ModelAware && thresholds.outcome_shift.max(thresholds.class_shift) <= 0.5 {
        tests.push(world.successor()?);
    }
    Ok(vec![yaml::file(
        "prometheus/tests/minutes-to-alert.yml",
        &TestFile::new(STEP, groups, tests),
    )?])
}

fn at(steps: usize) -> Duration {
    STEP * u32::try_from(steps).unwrap_or(u32::MAX)
}

fn steps(phases: &[Phase]) -> usize {
    phases.iter().map(|(.., steps)| steps).sum()
}

impl World<'_> {
    fn version<'v>(&self, name: &'v str, traffic: f64, phases: &[Phase]) -> Version<'v> {
        Version {
            name,
            traffic,
            from: 0,
            until: steps(phases),
            phases: phases.to_vec(),
        }
    }

    fn series(&self, version: &Version<'_>) -> Vec<Series> {
        let model = self.model.name.as_str();
        let labels = |extra: &[(&'static str, String)]| -> Vec<(&'static str, String)> {
            let own = [
                ("model_name", model.to_owned()),
                ("model_version", version.name.to_owned()),
                ("route", "/predict".to_owned()),
            ];
            own.into_iter().chain(extra.iter().cloned()).collect()
        };
        let counter = |name: &str, extra: &[(&'static str, String)], of: &dyn Fn(&Phase) -> f64| {
            let labels = labels(extra);
            let labels: Vec<_> = labels.iter().map(|(label, value)| (*label, value.as_str())).collect();
            let mut ramps = Vec::new();
            let mut total = 0.0;
            if version.from > 0 {
                ramps.push((f64::NAN, 0.0, version.from));
            }
            let mut left = version.until - version.from;
            for phase in &version.phases {
                let steps = phase.2.min(left);
                left -= steps;
                let growth = of(phase) * version.traffic * self.all;
                if steps > 0 {
                    ramps.push((total, growth, steps));
                }
                total += growth * steps as f64;
            }
            Series::ramps(name, &labels, &ramps)
        };
        let requests = contract::INFERENCE_REQUESTS.name;
        let status = |status: &str| [("status", status.to_owned())];
        let latency = contract::INFERENCE_LATENCY.name;
        let le = |edge: String| [("le", edge)];
        let edge = tidy(self.model.latency_p95.as_secs_f64()).to_string();
        let info: Vec<_> = labels(&[]);
        let info: Vec<_> = info.iter().map(|(label, value)| (*label, value.as_str())).collect();
        let mut there = vec![(1.0, version.until - version.from)];
        if version.from > 0 {
            there.insert(0, (f64::NAN, version.from));
        }
        let until = version.until;
        let bucket = format!("{latency}_bucket");
        let mut series = vec![
            counter(requests, &status("error"), &|phase| phase.0),
            counter(requests, &status("success"), &|phase| 1.0 - phase.0),
            counter(&format!("{latency}_count"), &[], &|_| 1.0),
            counter(&bucket, &le(edge), &|phase| 1.0 - phase.1),
            counter(&bucket, &le("+Inf".to_owned()), &|_| 1.0),
            Series::gauge(contract::MODEL_INFO.name, &info[..2], &there),
        ];
        // Besides the environment where it breaks, another one stays healthy throughout.
        let rate = version.traffic * self.all;
        let well = |share: f64| [(0.0, tidy(share * rate), until)];
        for (series, share) in series.iter_mut().zip([HEALTHY, 1.0 - HEALTHY, 1.0, 1.0 - HEALTHY, 1.0]) {
            *series = series.clone().elsewhere(&well(share));
        }
        if let Some(info) = series.last_mut() {
            *info = info.clone().elsewhere(&[(1.0, 0.0, until)]);
        }
        series
    }

    fn test(&self, name: &str, versions: &[Version<'_>]) -> Test {
        let mut series: Vec<_> = versions.iter().flat_map(|version| self.series(version)).collect();
        let until = versions.iter().map(|version| version.until).max().unwrap_or_default();
        let target = [("job", self.model.job.as_str()), ("instance", "a"), ("service", "api")];
        series.push(Series::gauge("up", &target, &[(1.0, until)]));
        Test::new(self.config, name, STEP, &series)
    }

    /// The alerts by evidence. In a service watched for only an hour, less is enough to burn the budget.
    fn by_evidence(&self) -> Selector {
        let alerts = [
            &known::HIGH_ERROR_RATE,
            &known::HIGH_LATENCY,
            &known::CANARY_ERRORS,
            &known::CANARY_LATENCY,
        ];
        firing([("model_name", self.model.name.as_str())]).one_of("alertname", alerts.map(|alert| alert.name))
    }

    /// Asserts that this alert fires for exactly these versions.
    fn told(&self, test: &mut Test, step: usize, alert: &KnownAlert, versions: &[&str]) -> Result<(), GenerateError> {
        let known = firing([("alertname", alert.name), ("model_name", self.model.name.as_str())]);
        test.counts(at(step), &known, versions.len())?;
        for version in versions {
            test.counts(at(step), &known.clone().eq("model_version", version), 1)?;
        }
        Ok(())
    }

    /// From minute 20 on, twice the threshold fails: fires within five and a half minutes, and not before three.
    fn steady(&self) -> Result<Test, GenerateError> {
        let share = 2.0 * self.model.thresholds.error_ratio;
        let calm = 20 * MINUTE;
        let version = self.version("v1", 1.0, &[(HEALTHY, 0.0, calm), (share, 0.0, 8 * MINUTE)]);
        let mut test = self.test(
            "errors of twice the threshold are told within five and a half minutes",
            &[version],
        );
        self.told(&mut test, calm + 3 * MINUTE, &known::HIGH_ERROR_RATE, &[])?;
        self.told(&mut test, calm + 5 * MINUTE + 1, &known::HIGH_ERROR_RATE, &["v1"])?;
        Ok(test)
    }

    /// A fifth of the requests of every version fail for three minutes, and nothing pages. Later they fail for good.
    fn burst(&self) -> Result<Test, GenerateError> {
        let phases = [
            (HEALTHY, 0.0, 15 * MINUTE),
            (0.2, 0.0, 3 * MINUTE),
            (HEALTHY, 0.0, 20 * MINUTE),
            (0.2, 0.0, 8 * MINUTE),
        ];
        let versions = [
            self.version("v1", 1.0 - CANARY, &phases),
            self.version("v2", CANARY, &phases),
        ];
        let mut test = self.test(
            "a burst of three minutes wakes nobody, and one that goes on does",
            &versions,
        );
        let ends = 38 * MINUTE;
        test.never(at(ends), &self.by_evidence(), at(ends))?;
        self.told(&mut test, ends + 5 * MINUTE + 1, &known::HIGH_ERROR_RATE, &["v1", "v2"])?;
        self.told(&mut test, ends + 5 * MINUTE + 1, &known::CANARY_ERRORS, &[])?;
        Ok(test)
    }

    /// Every ten minutes, a heap of errors of twice the threshold for a minute: nothing pages, and later trouble still fires.
    fn heaps(&self) -> Result<Test, GenerateError> {
        let heap = 2.0 * self.model.thresholds.error_ratio;
        let mut phases = vec![(HEALTHY, 0.0, 10 * MINUTE)];
        for _ in 0..5 {
            phases.extend([(heap, 0.0, MINUTE), (HEALTHY, 0.0, 9 * MINUTE)]);
        }
        let ends = steps(&phases);
        phases.push((0.3, 0.0, 8 * MINUTE));
        let mut test = self.test(
            "errors that come in heaps wake nobody, and trouble beside them does",
            &[self.version("v1", 1.0, &phases)],
        );
        test.never(at(ends), &self.by_evidence(), at(ends))?;
        self.told(&mut test, ends + 5 * MINUTE + 1, &known::HIGH_ERROR_RATE, &["v1"])?;
        Ok(test)
    }

    /// A fifth is slow for three minutes, and later for good.
    fn slow(&self) -> Result<Test, GenerateError> {
        let phases = [
            (HEALTHY, 0.01, 15 * MINUTE),
            (HEALTHY, 0.2, 3 * MINUTE),
            (HEALTHY, 0.01, 20 * MINUTE),
            (HEALTHY, 0.2, 8 * MINUTE),
        ];
        let mut test = self.test(
            "requests that are slow for three minutes wake nobody, and for longer they do",
            &[self.version("v1", 1.0, &phases)],
        );
        let ends = 38 * MINUTE;
        test.never(at(ends), &self.by_evidence(), at(ends))?;
        self.told(&mut test, ends + 5 * MINUTE + 1, &known::HIGH_LATENCY, &["v1"])?;
        Ok(test)
    }

    /// A version with a twentieth of the traffic fails a tenth of its requests, and a quarter is slow.
    fn canary(&self) -> Result<Test, GenerateError> {
        let (calm, ends) = (20 * MINUTE, 30 * MINUTE);
        let canary = Version {
            name: "v2",
            traffic: CANARY,
            from: calm,
            until: ends,
            phases: vec![(0.1, 0.25, ends - calm)],
        };
        let stable = self.version("v1", 1.0 - CANARY, &[(HEALTHY, 0.01, ends)]);
        let mut test = self.test(
            "a version that is worse than the others is told within three minutes",
            &[stable, canary],
        );
        test.never(at(calm), &self.by_evidence(), at(calm))?;
        for alert in [&known::CANARY_ERRORS, &known::CANARY_LATENCY] {
            self.told(&mut test, calm + 3 * MINUTE, alert, &["v2"])?;
        }
        self.told(&mut test, ends - 1, &known::HIGH_ERROR_RATE, &["v2"])?;
        Ok(test)
    }

    /// A new version is as good as the others, and a minute later a burst hits them all.
    fn fine_canary(&self) -> Result<Test, GenerateError> {
        let (calm, burst, ends) = (20 * MINUTE, 3 * MINUTE, 40 * MINUTE);
        let after = ends - calm - MINUTE - burst;
        let canary = Version {
            name: "v2",
            traffic: CANARY,
            from: calm,
            until: ends + 10 * MINUTE,
            phases: vec![
                (HEALTHY, 0.0, MINUTE),
                (0.2, 0.0, burst),
                (HEALTHY, 0.0, after),
                (0.2, 0.0, 10 * MINUTE),
            ],
        };
        let stable = self.version(
            "v1",
            1.0 - CANARY,
            &[
                (HEALTHY, 0.0, calm + MINUTE),
                (0.2, 0.0, burst),
                (HEALTHY, 0.0, after + 10 * MINUTE),
            ],
        );
        let mut test = self.test(
            "a fine version beside a burst is not accused, and a bad one is",
            &[stable, canary],
        );
        test.never(at(ends), &self.by_evidence(), at(ends))?;
        self.told(&mut test, ends + 3 * MINUTE, &known::CANARY_ERRORS, &["v2"])?;
        Ok(test)
    }

    /// A version takes over all traffic and fails a tenth of it. There are no others to compare it with.
    fn rollout(&self) -> Result<Test, GenerateError> {
        let (calm, ends) = (20 * MINUTE, 30 * MINUTE);
        let old = Version {
            until: calm,
            ..self.version("v1", 1.0, &[(HEALTHY, 0.0, calm)])
        };
        let new = Version {
            name: "v2",
            traffic: 1.0,
            from: calm,
            until: ends,
            phases: vec![(0.1, 0.0, ends - calm)],
        };
        let mut test = self.test(
            "a version that takes over and fails is told within three minutes",
            &[old, new],
        );
        test.never(at(calm), &self.by_evidence(), at(calm))?;
        self.told(&mut test, calm + 3 * MINUTE, &known::HIGH_ERROR_RATE, &["v2"])?;
        Ok(test)
    }

    /// Scores are spread evenly for 75 minutes. Then this share of them is the lowest, and the rest the highest.
    fn answers(&self, name: &str, lowest: f64) -> Result<Test, GenerateError> {
        let (calm, ends) = (75 * MINUTE, 90 * MINUTE);
        // So many that chance does not move a share.
        let all = 1e4 * self.model.thresholds.minimum_predictions as f64;
        let model = [("model_name", self.model.name.as_str()), ("model_version", "v1")];
        let scores = contract::PREDICTION_SCORE.name;
        let mut series = vec![Series::counter(&format!("{scores}_count"), &model, &[(all, ends)])];
        for (edge, evenly) in [
            ("0", 0.0),
            ("0.2", 0.2),
            ("0.5", 0.5),
            ("0.8", 0.8),
            ("1", 1.0),
            ("+Inf", 1.0),
        ] {
            let heaps = match edge {
                "0" => 0.0,
                "1" | "+Inf" => 1.0,
                _ => lowest,
            };
            let labels = [model[0], model[1], ("le", edge)];
            let phases = [(evenly * all, calm), (heaps * all, ends - calm)];
            series.push(Series::counter(&format!("{scores}_bucket"), &labels, &phases));
        }
        let mut test = Test::new(
            self.config,
            format!("{name}, about an old median or not, is told within ten minutes"),
            STEP,
            &series,
        );
        self.told(&mut test, calm, &known::SCORE_SHIFT, &[])?;
        self.told(&mut test, calm + 10 * MINUTE, &known::SCORE_SHIFT, &["v1"])?;
        Ok(test)
    }

    /// All answers and outcomes are good. Then another version takes over the requests, and all are bad. There is no other
    /// version to compare it with, and the one that went is not to blame.
    fn successor(&self) -> Result<Test, GenerateError> {
        let (calm, ends) = (75 * MINUTE, 90 * MINUTE);
        let all = 1e4 * self.model.thresholds.minimum_predictions as f64;
        let model = self.model.name.as_str();
        let later = |from: f64, growth: f64| [(f64::NAN, 0.0, calm), (from, growth, ends - calm)];
        let never = (f64::NAN, 0.0, ends);
        let there = |version: &str, ramps: &[(f64, f64, usize)], well: (f64, f64, usize)| {
            let labels = [("model_name", model), ("model_version", version)];
            Series::ramps(contract::MODEL_INFO.name, &labels, ramps).elsewhere(&[well])
        };
        let mut series = vec![
            there("v1", &[(1.0, 0.0, calm)], (1.0, 0.0, ends)),
            there("v2", &later(1.0, 0.0), never),
        ];
        let shares = [
            (&contract::PREDICTION_CLASS, "class", &known::CLASS_SHIFT),
            (&contract::BUSINESS_OUTCOME, "outcome", &known::OUTCOME_SHIFT),
        ];
        for (counter, label, _) in shares {
            let counted = |version: &str, value: &str, ramps: &[(f64, f64, usize)], well: (f64, f64, usize)| {
                let labels = [("model_name", model), ("model_version", version), (label, value)];
                Series::ramps(counter.name, &labels, ramps).elsewhere(&[well])
            };
            series.extend([
                counted("v1", "good", &[(0.0, all, calm)], (0.0, all, ends)),
                counted("v2", "good", &later(0.0, 0.0), never),
                counted("v2", "bad", &later(0.0, all), never),
            ]);
        }
        let mut test = Test::new(
            self.config,
            "classes and outcomes of a version that took over from the only other are told within ten minutes",
            STEP,
            &series,
        );
        for (_, label, alert) in shares {
            self.told(&mut test, calm, alert, &[])?;
            let shifted = firing([("alertname", alert.name), ("model_name", model)]);
            for (version, value, count) in [("v2", "bad", 1), ("v1", "good", 0)] {
                let of = shifted.clone().eq("model_version", version).eq(label, value);
                test.counts(at(calm + 10 * MINUTE), &of, count)?;
            }
        }
        Ok(test)
    }
}
