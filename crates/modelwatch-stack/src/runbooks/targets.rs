//! Targets, restarts, labels, models nobody named.

use modelwatch::contract;

use super::page::Runbook;
use super::queries::*;
use crate::known;
use crate::promql::{max_by, metric, sum_by, word};

pub(super) const RUNBOOKS: &[Runbook] = &[
    Runbook {
        known: &known::TARGET_DOWN,
        meaning: "Prometheus can't scrape one target. Others of its job may be well: users may feel nothing, and we see less.",
        checks: &[
            "Is the process there, and does it answer `/metrics` on its own machine?",
            "Is it the network between, or a policy of it?",
            "Was the target removed on purpose?",
        ],
        mitigation: &[
            "Restart it, or let the scheduler place it elsewhere.",
            "If it was removed, take it out of `targets` in modelwatch.toml.",
        ],
        queries: |model| vec![("Which targets answer?", word("up").eq("job", &model.job).expr())],
    },
    Runbook {
        known: &known::JOB_DOWN,
        meaning: "No target of the job can be scraped. If it serves models, they are down or we are blind; other alerts of the \
                  job are held back, because they would only repeat it.",
        checks: &[
            "Do users get answers? If not, this is an outage.",
            "If they do: did the metrics port, its path or a network policy change?",
            "Does Prometheus reach anything else at that address?",
        ],
        mitigation: &[
            "Outage: roll back the last deploy, or restore the replicas.",
            "Blind: repair the scrape first. Until then nothing here fires.",
        ],
        queries: |model| vec![("Which targets answer?", word("up").eq("job", &model.job).expr())],
    },
    Runbook {
        known: &known::RESTARTING,
        meaning: "A replica starts again and again: it crashes, or is killed for its memory.",
        checks: &[
            "How did it end? The exit code and the last log lines tell a crash from a kill.",
            "Does memory grow until the end?",
            "Did it begin with a release?",
        ],
        mitigation: &[
            "Roll back the release it began with.",
            "Give it more memory, if that is what it lacks.",
        ],
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
        meaning: "A label has had as many values as it may; measurements with new ones go to `__other__`. Totals stay right, and \
                  the new values can't be told apart.",
        checks: &[
            "Which label is it? `route`: unmatched paths may be used as names. `model_version`: old versions may never be retired.",
            "Does a caller choose the value? Then it does not belong in a label.",
        ],
        mitigation: &[
            "Stop the source of the values, then restart the replicas.",
            "If they are all wanted, raise the limit where the service builds its monitor.",
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
        meaning: "Requests are counted for a version that no process has registered for an hour. They may be answered by another one, \
                  or by none.",
        checks: &[
            "Which callers or routes still ask for it? A flag, a cache or an old client holds the name.",
            "Was the version retired on purpose, or did its registration fail at start-up?",
        ],
        mitigation: &[
            "Move the caller, or the balancer's rule, to a version that is served.",
            "If it should be served, deploy it again.",
        ],
        queries: |model| vec![versions(model), traffic(model), requests_by_status(model)],
    },
    Runbook {
        known: &known::RULES_FAILING,
        meaning: "Prometheus can't evaluate rules of this stack. What they watch is unseen until it can.",
        checks: &[
            "What does Prometheus say? Its page of rules shows the error beside the rule.",
            "Did somebody load a second copy of the rules, or other rules that record the same names?",
            "Is Prometheus short of memory or time?",
        ],
        mitigation: &[
            "Take the second copy away; give each file that shares a Prometheus a `stack` of its own.",
            "Run `modelwatch stack generate` and reload.",
        ],
        queries: |model| vec![("Which targets answer?", word("up").eq("job", &model.job).expr())],
    },
    Runbook {
        known: &known::NOTIFICATIONS_FAILING,
        meaning: "Alertmanager can't deliver, or Prometheus can't reach Alertmanager. Alerts fire and nobody hears of them.",
        checks: &[
            "Which channel fails? Alertmanager's log has the answer of the other side.",
            "Did a secret expire, or a file of it move?",
        ],
        mitigation: &[
            "Renew the secret, and send a test with `amtool alert add`.",
            "Until then look at the dashboards: what fires is there.",
        ],
        queries: |model| vec![("Which targets answer?", word("up").eq("job", &model.job).expr())],
    },
    Runbook {
        known: &known::WATCHDOG,
        meaning: "It always fires, and a dead man's switch pages when it stops to arrive. Then Prometheus, Alertmanager or the way \
                  between them is down, and no alert of this stack arrives.",
        checks: &[
            "Does Prometheus answer, and does its page of alerts show this one?",
            "Does Alertmanager answer, and does it show this one? Then its notifications fail: look at its log.",
            "Did somebody silence it?",
        ],
        mitigation: &[
            "Bring back whichever of them is down.",
            "Until then look at the dashboards, or ask the services' own pages of metrics.",
        ],
        queries: |model| vec![("Which targets answer?", word("up").eq("job", &model.job).expr())],
    },
    Runbook {
        known: &known::ONE_NAME,
        meaning: "Several replicas answer in turn behind one address that Prometheus scrapes. Each scrape reads another one's counters, \
                  so rates, ratios and percentiles of this job are nonsense, and restarts can't be seen.",
        checks: &[
            "Is the target a load balancer, a Kubernetes service, or a DNS name with several addresses?",
            "Which replicas are there? Each has to be a target of its own.",
        ],
        mitigation: &[
            "Let Prometheus find each replica: `dns = { names = [\u{2026}], port = \u{2026} }`, `kubernetes` or another discovery in the \
             job of modelwatch.toml, in place of `targets`.",
        ],
        queries: |model| {
            vec![(
                "When did what answers begin?",
                metric(&contract::PROCESS_START_TIME).eq("job", &model.job).expr(),
            )]
        },
    },
    Runbook {
        known: &known::LATENCY_MISSING,
        meaning: "The model's requests are counted, and the histogram that its latency is judged by is not there, or has no \
                  bucket that ends at the objective. Rules about latency are silent, which looks like health.",
        checks: &[
            "Does the service show ml_inference_latency_seconds at all? Then compare its buckets with `latency_buckets`.",
            "Did a release of the service, or a relabelling in Prometheus, drop the metric?",
            "Does a dashboard of another service still show its latency? If not, it is Prometheus.",
        ],
        mitigation: &[
            "Say `latency_buckets` in modelwatch.toml as the service has them, or take a `latency_p95` that is one of them.",
            "Take back the relabelling or the release that dropped the metric.",
        ],
        queries: |model| vec![latency_by_version(model), traffic(model), versions(model)],
    },
    Runbook {
        known: &known::UNLISTED,
        meaning: "A service serves a model that modelwatch.toml does not name. It is watched with the thresholds of most \
                  models, and nobody in particular owns it.",
        checks: &["Is the name new, or misspelt in the service?", "Who deployed it?"],
        mitigation: &["Add it to modelwatch.toml with its owners, and run `modelwatch stack generate`."],
        queries: |_| {
            vec![(
                "Which models are served?",
                max_by(&["model_name", "model_version"], metric(&contract::MODEL_INFO)),
            )]
        },
    },
];
