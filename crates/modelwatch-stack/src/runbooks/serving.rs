//! Latency, errors, saturation, traffic, budgets, canaries.

use super::page::Runbook;
use super::queries::*;
use crate::known;

const ONE_VERSION: &str = "Is it limited to one `model_version`? Then the release is the suspect: see when it came, in the \
                           dashboard's annotations.";
const ROLL_BACK: &str = "If only a canary is affected, shift its traffic back at once: users first, causes later.";

pub(super) const RUNBOOKS: &[Runbook] = &[
    Runbook {
        known: &known::HIGH_LATENCY,
        meaning: "Requests take longer than the objective allows: one in twenty, or more, waits too long.",
        checks: &[
            ONE_VERSION,
            "Is it one route? Then look at what that route alone does: its features, its batch sizes.",
            "Did replicas restart, or is CPU or memory short? Saturated replicas answer late before they fail.",
            "Did fetching features, or a service behind it, get slower? The stages tell.",
            "Did traffic grow, or batches? Then it is capacity.",
        ],
        mitigation: &[
            ROLL_BACK,
            "If replicas are saturated, add some; if one is, take it out.",
            "If a dependency is slow, serve without it where the model allows it, and tell its owner.",
            "If all versions are slow since a release of the feature pipeline, roll that back.",
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
        meaning: "Requests fail by a fault of the service. Mistakes of callers and cancelled requests are not in this figure.",
        checks: &[
            ONE_VERSION,
            "Is it one route?",
            "Did it begin with a deploy of the model, the feature pipeline or a dependency?",
            "Do replicas restart? A panic and a kill for memory look like errors to callers.",
            "What do the logs of one failing request say? Its trace is an exemplar of the latency histogram.",
        ],
        mitigation: &[
            ROLL_BACK,
            "Roll back the release that came just before.",
            "If a dependency fails, serve a default where the model allows it, and tell its owner.",
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
        meaning: "Many more requests than an hour ago are refused as the caller's mistake. Callers see an outage; the service's own \
                  error ratio does not.",
        checks: &[
            ONE_VERSION,
            "Did a deploy change what is accepted: a field, a type, a limit, authorization?",
            "Is it one caller? Ask what they released.",
        ],
        mitigation: &[
            ROLL_BACK,
            "Accept the old form beside the new one until callers have moved.",
            "Tell the caller, if it is one that changed.",
        ],
        queries: |model| vec![requests_by_status(model), share(model), versions(model)],
    },
    Runbook {
        known: &known::RUNTIME_LATE,
        meaning: "Tasks of the service's runtime wake up late: something blocks its threads, or they get no processor. Requests wait \
                  as long before the service sees them, so its own latency looks well.",
        checks: &[
            "Is one replica late or all? One: its machine. All: the code.",
            "Does a handler compute or wait without yielding? Predictions belong on threads for blocking work.",
            "Is the processor limit of the container reached?",
        ],
        mitigation: &[
            "Add replicas, or give them more processors.",
            "Move the model's work off the runtime's threads.",
        ],
        queries: |model| vec![in_flight(model), traffic(model), slow_stage(model)],
    },
    Runbook {
        known: &known::MANY_FAILING,
        meaning: "So many models of one job fail at once that it is one incident. Their own pages are held back while this one \
                  fires; it lists none of them, since what they share is the cause.",
        checks: &[
            "Do all models of the job fail, or those that need one store, one node or one release of the service?",
            "Was the service, its ingress or its configuration changed just before?",
            "Is it one replica? Then MLReplicaFailing says so.",
        ],
        mitigation: &[
            "Roll back the release or the configuration they share.",
            "Restore the store or the network they share.",
        ],
        queries: |model| vec![failing_models(), replica_errors(model), errors_by_version(model)],
    },
    Runbook {
        known: &known::MANY_SLOW,
        meaning: "So many models of one job are too slow at once that it is one incident. Their own pages are held back while this \
                  one fires.",
        checks: &[
            "Is a store that they share slow? The stages of a model tell which part takes the time.",
            "Are the nodes short of processors, or is a neighbour busy?",
            "Is it one replica? Then MLReplicaSlow says so.",
        ],
        mitigation: &[
            "Add replicas or nodes, or move the neighbour.",
            "Restore the store they share, or answer without it.",
        ],
        queries: |model| vec![slow_models(), replica_latency(model), slow_stage(model)],
    },
    Runbook {
        known: &known::REPLICA_FAILING,
        meaning: "One replica fails more often than its siblings, which serve the same versions: its machine, its files or its \
                  connections, and not the release.",
        checks: &[
            "What do its own logs say that its siblings' do not?",
            "Did it start later, with another configuration or another file of the model?",
            "Does it reach what it depends on?",
        ],
        mitigation: &[
            "Take it out of the balancer, keep it to look at, and start another.",
            "If siblings follow, it is no outlier: see the model's alerts.",
        ],
        queries: |model| vec![replica_errors(model), replica_latency(model), in_flight(model)],
    },
    Runbook {
        known: &known::REPLICA_SLOW,
        meaning: "One replica is much slower than its siblings: a noisy neighbour, a throttled processor, a cold cache.",
        checks: &[
            "Is its processor throttled, or its memory short?",
            "Has it more requests in flight than the others? Then the balancer favours it.",
            "Did it just start?",
        ],
        mitigation: &[
            "Take it out of the balancer and start another elsewhere.",
            "Give the machine's other tenants less.",
        ],
        queries: |model| vec![replica_latency(model), replica_errors(model), in_flight(model)],
    },
    Runbook {
        known: &known::IN_FLIGHT_HIGH,
        meaning: "One replica holds many requests that have begun and not ended. Latency follows, then timeouts.",
        checks: &[
            "Is it one replica or all? One: it hangs, or the balancer favours it. All: there is more traffic than capacity.",
            "Does latency grow with it? If not, requests are long by nature, and the threshold is too low.",
            "Which stage do they wait in?",
        ],
        mitigation: &[
            "Add replicas, or take the one that hangs out of the balancer.",
            "Shed load: a quick refusal is better than a late answer.",
            "If the model serves so many by design, raise `in_flight` in modelwatch.toml.",
        ],
        queries: |model| vec![in_flight(model), traffic(model), slow_stage(model)],
    },
    Runbook {
        known: &known::QUEUE_DEEP,
        meaning: "Requests wait for the model before it begins on them: it is the bottleneck.",
        checks: &[
            "Did traffic grow, or did the model get slower?",
            "Are batches as large as they were? Smaller batches do less work in the same time.",
            "Is the accelerator or CPU of the replica shared with something new?",
        ],
        mitigation: &[
            "Add replicas of the model.",
            "Raise the largest batch, where latency allows it.",
            "Shift traffic from a slow version to a quick one.",
        ],
        queries: |model| vec![in_flight(model), traffic(model), slow_stage(model)],
    },
    Runbook {
        known: &known::TRAFFIC_GONE,
        meaning: "The model answered requests for hours and gets none now. Either nobody can reach it, or callers went elsewhere.",
        checks: &[
            "Do targets answer scrapes? If not, MLScrapeJobDown tells more.",
            "Was the model retired, or renamed in a deploy? Then requests are under another name.",
            "Did the balancer, the gateway or DNS change?",
            "Do callers see errors that never arrive here?",
        ],
        mitigation: &[
            "Send one request by hand, past the balancer and through it: what differs is the place to look.",
            "Roll back the last change of routing.",
            "If the model was retired on purpose, take it out of modelwatch.toml. If it rests at times, say \
             `expect_traffic = false`.",
        ],
        queries: |model| vec![traffic(model), requests_by_status(model), versions(model)],
    },
    Runbook {
        known: &known::AVAILABILITY_BURN_FAST,
        meaning: "Errors use up the budget of the availability objective so fast that it is gone within hours or days.",
        checks: &[
            "Is it still going on? The short window in the alert says so.",
            ONE_VERSION,
            "Is it one route?",
        ],
        mitigation: &[
            ROLL_BACK,
            "Roll back the release that came just before.",
            "Then see MLInferenceHighErrorRate for causes.",
        ],
        queries: |model| vec![errors_by_version(model), errors_by_route(model), share(model)],
    },
    Runbook {
        known: &known::AVAILABILITY_BURN_SLOW,
        meaning: "A small share of requests fails all the time, more than the availability objective allows. Nothing burns, and \
                  in weeks the budget is gone.",
        checks: &[
            "Which version, route and kind of request is it? A steady trickle has one cause.",
            "Since when? Compare with deploys on the dashboard.",
        ],
        mitigation: &[
            "Mend the cause in working hours, before the next release spends more of the budget.",
            "If users do not mind these failures, the objective is too strict: change `availability_objective`.",
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
            "Is it still going on? The short window in the alert says so.",
            ONE_VERSION,
            "Which stage takes the time?",
        ],
        mitigation: &[
            ROLL_BACK,
            "Add replicas if they are saturated.",
            "Then see MLInferenceHighLatencyP95 for causes.",
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
        meaning: "Somewhat more requests are slow, all the time, than the latency objective allows.",
        checks: &[
            "Which version and route is it?",
            "Is it a time of day? Then it is capacity.",
            "Since when? Compare with deploys on the dashboard.",
        ],
        mitigation: &[
            "Mend the cause in working hours.",
            "If nobody minds, the objective is too strict: change `latency_p95` or `latency_objective`.",
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
        meaning: "The version with the smaller share of the traffic fails more often than the model's other versions, at the \
                  same time, with the same callers. The release is the cause until shown otherwise.",
        checks: &[
            "Is it the version that was released last?",
            "Do its requests differ from the others', by route or by caller?",
        ],
        mitigation: &[
            "Shift its traffic back now.",
            "Keep a replica without traffic to look at.",
            "Release again when its errors are understood.",
        ],
        queries: |model| vec![share(model), errors_by_version(model), versions(model)],
    },
    Runbook {
        known: &known::CANARY_LATENCY,
        meaning: "The version with the smaller share of the traffic is much slower than the model's other versions.",
        checks: &[
            "Is it new and still warming up? Then it passes in minutes.",
            "Is the model itself slower, or what comes before it? The stages tell.",
            "Does it have as many resources for its share of the traffic as the others?",
        ],
        mitigation: &["Shift its traffic back.", "Warm replicas up before they get traffic."],
        queries: |model| vec![share(model), latency_by_version(model), slow_stage(model)],
    },
];
