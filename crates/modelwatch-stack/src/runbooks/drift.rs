//! Drift, and the job that looks for it.

use super::page::Runbook;
use super::queries::*;
use crate::known;

const DRIFT_CHECKS: &[&str] = &[
    "Is the signal about real production traffic, and not a broken batch job? Look at the window's rows and the job's runs.",
    "Which features are affected, and which upstream system produces them?",
    "Was there a release of a schema, an ETL job or the feature store just before?",
    "Is the baseline the right one: its version, its season, its population?",
];
const DRIFT_MITIGATION: &[&str] = &[
    "If data is broken, roll back the pipeline. Drift is often a data problem long before it is a model problem.",
    "If the change is real and harmless, make a new baseline with `modelwatch baseline`, or change the threshold.",
    "If the change is real and the model suffers, retrain.",
];

pub(super) const RUNBOOKS: &[Runbook] = &[
    Runbook {
        known: &known::FEATURE_DRIFT,
        meaning: "A critical feature is no longer distributed as in training: its distance from the baseline is above its \
                  threshold, and too large to be chance in a window of that size.",
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
        meaning: "A feature in one version's requests is no longer distributed as in training, while over all versions it is: what \
                  only this version is fed, or only its callers send.",
        checks: &[
            "Does the version fetch the feature by another way than the others?",
            "Does it get other traffic: one region, one caller, one route?",
        ],
        mitigation: DRIFT_MITIGATION,
        queries: |model| vec![drift_scores(model), share(model), missing_since(model), pipeline(model)],
    },
    Runbook {
        known: &known::JOINT_DRIFT,
        meaning: "Numeric features go together otherwise than in training, while none drifts on its own: the reconstruction error, or the \
                  correlation of a pair, is further from training than is usual for windows of that length.",
        checks: &[
            "Which pairs moved? `modelwatch drift once` names them, with the correlation before and now.",
            "Was a join changed, so that rows of different requests are mixed?",
            "Did the sign, the unit or the source of one feature change for some of its rows?",
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
        meaning: "The drift job has not finished a window for three intervals. Drift that was on goes on firing for a while; new drift \
                  would not be seen.",
        checks: &[
            "Does the job run, and does its exporter answer scrapes?",
            "Do its runs fail, or do windows have too few rows?",
            "Does the prediction log write?",
        ],
        mitigation: &[
            "Restart the job; it takes up where the clock is.",
            "Run `modelwatch drift once` by hand: it says what is wrong.",
        ],
        queries: |model| vec![drift_runs(model), window_rows(model), log_records(model)],
    },
    Runbook {
        known: &known::DRIFT_JOB_MISSING,
        meaning: "The model is served and modelwatch.toml says how its drift is to be watched, and no drift job tells about it.",
        checks: &[
            "Is a drift job deployed with this modelwatch.toml?",
            "Is its exporter among the scrape jobs, and up?",
        ],
        mitigation: &[
            "Deploy it: `modelwatch drift serve`, or `once` from a scheduler.",
            "If nobody wants it, take `[models.drift]` out of modelwatch.toml.",
        ],
        queries: |model| vec![drift_runs(model), versions(model)],
    },
    Runbook {
        known: &known::DRIFT_JOB_FAILING,
        meaning: "Runs of the drift job end in an error: the log or the baseline can't be read.",
        checks: &[
            "What does the job's log say? It names the file.",
            "Was the baseline replaced, or the log moved?",
            "May the job still read the store?",
        ],
        mitigation: &[
            "Put the file or the permission back.",
            "Run `modelwatch drift once` by hand: it says what is wrong.",
        ],
        queries: |model| vec![drift_runs(model), baseline(model), log_records(model)],
    },
    Runbook {
        known: &known::DRIFT_JOB_BLIND,
        meaning: "The drift job runs and finds next to no rows, though the model answers many requests. Nobody watches for drift.",
        checks: &[
            "Does `log` in modelwatch.toml name the folder the service writes to?",
            "Does the service write under the same model name?",
            "Does the prediction log write at all, and is sampling on?",
        ],
        mitigation: &[
            "Put the folder or the name right, and run `modelwatch drift once`: it says how many rows it found.",
            "If the log is sampled, lower `minimum_rows`.",
        ],
        queries: |model| vec![drift_runs(model), window_rows(model), log_records(model)],
    },
    Runbook {
        known: &known::BASELINE_OLD,
        meaning: "The baseline is old. Drift against a season that is gone, or a population that has changed, is noise.",
        checks: &[
            "Was the model retrained since? Then its baseline should be of that data.",
            "Does every feature drift a little? That is what an old baseline looks like.",
        ],
        mitigation: &[
            "Make a new one with `modelwatch baseline` from recent training data, and give it a version.",
            "If the old one is right on purpose, raise `baseline_age`.",
        ],
        queries: |model| vec![baseline(model), drift_scores(model)],
    },
    Runbook {
        known: &known::LOG_DROPPING,
        meaning: "The prediction log can't keep up, or can't write, and drops records. Serving goes on untouched; the drift job sees a \
                  part of the traffic.",
        checks: &[
            "Is the disk full, read-only or gone?",
            "Is it slow? The queue fills when writing takes longer than predicting.",
            "Did traffic grow?",
        ],
        mitigation: &[
            "Free or restore the disk: the log goes on by itself.",
            "Sample: a tenth of the records is as good for drift.",
        ],
        queries: |model| vec![log_records(model), traffic(model), window_rows(model)],
    },
];
