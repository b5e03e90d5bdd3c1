//! Latency, errors, saturation, traffic, budgets, canaries.

use super::page::Runbook;
use super::queries::*;
use crate::known;

const ONE_VERSION: &str = "Compare versions. If one `model_version` is affected, suspect its release: the \
                         dashboard's annotations show when it came.";
const ROLL_BACK: &str = "If only a canary is affected, shift its traffic back now and look for the cause afterwards.";

pub(super) const RUNBOOKS: &[Runbook] = &[
    Runbook {
        known: &known::HIGH_LATENCY,
        meaning: "Requests take longer than the objective allows: at least one in twenty waits too long.",
        checks: &[
            ONE_VERSION,
            "Compare routes. If one is affected, look at what only that route does: its features, its batch sizes.",
            "Look at the replicas: restarts, processor, memory. A saturated replica answers late before it fails.",
            "Compare stages. A slow `feature_fetch` points to the feature store or to a service behind it.",
            "Look at traffic and batch sizes. If they grew, you lack capacity.",
        ],
        mitigation: &[
            ROLL_BACK,
            "If all replicas are saturated, add some. If one is, take it out of the balancer.",
            "If a dependency is slow, answer without it where the model allows that, and inform its owner.",
            "If all versions slowed down with a release of the feature pipeline, roll that release back.",
        ],
        queries: |model| {
            vec![
                routes_over_objective(model),
                latency_by_version(model),
                slow_stage(model),
                in_flight(model),
                traffic(model),
            ]
        },
    },
    Runbook {
        known: &known::HIGH_ERROR_RATE,
        meaning: "Requests fail because of the service. Callers' mistakes and cancelled requests are not in this \
                  ratio.",
        checks: &[
            ONE_VERSION,
            "Compare routes. If one is affected, look at its handler and at what only that route depends on.",
            "Look for a deploy of the model, the feature pipeline or a dependency just before it began.",
            "Look for restarts. Callers see a panic or an out-of-memory kill as an error.",
            "Read the logs of one failing request. An exemplar of the latency histogram links to its trace.",
        ],
        mitigation: &[
            ROLL_BACK,
            "Roll back the release that came just before.",
            "If a dependency fails, answer with a default where the model allows that, and inform its owner.",
        ],
        queries: |model| {
            vec![
                errors_by_version(model),
                errors_by_route(model),
                requests_by_status(model),
                versions(model),
            ]
        },
    },
    Runbook {
        known: &known::CLIENT_ERRORS_HIGH,
        meaning: "The service refuses many more requests than an hour ago as the caller's mistake. Callers see an \
                  outage. The service's own error ratio does not show it.",
        checks: &[
            ONE_VERSION,
            "Look for a deploy that changed what you accept: a field, a type, a limit, authorization.",
            "Compare callers. If it is one, ask what they released.",
        ],
        mitigation: &[
            ROLL_BACK,
            "Accept the old form beside the new one until the callers have moved.",
            "If a caller changed, inform its owner.",
        ],
        queries: |model| vec![requests_by_status(model), share(model), versions(model)],
    },
    Runbook {
        known: &known::RUNTIME_LATE,
        meaning: "Tasks of the service's runtime wake up late: something blocks its threads, or they get no \
                  processor. Requests wait before the service sees them, so the service's own latency looks good.",
        checks: &[
            "Compare replicas. One late replica points to its machine, all of them to the code.",
            "Look for a handler that computes or waits without yielding. Predictions belong on threads for blocking \
             work.",
            "Look at the container's processor limit: is it throttled?",
        ],
        mitigation: &[
            "Add replicas, or give them more processors.",
            "Move the model's work off the runtime's threads.",
        ],
        queries: |model| vec![in_flight(model), traffic(model), slow_stage(model)],
    },
    Runbook {
        known: &known::MANY_FAILING,
        meaning: "So many models of one job fail at once that it is one incident. While this alert fires, \
                  Alertmanager holds back the pages of the single models. It lists no model, because the cause is \
                  what they share.",
        checks: &[
            "Compare models. Do all of the job fail, or those that need one store, one node or one release of the \
             service?",
            "Look for a change of the service, its ingress or its configuration just before.",
            "Compare replicas. If one fails alone, MLReplicaFailing fires too.",
        ],
        mitigation: &[
            "Roll back the release or the configuration they share.",
            "Restore the store or the network they share.",
        ],
        queries: |model| vec![failing_models(), replica_errors(model), errors_by_version(model)],
    },
    Runbook {
        known: &known::MANY_SLOW,
        meaning: "So many models of one job are too slow at once that it is one incident. While this alert fires, \
                  Alertmanager holds back the pages of the single models.",
        checks: &[
            "Compare the stages of a model: they show whether a shared store takes the time.",
            "Look at the nodes. Are they short of processors, or is a neighbour busy?",
            "Compare replicas. If one is slow alone, MLReplicaSlow fires too.",
        ],
        mitigation: &[
            "Add replicas or nodes, or move the neighbour.",
            "Restore the store they share, or answer without it.",
        ],
        queries: |model| vec![slow_models(), replica_latency(model), slow_stage(model)],
    },
    Runbook {
        known: &known::REPLICA_FAILING,
        meaning: "One replica fails more often than its siblings, which serve the same versions. Suspect its \
                  machine, its files or its connections, and not the release.",
        checks: &[
            "Compare its logs with a sibling's.",
            "Compare its start: did it start later, with another configuration or another model file?",
            "Check from its machine whether it reaches its dependencies.",
        ],
        mitigation: &[
            "Take it out of the balancer, keep it for the investigation, and start another.",
            "If siblings follow, it is no outlier: handle the model's own alerts.",
        ],
        queries: |model| vec![replica_errors(model), replica_latency(model), in_flight(model)],
    },
    Runbook {
        known: &known::REPLICA_SLOW,
        meaning: "One replica is much slower than its siblings. Typical causes: a noisy neighbour, a throttled \
                  processor, a cold cache.",
        checks: &[
            "Look at its processor and memory: is it throttled or short?",
            "Compare requests in flight. If it has more than its siblings, the balancer favours it.",
            "Look at its start time. A replica that just started may be warming up.",
        ],
        mitigation: &[
            "Take it out of the balancer and start another elsewhere.",
            "Limit the machine's other tenants.",
        ],
        queries: |model| vec![replica_latency(model), replica_errors(model), in_flight(model)],
    },
    Runbook {
        known: &known::IN_FLIGHT_HIGH,
        meaning: "One replica holds many unfinished requests. Latency follows, then timeouts.",
        checks: &[
            "Compare replicas. If it is one, it hangs or the balancer favours it. If it is all, traffic exceeds \
             capacity.",
            "Compare with latency. If latency did not grow, long requests are normal here and the threshold is too \
             low.",
            "Compare stages to see where requests wait.",
        ],
        mitigation: &[
            "Add replicas, or take the one that hangs out of the balancer.",
            "Shed load: callers can handle a quick refusal better than a late answer.",
            "If the model serves so many by design, raise `in_flight` in modelwatch.toml.",
        ],
        queries: |model| vec![in_flight(model), traffic(model), slow_stage(model)],
    },
    Runbook {
        known: &known::QUEUE_DEEP,
        meaning: "Requests wait before the model starts on them: the model is the bottleneck.",
        checks: &[
            "Compare traffic and the compute stage: did traffic grow, or did the model slow down?",
            "Look at batch sizes. Smaller batches do less work in the same time.",
            "Look at the replica's accelerator or processor: is something new using it?",
        ],
        mitigation: &[
            "Add replicas of the model.",
            "Raise the maximum batch size where latency allows it.",
            "Shift traffic from a slow version to a quick one.",
        ],
        queries: |model| vec![in_flight(model), traffic(model), slow_stage(model)],
    },
    Runbook {
        known: &known::TRAFFIC_GONE,
        meaning: "The model answered requests for hours and gets none now. Either nobody can reach it, or callers \
                  went elsewhere.",
        checks: &[
            "Check whether targets answer scrapes. If they do not, MLScrapeJobDown has the details.",
            "Check whether a deploy retired or renamed the model. Then its requests count under another name.",
            "Look for a change of the balancer, the gateway or DNS.",
            "Ask callers whether they see errors that never arrive here.",
        ],
        mitigation: &[
            "Send one request past the balancer and one through it. Where they differ is the place to look.",
            "Roll back the last change of routing.",
            "If you retired the model on purpose, remove it from modelwatch.toml. If it has quiet hours, set \
             `expect_traffic = false`.",
        ],
        queries: |model| vec![traffic(model), requests_by_status(model), versions(model)],
    },
    Runbook {
        known: &known::AVAILABILITY_BURN_FAST,
        meaning: "Errors consume the budget of the availability objective so fast that it is gone within hours or \
                  days.",
        checks: &[
            "Check whether it is still going on: compare the short window in the alert with the long one.",
            ONE_VERSION,
            "Compare routes. If one is affected, look at its handler and at what only that route depends on.",
        ],
        mitigation: &[
            ROLL_BACK,
            "Roll back the release that came just before.",
            "For causes, continue with MLInferenceHighErrorRate.",
        ],
        queries: |model| vec![errors_by_version(model), errors_by_route(model), share(model)],
    },
    Runbook {
        known: &known::AVAILABILITY_BURN_SLOW,
        meaning: "A small share of requests fails all the time, more than the availability objective allows. Nothing \
                  looks urgent, and the budget is gone in weeks.",
        checks: &[
            "Compare versions, routes and kinds of request. A steady trickle usually has one cause.",
            "Find when it began, and compare with the deploys on the dashboard.",
        ],
        mitigation: &[
            "Fix the cause in working hours, before the next release spends more of the budget.",
            "If these failures do not hurt users, the objective is too strict: change `availability_objective`.",
        ],
        queries: |model| {
            vec![
                errors_by_version(model),
                errors_by_route(model),
                requests_by_status(model),
            ]
        },
    },
    Runbook {
        known: &known::LATENCY_BURN_FAST,
        meaning: "So many requests are slower than the objective that its budget is gone within hours or days.",
        checks: &[
            "Check whether it is still going on: compare the short window in the alert with the long one.",
            ONE_VERSION,
            "Compare stages to see which takes the time.",
        ],
        mitigation: &[
            ROLL_BACK,
            "If replicas are saturated, add some.",
            "For causes, continue with MLInferenceHighLatencyP95.",
        ],
        queries: |model| {
            vec![
                routes_over_objective(model),
                latency_by_version(model),
                slow_stage(model),
                in_flight(model),
            ]
        },
    },
    Runbook {
        known: &known::LATENCY_BURN_SLOW,
        meaning: "All the time, slightly more requests are slow than the latency objective allows.",
        checks: &[
            "Compare versions and routes.",
            "Compare times of day. If it follows traffic, you lack capacity.",
            "Find when it began, and compare with the deploys on the dashboard.",
        ],
        mitigation: &[
            "Fix the cause in working hours.",
            "If slow requests do not hurt users, the objective is too strict: change `latency_p95` or \
             `latency_objective`.",
        ],
        queries: |model| {
            vec![
                routes_over_objective(model),
                latency_by_version(model),
                slow_stage(model),
            ]
        },
    },
    Runbook {
        known: &known::CANARY_ERRORS,
        meaning: "The version with the smaller share of the traffic fails more often than the model's other \
                  versions, at the same time, with the same callers. Treat its release as the cause until you know \
                  better.",
        checks: &[
            "Check whether it is the version you released last.",
            "Compare its requests with the others', by route and by caller.",
        ],
        mitigation: &[
            "Shift its traffic back now.",
            "Keep one replica without traffic for the investigation.",
            "Release again when you understand its errors.",
        ],
        queries: |model| vec![share(model), errors_by_version(model), versions(model)],
    },
    Runbook {
        known: &known::CANARY_LATENCY,
        meaning: "The version with the smaller share of the traffic is much slower than the model's other versions.",
        checks: &[
            "Look at its age. A new version that is warming up recovers within minutes.",
            "Compare stages: is the model itself slower, or what comes before it?",
            "Compare resources. Does it have as many for its share of the traffic as the others?",
        ],
        mitigation: &["Shift its traffic back.", "Warm replicas up before they get traffic."],
        queries: |model| vec![share(model), latency_by_version(model), slow_stage(model)],
    },
];
