//! Targets, restarts, labels, and models that the file does not name.

use modelwatch::contract;

use super::page::Runbook;
use super::queries::*;
use crate::known;
use crate::promql::{max_by, metric, sum_by, word};

pub(super) const RUNBOOKS: &[Runbook] = &[
    Runbook {
        known: &known::TARGET_DOWN,
        meaning: "Prometheus can't scrape one target. Others of its job may be healthy: users may notice nothing, \
                  and you see less.",
        checks: &[
            "Check on its own machine whether the process runs and answers `/metrics`.",
            "Check the network between Prometheus and the target, and its policies.",
            "Check whether somebody removed the target on purpose.",
        ],
        mitigation: &[
            "Restart it, or let the scheduler place it elsewhere.",
            "If it was removed on purpose, delete it from `targets` in modelwatch.toml.",
        ],
        queries: |model| vec![("Which targets answer?", word("up").eq("job", &model.job).expr())],
    },
    Runbook {
        known: &known::JOB_DOWN,
        meaning: "Prometheus can't scrape any target of the job. If the job serves models, they are down or you are \
                  blind. Alertmanager holds back the job's other alerts, because they would only repeat this one.",
        checks: &[
            "Check whether users get answers. If they do not, this is an outage.",
            "If they do, look for a change of the metrics port, its path or a network policy.",
            "Check whether Prometheus reaches anything else at that address.",
        ],
        mitigation: &[
            "In an outage, roll back the last deploy or restore the replicas.",
            "If you are blind, repair the scrape first. Until then no other alert of the job fires.",
        ],
        queries: |model| vec![("Which targets answer?", word("up").eq("job", &model.job).expr())],
    },
    Runbook {
        known: &known::RESTARTING,
        meaning: "A replica starts again and again: it crashes, or the system kills it for its memory.",
        checks: &[
            "Look at how it ended. The exit code and the last log lines distinguish a crash from a kill.",
            "Look at its memory: does it grow until the end?",
            "Look for a release at the time it began.",
        ],
        mitigation: &["Roll back that release.", "If it needs more memory, raise its limit."],
        queries: |model| {
            vec![
                (
                    "Which replicas restart?",
                    metric(&contract::PROCESS_START_TIME)
                        .eq("job", &model.job)
                        .over("changes", HOUR),
                ),
                (
                    "How much memory do they use?",
                    max_by(
                        &["instance"],
                        metric(&contract::PROCESS_RESIDENT_MEMORY).eq("job", &model.job),
                    ),
                ),
            ]
        },
    },
    Runbook {
        known: &known::LABEL_OVERFLOW,
        meaning: "A label has reached its limit of values. Measurements with new values count under `__other__`: \
                  totals stay right, but you can't tell the new values apart.",
        checks: &[
            "Look at which label it is. For `route`, paths that match no route may serve as names. For \
             `model_version`, old versions may never be retired.",
            "Check whether callers choose the value. Then it does not belong in a label.",
        ],
        mitigation: &[
            "Stop the source of the values, then restart the replicas.",
            "If you want all of them, raise the limit where the service builds its monitor.",
        ],
        queries: |model| {
            vec![(
                "Which label, and how many measurements an hour?",
                sum_by(
                    &["label", "instance"],
                    metric(&contract::LABEL_OVERFLOW).eq("job", &model.job).increase(HOUR),
                ),
            )]
        },
    },
    Runbook {
        known: &known::VERSION_UNREGISTERED,
        meaning: "Requests count for a version that no process has registered for an hour. Another version may \
                  answer them, or none.",
        checks: &[
            "Find the callers or routes that still ask for it. A flag, a cache or an old client may hold the name.",
            "Check whether somebody retired the version on purpose, or whether its registration failed at start-up.",
        ],
        mitigation: &[
            "Point the caller, or the balancer's rule, to a version that is served.",
            "If the version should be served, deploy it again.",
        ],
        queries: |model| vec![versions(model), traffic(model), requests_by_status(model)],
    },
    Runbook {
        known: &known::RULES_FAILING,
        meaning: "Prometheus can't evaluate rules of this stack. Until it can, nobody sees what they watch.",
        checks: &[
            "Open *Status → Rules* in Prometheus: the error is beside the rule.",
            "Check whether somebody loaded a second copy of the rules, or other rules that record the same names.",
            "Look at Prometheus' memory and at how long its evaluations take.",
        ],
        mitigation: &[
            "Remove the second copy. Give each file that shares a Prometheus a `stack` of its own.",
            "Run `modelwatch stack generate` and reload.",
        ],
        queries: |model| vec![("Which targets answer?", word("up").eq("job", &model.job).expr())],
    },
    Runbook {
        known: &known::NOTIFICATIONS_FAILING,
        meaning: "Alertmanager can't deliver, or Prometheus can't reach Alertmanager. Alerts fire and reach nobody.",
        checks: &[
            "Find the channel that fails. Alertmanager's log has the other side's answer.",
            "Check whether a secret expired, or whether its file moved.",
        ],
        mitigation: &[
            "Renew the secret, and send a test with `amtool alert add`.",
            "Until notifications work, watch the dashboards: they show what fires.",
        ],
        queries: |model| vec![("Which targets answer?", word("up").eq("job", &model.job).expr())],
    },
    Runbook {
        known: &known::WATCHDOG,
        meaning: "This alert always fires, and a dead man's switch pages when it stops arriving. Then Prometheus, \
                  Alertmanager or the way between them is down, and no alert of this stack arrives.",
        checks: &[
            "Check whether Prometheus answers and its page of alerts shows this one.",
            "Check whether Alertmanager answers and shows this one. If so, its notifications fail: read its log.",
            "Check whether somebody silenced it.",
        ],
        mitigation: &[
            "Restore whichever of them is down.",
            "Until then, watch the dashboards or the services' own `/metrics`.",
        ],
        queries: |model| vec![("Which targets answer?", word("up").eq("job", &model.job).expr())],
    },
    Runbook {
        known: &known::ONE_NAME,
        meaning: "Several replicas answer in turn behind one address that Prometheus scrapes. Each scrape reads \
                  another replica's counters, so rates, ratios and percentiles of this job are wrong, and restarts \
                  are invisible.",
        checks: &[
            "Check whether the target is a load balancer, a Kubernetes service, or a DNS name with several \
             addresses.",
            "List the replicas. Each must be a target of its own.",
        ],
        mitigation: &[
            "Let Prometheus find each replica: in the job of modelwatch.toml, replace `targets` by `dns = { names = \
             [\u{2026}], port = \u{2026} }`, `kubernetes` or another discovery.",
        ],
        queries: |model| {
            vec![(
                "When did the answering process start?",
                metric(&contract::PROCESS_START_TIME).eq("job", &model.job).expr(),
            )]
        },
    },
    Runbook {
        known: &known::LATENCY_MISSING,
        meaning: "The model's requests count, but the histogram that its latency is judged by is missing, or none of \
                  its buckets ends at the objective. Rules about latency stay silent, which looks like health.",
        checks: &[
            "Check whether the service exposes ml_inference_latency_seconds. If it does, compare its buckets with \
             `latency_buckets`.",
            "Look for a release of the service, or a relabelling in Prometheus, that dropped the metric.",
            "Look at another service's latency on its dashboard. If that is missing too, the cause is in Prometheus.",
        ],
        mitigation: &[
            "Set `latency_buckets` in modelwatch.toml to the service's buckets, or choose a `latency_p95` that is \
             one of them.",
            "Revert the relabelling or the release that dropped the metric.",
        ],
        queries: |model| vec![latency_by_version(model), traffic(model), versions(model)],
    },
    Runbook {
        known: &known::UNLISTED,
        meaning: "A service serves a model that modelwatch.toml does not name. The default thresholds apply to it, \
                  and it has no owner.",
        checks: &[
            "Check whether the name is new, or misspelt in the service.",
            "Find out who deployed it.",
        ],
        mitigation: &["Add it to modelwatch.toml with its owners, and run `modelwatch stack generate`."],
        queries: |_| {
            vec![(
                "Which models are served?",
                max_by(&["model_name", "model_version"], metric(&contract::MODEL_INFO)),
            )]
        },
    },
];
