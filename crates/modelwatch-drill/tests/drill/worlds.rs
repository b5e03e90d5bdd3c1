//! Worlds are series as a service would have shown them.

use std::collections::BTreeMap;

use modelwatch_drill::incident::builtin::RELEASED;
use modelwatch_drill::world::{Series, Settings, World};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::fixture::{casts, incident, scene};

fn world(name: &str, seed: u64) -> World {
    let scene = scene();
    World::new(&scene, &incident(&scene, name), &Settings::new(30, seed))
}

fn is(series: &Series, metric: &str, labels: &[(&str, &str)]) -> bool {
    series.name == metric
        && labels
            .iter()
            .all(|(label, value)| series.labels.get(*label).map(String::as_str) == Some(*value))
}

/// How much counters grew between two scrapes, all that fit together.
fn growth(world: &World, metric: &str, labels: &[(&str, &str)], from: u32, to: u32) -> f64 {
    let scrape = |seconds: u32| (seconds / world.step) as usize;
    let wanted = world.series.iter().filter(|series| is(series, metric, labels));
    wanted
        .map(|series| {
            let at = |seconds| series.samples[scrape(seconds)].unwrap_or_default();
            at(to) - at(from)
        })
        .sum()
}

#[test]
fn repeats_itself_and_differs_by_seed() {
    assert_eq!(world("canary-errors", 1), world("canary-errors", 1));
    assert_ne!(world("canary-errors", 1), world("canary-errors", 2));
}

#[test]
fn gives_every_series_a_sample_for_each_scrape() {
    let world = world("canary-errors", 0);
    assert_eq!((world.step, world.onset, world.end), (15, 30 * 60, 60 * 60));
    for series in &world.series {
        assert_eq!(
            series.samples.len(),
            (world.end / world.step) as usize + 1,
            "{series:?}"
        );
    }
}

#[test]
fn fails_the_requests_of_the_canary_alone_and_from_the_onset_on() {
    let world = world("canary-errors", 0);
    let ratio = |labels: &[(&str, &str)], from, to| {
        let failed: Vec<_> = labels.iter().copied().chain([("status", "error")]).collect();
        let of = |labels: &[(&str, &str)]| growth(&world, "ml_inference_requests_total", labels, from, to);
        of(&failed) / of(labels)
    };
    let canary = [("model_name", "claims-risk"), ("model_version", RELEASED)];
    let others = [("model_name", "claims-risk"), ("model_version", "2026-04-01")];
    assert!((ratio(&canary, world.onset, world.end) - 0.3).abs() < 0.05);
    assert!(ratio(&others, world.onset, world.end) < 0.003);
    assert!(ratio(&others, 0, world.onset) < 0.003);
    let share = growth(&world, "ml_inference_requests_total", &canary, world.onset, world.end)
        / growth(
            &world,
            "ml_inference_requests_total",
            &canary[..1],
            world.onset,
            world.end,
        );
    assert!((share - 0.1).abs() < 0.02, "{share}");
    let before = world
        .series
        .iter()
        .filter(|series| is(series, "ml_model_info", &canary));
    assert!(before.clone().count() > 0);
    for series in before {
        let first = series.samples.iter().position(Option::is_some).unwrap();
        assert_eq!(first, (world.onset / world.step) as usize, "{series:?}");
    }
}

#[test]
fn knows_requests_alone_of_the_day_before_a_world_whose_traffic_changes() {
    let world = world("traffic-gone", 0);
    assert_eq!((world.begins, world.onset - world.begins), (24 * 3600, 30 * 60));
    let of_hero = [("model_name", "claims-risk")];
    let requests = |from, to| growth(&world, "ml_inference_requests_total", &of_hero, from, to);
    // Seven in ten of eight a second at the least, in each hour of it.
    for hour in 0..24 {
        let counted = requests(hour * 3600, (hour + 1) * 3600);
        assert!((20_000.0..38_000.0).contains(&counted), "hour {hour}: {counted}");
    }
    assert!(requests(world.onset, world.end) < 200.0);
    let begins = (world.begins / world.step) as usize;
    for series in &world.series {
        let is_early = series.samples[..begins].iter().any(Option::is_some);
        let is_latency = series.name.starts_with("ml_inference_latency_seconds");
        assert!(!(is_early && is_latency), "{series:?}");
    }
}

#[test]
fn leaves_no_sample_of_a_replica_that_is_down() {
    let world = world("replica-down", 0);
    let after = (world.onset / world.step) as usize + 1;
    let of_replica = |series: &&Series| {
        series
            .labels
            .get("instance")
            .is_some_and(|name| name == "model-api-1:8000")
    };
    for series in world.series.iter().filter(of_replica) {
        let answers = series.name == "up";
        for sample in &series.samples[after..] {
            assert_eq!(*sample, answers.then_some(0.0), "{}", series.name);
        }
    }
}

#[test]
fn begins_at_zero_when_a_process_restarts() {
    let world = world("replica-restarts", 0);
    let labels = [("instance", "model-api-1:8000"), ("model_name", "claims-risk")];
    let falls = world
        .series
        .iter()
        .filter(|series| is(series, "ml_inference_latency_seconds_count", &labels))
        .map(|series| series.samples.windows(2).filter(|two| two[1] < two[0]).count());
    for falls in falls {
        assert!((10..=11).contains(&falls), "{falls} restarts in forty minutes");
    }
}

/// What a histogram's series share.
fn histogram(series: &Series) -> BTreeMap<String, String> {
    let mut labels = series.labels.clone();
    labels.remove("le");
    labels
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever happens: counters fall only where a process restarts, and a histogram is one.
    #[test]
    fn is_what_a_service_could_show(index in any::<Index>(), seed in 0_u64..1000) {
        let scene = scene();
        let incidents = casts(&scene);
        let incident = index.get(&incidents);
        let world = World::new(&scene, incident, &Settings::new(30, seed));
        let mut starts = BTreeMap::new();
        for series in world.series.iter().filter(|series| series.name == "process_start_time_seconds") {
            starts.insert(series.labels["instance"].clone(), series.samples.clone());
        }
        let mut counts = BTreeMap::new();
        for series in world.series.iter().filter(|series| series.name.ends_with("_count")) {
            counts.insert((series.name.replace("_count", ""), series.labels.clone()), series.samples.clone());
        }
        for series in &world.series {
            let is_counter = ["_total", "_bucket", "_count"].iter().any(|end| series.name.ends_with(end));
            if is_counter && let Some(starts) = starts.get(&series.labels["instance"]) {
                for (index, two) in series.samples.windows(2).enumerate() {
                    let restarted = starts[index] != starts[index + 1];
                    prop_assert!(two[1] >= two[0] || two[1].is_none() || restarted, "{}: {series:?}", incident.name);
                }
            }
            if let Some(name) = series.name.strip_suffix("_bucket") {
                let count = &counts[&(name.to_owned(), histogram(series))];
                let is_last = series.labels["le"] == "+Inf";
                for (bucket, count) in series.samples.iter().zip(count) {
                    prop_assert!(if is_last { bucket == count } else { bucket <= count }, "{}: {series:?}", incident.name);
                }
            }
        }
    }
}
