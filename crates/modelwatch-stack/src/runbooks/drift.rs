//! Drift, and the job that looks for it.

use super::page::Runbook;
use super::queries::*;
use crate::known;

const DRIFT_CHECKS: &[&str] = &[
    "Look at the window's rows and the job's runs: is this real production traffic, and not a broken batch job?",
    "List the features that drift, and the upstream system that produces each.",
    "Look for a release of a schema, an ETL job or the feature store just before.",
    "Check the baseline: its version, its season, its population.",
];
const DRIFT_MITIGATION: &[&str] = &[
    "If data is broken, roll back the pipeline. Drift is often a data problem long before it is a model problem.",
    "If the change is real and harmless, make a new baseline with `modelwatch baseline`, or change the threshold.",
    "If the change is real and the model suffers, retrain.",
];

pub(super) const RUNBOOKS: &[Runbook] = &[
    Runbook {
        known: &known::FEATURE_DRIFT,
        meaning: "A critical feature is no longer distributed as in training. Its distance from the baseline is \
                  above its threshold, and too large to be chance in a window of that size.",
        checks: DRIFT_CHECKS,
        mitigation: DRIFT_MITIGATION,
        queries: |model| {
            vec![
                drifting(model),
                drift_scores(model),
                window_rows(model),
                missing_since(model),
                baseline(model),
                pipeline(model),
            ]
        },
    },
    Runbook {
        known: &known::VERSION_DRIFT,
        meaning: "In one version's requests, a feature is no longer distributed as in training, while over all \
                  versions it is. Suspect what only this version reads, or what only its callers send.",
        checks: &[
            "Check whether the version fetches the feature in another way than the others.",
            "Check whether it gets other traffic: one region, one caller, one route.",
        ],
        mitigation: DRIFT_MITIGATION,
        queries: |model| vec![drift_scores(model), share(model), missing_since(model), pipeline(model)],
    },
    Runbook {
        known: &known::JOINT_DRIFT,
        meaning: "The relations between numeric features differ from training, while no feature drifts on its own. \
                  The reconstruction error, or the correlation of a pair, is further from training than is usual for \
                  windows of that length.",
        checks: &[
            "Run `modelwatch drift once`: it names the pairs that moved, with their correlation before and now.",
            "Look for a changed join that mixes rows of different requests.",
            "Look for a feature whose sign, unit or source changed for some of its rows.",
        ],
        mitigation: DRIFT_MITIGATION,
        queries: |model| vec![moved_pairs(model), window_rows(model), baseline(model), pipeline(model)],
    },
    Runbook {
        known: &known::PREDICTION_DRIFT,
        meaning: "Prediction scores are no longer distributed as in training.",
        checks: DRIFT_CHECKS,
        mitigation: DRIFT_MITIGATION,
        queries: |model| {
            vec![
                drifting(model),
                score_now(model),
                score_against_yesterday(model),
                window_rows(model),
                baseline(model),
            ]
        },
    },
    Runbook {
        known: &known::DRIFT_JOB_STALE,
        meaning: "The drift job has not finished a window for three intervals. Alerts about drift that was on fire \
                  for a while longer; nobody would see new drift.",
        checks: &[
            "Check whether the job runs and its exporter answers scrapes.",
            "Look at its runs: do they fail, or do windows have too few rows?",
            "Check whether the prediction log writes.",
        ],
        mitigation: &[
            "Restart the job. It continues with the current window.",
            "Run `modelwatch drift once` by hand: it prints what is wrong.",
        ],
        queries: |model| vec![drift_runs(model), window_rows(model), log_records(model)],
    },
    Runbook {
        known: &known::DRIFT_JOB_MISSING,
        meaning: "The model is served and modelwatch.toml has a drift section for it, but no drift job reports on \
                  it.",
        checks: &[
            "Check whether a drift job is deployed with this modelwatch.toml.",
            "Check whether its exporter is among the scrape jobs, and up.",
        ],
        mitigation: &[
            "Deploy it: `modelwatch drift serve`, or `once` from a scheduler.",
            "If you do not want it, remove `[models.drift]` from modelwatch.toml.",
        ],
        queries: |model| vec![drift_runs(model), versions(model)],
    },
    Runbook {
        known: &known::DRIFT_JOB_FAILING,
        meaning: "Runs of the drift job end in an error: it can't read the log or the baseline.",
        checks: &[
            "Read the job's log: it names the file.",
            "Check whether somebody replaced the baseline or moved the log.",
            "Check whether the job may still read the store.",
        ],
        mitigation: &[
            "Restore the file or the permission.",
            "Run `modelwatch drift once` by hand: it prints what is wrong.",
        ],
        queries: |model| vec![drift_runs(model), baseline(model), log_records(model)],
    },
    Runbook {
        known: &known::DRIFT_JOB_BLIND,
        meaning: "The drift job runs and finds almost no rows, though the model answers many requests. Nobody \
                  watches for drift.",
        checks: &[
            "Check whether `log` in modelwatch.toml names the folder the service writes to.",
            "Check whether the service writes under the same model name.",
            "Check whether the prediction log writes at all, and whether it samples.",
        ],
        mitigation: &[
            "Correct the folder or the name, and run `modelwatch drift once`: it prints how many rows it found.",
            "If the log is sampled, lower `minimum_rows`.",
        ],
        queries: |model| vec![drift_runs(model), window_rows(model), log_records(model)],
    },
    Runbook {
        known: &known::BASELINE_OLD,
        meaning: "The baseline is old. Drift against a past season, or against a population that has changed, is \
                  noise.",
        checks: &[
            "Check whether the model was retrained since. Then its baseline should come from that data.",
            "Look at the features. If each drifts a little, the baseline is too old.",
        ],
        mitigation: &[
            "Make a new one with `modelwatch baseline` from recent training data, and give it a version.",
            "If the old one is right on purpose, raise `baseline_age`.",
        ],
        queries: |model| vec![baseline(model), drift_scores(model)],
    },
    Runbook {
        known: &known::LOG_DROPPING,
        meaning: "The prediction log can't keep up, or can't write, and drops records. Serving is not affected; the \
                  drift job sees only a part of the traffic.",
        checks: &[
            "Check whether the disk is full, read-only or gone.",
            "Check whether it is slow. The queue fills when writing takes longer than predicting.",
            "Look at traffic: did it grow?",
        ],
        mitigation: &[
            "Free or restore the disk. The log continues by itself.",
            "Sample: a tenth of the records is as good for drift.",
        ],
        queries: |model| vec![log_records(model), traffic(model), window_rows(model)],
    },
];
