//! How often models are right, and the labels that show it.

use super::page::Runbook;
use super::queries::*;
use crate::known;

const PERFORMANCE_CHECKS: &[&str] = &[
    "Compare versions. If one fell, suspect its release. If all fell, suspect the data or the world.",
    "Find the rows that made it worse: `modelwatch performance … --explain COLUMNS` names the cells that explain \
     most of the loss, and `--segment COLUMN` measures each value.",
    "Check whether the labels are right and complete. Early labels may be of other cases than late ones: fraud that \
     is found soon is not all of it.",
    "Look for inputs that drifted, or a feature that broke, just before.",
];

pub(super) const RUNBOOKS: &[Runbook] = &[
    Runbook {
        known: &known::PERFORMANCE_FELL,
        meaning: "By the labels so far, the model is wrong more often, or by more, than in the labelled reference. A \
                  loss grew by more than its threshold, and the reference is more than twice the interval's reach \
                  away. For a measure of which more is better, the loss is 1 minus the measure. `__all__` means all \
                  versions together. With the labels `segment` and `segment_value`, the alert is about the \
                  predictions with that value, compared with the same value in the reference, while no loss over all \
                  predictions is above its threshold.",
        checks: PERFORMANCE_CHECKS,
        mitigation: &[
            "If one version fell, shift its traffic back to the others.",
            "If a feature broke, fix its pipeline: the model is as good as its input.",
            "If the world changed, retrain on recent labels, and make a new reference.",
        ],
        queries: |model| {
            vec![
                lost(model),
                explained(model),
                lost_by_segment(model),
                measured(model),
                reference(model),
                labels(model),
                share(model),
                drift_scores(model),
                missing_since(model),
                pipeline(model),
            ]
        },
    },
    Runbook {
        known: &known::ESTIMATE_FELL,
        meaning: "Most predictions have no label yet. Without labels, modelwatch expects the model to be wrong more \
                  often, or by more, than in the reference. The estimate follows the inputs: it holds where their \
                  values moved and their meaning did not. It stops once half of a version's predictions have a \
                  label.",
        checks: &[
            "Look at which inputs moved. Nothing else can lower the estimate.",
            "Run `modelwatch performance`: it warns if many rows are unlike any of the reference.",
            "Compare the labels so far with what was estimated for them.",
        ],
        mitigation: &[
            "If an input broke, fix it; the estimate follows.",
            "If the inputs moved for good, get labels sooner for a sample. Retrain if they say the same.",
        ],
        queries: |model| {
            vec![
                estimated(model),
                reference(model),
                measured(model),
                labels(model),
                drift_scores(model),
                missing_since(model),
            ]
        },
    },
    Runbook {
        known: &known::CALIBRATION_OFF,
        meaning: "Predictions are further off what happens than in the reference: probabilities no longer match \
                  shares, or numbers are too large or too small on average. Whoever compares predictions with a \
                  threshold, or multiplies by them, decides wrongly, even where the order of the predictions is \
                  still right.",
        checks: &[
            "Compare the share of positives with the inputs. If only the share changed, the world changed and not \
             the data.",
            "Compare versions. If one is affected, look at its scores: a missing calibration, another loss, another \
             sampling.",
            "Look at `roc_auc`. If the order is still right, a new calibration is enough.",
        ],
        mitigation: &[
            "Calibrate the scores on recent labels: isotonic regression, or a shift of the intercept.",
            "If one version is off, shift its traffic back to the others.",
            "Until then, set the decision threshold by what happens and not by the score.",
        ],
        queries: |model| {
            vec![
                measured(model),
                reference(model),
                labels(model),
                score_now(model),
                share(model),
            ]
        },
    },
    Runbook {
        known: &known::LABELS_STOPPED,
        meaning: "You no longer know whether the model is right. Either `modelwatch performance` has not run for too \
                  long, or no label came while predictions did, or a smaller share of the predictions gets one, or \
                  the exporter can't read what modelwatch.toml names. Alerts about performance keep the last \
                  figures.",
        checks: &[
            "Run the job by hand and look at its exit code: it prints what is wrong.",
            "If the drift job's exporter measures (`[models.performance]`), look at its log and at \
             `ml_performance_runs_total`. Of its results, `outcomes`, `predictions` and `reference` are files it \
             can't read, `columns` is a missing column, and `timeout` a run that took too long.",
            "Check whether the job publishes where Prometheus looks: a node exporter's textfile, or a Pushgateway, \
             that is among the scrape jobs.",
            "Check whether labels still arrive where `--outcomes` looks, and whether the report counts them as \
             unmatched or late.",
            "Check whether ids changed, so that labels find no prediction.",
        ],
        mitigation: &[
            "Start the job again. It needs nothing of earlier runs.",
            "Fix the pipeline of labels. Late ones still count within the horizon.",
            "If labels normally come less often, raise `labels_age` or `performance_age` in modelwatch.toml.",
        ],
        queries: |model| {
            vec![
                performance_age(model),
                performance_runs(model),
                outcomes(model),
                labels(model),
                labelled_share(model),
                log_records(model),
            ]
        },
    },
];
