//! Who chooses the version of a request, from where and when: the request counts for the last choice before its end.

use std::thread;

use modelwatch::{Model, Monitor, Serving, Status, Watched};
use proptest::prelude::*;

fn versions(monitor: &Monitor) -> Vec<Model> {
    ["stable", "canary", "shadow"]
        .map(|version| monitor.model("m", version).register().expect("valid"))
        .into()
}

fn in_flight(monitor: &Monitor, model: &Model) -> f64 {
    let labels = [("model_version", model.version())];
    monitor.value("ml_inference_in_flight", &labels).expect("the metric")
}

fn requests(monitor: &Monitor, model: &Model) -> f64 {
    let labels = [("model_version", model.version())];
    monitor
        .value("ml_inference_requests_total", &labels)
        .expect("the metric")
}

fn elsewhere(choose: impl FnOnce() + Send) {
    thread::scope(|scope| scope.spawn(choose).join().expect("no panic"));
}

#[test]
fn a_choice_of_the_handler_moves_the_request_at_once() {
    let monitor = Monitor::new();
    let models = versions(&monitor);
    let mut request = Watched::new(models[0].route("predict").start());
    request.poll(|| {
        Serving::current().by(&models[1]);
        assert_eq!(in_flight(&monitor, &models[0]), 0.0);
        assert_eq!(in_flight(&monitor, &models[1]), 1.0);
    });
    request.finish(Status::Success);
    assert_eq!(requests(&monitor, &models[1]), 1.0);
    assert_eq!(in_flight(&monitor, &models[1]), 0.0);
}

#[test]
fn a_choice_from_elsewhere_moves_a_request_that_waits_at_once_and_a_polled_one_when_its_poll_returns() {
    let monitor = Monitor::new();
    let models = versions(&monitor);
    let mut request = Watched::new(models[0].route("predict").start());
    let serving = request.poll(|| {
        let serving = Serving::current();
        elsewhere(|| serving.by(&models[1]));
        serving
    });
    assert_eq!(in_flight(&monitor, &models[1]), 1.0);
    elsewhere(|| serving.by(&models[2]));
    assert_eq!(in_flight(&monitor, &models[1]), 0.0);
    assert_eq!(in_flight(&monitor, &models[2]), 1.0);
    request.finish(Status::Error);
    assert_eq!(requests(&monitor, &models[2]), 1.0);
}

/// What serves the next request carries nothing of the one before.
#[test]
fn a_handle_that_outlives_its_request_chooses_nothing_for_the_next() {
    let monitor = Monitor::new();
    let models = versions(&monitor);
    let run = || {
        let mut request = Watched::new(models[0].route("predict").start());
        let serving = request.poll(Serving::current);
        request.finish(Status::Success);
        serving
    };
    let kept = run();
    let mut next = Watched::new(models[0].route("predict").start());
    let own = next.poll(|| {
        kept.by(&models[1]);
        Serving::current()
    });
    kept.by(&models[1]);
    drop(own);
    next.poll(|| kept.by(&models[1]));
    next.finish(Status::Success);
    drop(kept);
    drop(run());
    assert_eq!(requests(&monitor, &models[0]), 3.0);
    assert_eq!(requests(&monitor, &models[1]), 0.0);
}

/// One thing that happens to a request.
#[derive(Clone, Copy, Debug)]
enum Step {
    Take,
    Clone,
    Drop,
    /// In the poll of the request, as a handler does.
    DropHere,
    /// In the poll of another request inside, whose handler chooses, too.
    DropInside,
    ChooseHere(usize),
    ChooseElsewhere(usize),
    /// The same while the request waits.
    ChooseWaiting(usize),
    ChooseElsewhereWaiting(usize),
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    let version = 0..3usize;
    prop_oneof![
        Just(Step::Take),
        Just(Step::Clone),
        Just(Step::Drop),
        Just(Step::DropHere),
        Just(Step::DropInside),
        Just(Step::Wait),
        version.clone().prop_map(Step::ChooseHere),
        version.clone().prop_map(Step::ChooseElsewhere),
        version.clone().prop_map(Step::ChooseWaiting),
        version.prop_map(Step::ChooseElsewhereWaiting),
    ]
}

/// How the request begins.
fn begin(kind: u8, model: &Model) -> Watched {
    match kind {
        0 => Watched::new(model.route("predict").start()),
        1 => Watched::unproved(model, "invented", &model.route("predict")),
        _ => Watched::unrouted(model, &model.route("predict")),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_request_counts_once_for_the_last_choice(kind in 0..3u8, steps in prop::collection::vec(step(), 0..16), dropped: bool) {
        let monitor = Monitor::new();
        let models = versions(&monitor);
        let inside = monitor.model("inside", "1").register().expect("valid");
        let mut inner_requests = 0.0;
        let mut request = begin(kind, &models[0]);
        let mut handles: Vec<Serving> = Vec::new();
        let mut chosen = 0;
        for step in steps {
            match step {
                Step::Take => handles.push(request.poll(Serving::current)),
                Step::Clone => handles.extend(handles.last().cloned()),
                Step::Drop => drop(handles.pop()),
                Step::DropHere => {
                    let handle = handles.pop();
                    request.poll(|| drop(handle));
                }
                Step::DropInside => {
                    let handle = handles.pop();
                    let mut inner = Watched::new(models[1].route("inner").start());
                    request.poll(|| {
                        let own = inner.poll(|| {
                            let own = Serving::current();
                            drop(handle);
                            own.by(&inside);
                            own
                        });
                        drop(own);
                    });
                    inner.finish(Status::Success);
                    inner_requests += 1.0;
                }
                Step::Wait => request.poll(|| {}),
                Step::ChooseHere(version) => if let Some(handle) = handles.last() {
                    request.poll(|| handle.by(&models[version]));
                    chosen = version;
                },
                Step::ChooseElsewhere(version) => if let Some(handle) = handles.last() {
                    request.poll(|| elsewhere(|| handle.by(&models[version])));
                    chosen = version;
                },
                Step::ChooseWaiting(version) => if let Some(handle) = handles.last() {
                    handle.by(&models[version]);
                    chosen = version;
                },
                Step::ChooseElsewhereWaiting(version) => if let Some(handle) = handles.last() {
                    elsewhere(|| handle.by(&models[version]));
                    chosen = version;
                },
            }
            let flying: Vec<f64> = models.iter().map(|model| in_flight(&monitor, model)).collect();
            prop_assert_eq!(flying[chosen], 1.0, "{:?} after {:?}", flying, step);
            prop_assert_eq!(flying.iter().sum::<f64>(), 1.0);
        }
        if dropped {
            drop(request);
        } else {
            request.finish(Status::Success);
        }
        for handle in &handles {
            handle.by(&models[2]);
        }
        for (version, model) in models.iter().enumerate() {
            prop_assert_eq!(requests(&monitor, model), f64::from(u8::from(version == chosen)));
            prop_assert_eq!(in_flight(&monitor, model), 0.0);
        }
        prop_assert_eq!((requests(&monitor, &inside), in_flight(&monitor, &inside)), (inner_requests, 0.0));
    }
}
