//! Stages from `tracing` spans, whatever the service's own filters hide.

use std::fmt;
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Filter, Layer};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::cells::clock::Instant;
use crate::handles::model::Model;
use crate::monitor::Monitor;

const STAGE: &str = "ml.stage";
const MODEL_NAME: &str = "ml.model_name";
const MODEL_VERSION: &str = "ml.model_version";
/// Stages of one request that wait until it is known which version serves it.
const MOST_WAITING: usize = 64;

impl Monitor {
    /// Makes a layer for a `tracing` subscriber that records stages from spans: the time from the making of a span with
    /// the field `ml.stage` to its end, in `ml_inference_stage_seconds`.
    ///
    /// The version is that of the nearest span around it, or of the span itself, with the fields `ml.model_name` and
    /// `ml.model_version`: [`Model::span`] makes one. The fields may be recorded later; stages that end before wait for
    /// it. Where no span says, it is `otherwise`; where nobody says, the stage is not recorded.
    ///
    /// The layer has a filter of its own and so sees these spans, of any level, though filters of *other layers* hide
    /// them. A filter put on the subscriber as a whole hides them from every layer: give each layer its own with
    /// `with_filter`.
    ///
    /// # Example: a handler that passes no handle on
    ///
    /// ```
    /// use modelwatch::Monitor;
    /// use tracing_subscriber::filter::LevelFilter;
    /// use tracing_subscriber::prelude::*;
    ///
    /// let monitor = Monitor::new();
    /// let model = monitor.model("claims-risk", "2026-04-01").register()?;
    /// let subscriber = tracing_subscriber::registry()
    ///     .with(monitor.stage_layer(None))
    ///     .with(tracing_subscriber::fmt::layer().with_filter(LevelFilter::WARN)); // not on the registry
    ///
    /// #[tracing::instrument(fields(ml.stage = "feature_fetch"))]
    /// fn fetch() {}
    ///
    /// tracing::subscriber::with_default(subscriber, || {
    ///     model.span().in_scope(|| {
    ///         fetch();
    ///         tracing::debug_span!("rerank", ml.stage = "rerank").in_scope(|| ()); // a stage of the service's own
    ///     });
    /// });
    /// assert_eq!(monitor.value("ml_inference_stage_seconds_count", &[("stage", "feature_fetch")]), Ok(1.0));
    /// assert_eq!(monitor.value("ml_inference_stage_seconds_count", &[("stage", "rerank")]), Ok(1.0));
    /// # Ok::<(), modelwatch::RegisterError>(())
    /// ```
    pub fn stage_layer<S>(&self, otherwise: Option<&Model>) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let layer = StageLayer {
            monitor: self.clone(),
            otherwise: otherwise.cloned(),
        };
        layer.with_filter(OwnSpans)
    }
}

impl Model {
    /// Makes a span that says which version serves what happens in it, for the layer of [`Monitor::stage_layer`].
    #[must_use]
    pub fn span(&self) -> tracing::Span {
        tracing::error_span!(
            target: "modelwatch::serving",
            "serving",
            ml.model_name = self.name(),
            ml.model_version = self.version()
        )
    }
}

/// Enables the spans with fields of ours, and nothing else.
struct OwnSpans;

fn is_ours(metadata: &Metadata<'_>) -> bool {
    let has = |field| metadata.fields().field(field).is_some();
    metadata.is_span() && [STAGE, MODEL_NAME, MODEL_VERSION].into_iter().any(has)
}

impl<S> Filter<S> for OwnSpans {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        is_ours(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if is_ours(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }
}

struct StageLayer {
    monitor: Monitor,
    otherwise: Option<Model>,
}

/// What a span of ours says.
struct Said {
    started: Instant,
    /// Whether it may say which version serves, now or later.
    names: bool,
    stage: Option<String>,
    model: Option<String>,
    version: Option<String>,
    /// Stages inside it that ended before it said.
    waiting: Vec<(String, Duration)>,
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        let place = match field.name() {
            STAGE => &mut self.stage,
            MODEL_NAME => &mut self.model,
            MODEL_VERSION => &mut self.version,
            _ => return,
        };
        *place = Some(value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

impl Said {
    /// The model and version it names, if it names both.
    fn named(&self) -> Option<(String, String)> {
        self.model.clone().zip(self.version.clone())
    }
}

/// Nothing is recorded while a span's extensions are locked: a warning on the way would have layers ask for them.
impl StageLayer {
    /// Records a stage that has ended, or leaves it with the nearest span that is to say which version serves.
    fn ended<'a, S: LookupSpan<'a>>(&self, span: &SpanRef<'a, S>, stage: String, duration: Duration) {
        for around in span.scope() {
            let named = {
                let mut extensions = around.extensions_mut();
                let Some(said) = extensions.get_mut::<Said>().filter(|said| said.names) else {
                    continue;
                };
                match said.named() {
                    Some(named) => Some(named),
                    // At its own end a span can't wait for itself.
                    None if around.id() == span.id() => continue,
                    None if said.waiting.len() < MOST_WAITING => {
                        said.waiting.push((stage, duration));
                        return;
                    }
                    None => None,
                }
            };
            if let Some((model, version)) = named {
                record(&self.monitor.resolve(&model, &version), [(stage, duration)]);
                return;
            }
            break;
        }
        if let Some(model) = &self.otherwise {
            record(model, [(stage, duration)]);
        }
    }
}

fn record(model: &Model, stages: impl IntoIterator<Item = (String, Duration)>) {
    for (stage, duration) in stages {
        model.record_stage(stage, duration);
    }
}

impl<S> Layer<S> for StageLayer
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let has = |field| attributes.metadata().fields().field(field).is_some();
        let mut said = Said {
            started: Instant::now(),
            names: has(MODEL_NAME) && has(MODEL_VERSION),
            stage: None,
            model: None,
            version: None,
            waiting: Vec::new(),
        };
        attributes.record(&mut said);
        span.extensions_mut().insert(said);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let settled = {
            let mut extensions = span.extensions_mut();
            let Some(said) = extensions.get_mut::<Said>() else {
                return;
            };
            values.record(said);
            said.named().map(|named| (named, std::mem::take(&mut said.waiting)))
        };
        if let Some(((model, version), waiting)) = settled.filter(|(_, waiting)| !waiting.is_empty()) {
            record(&self.monitor.resolve(&model, &version), waiting);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let (stage, elapsed, waiting) = {
            let mut extensions = span.extensions_mut();
            let Some(said) = extensions.get_mut::<Said>() else {
                return;
            };
            (
                said.stage.take(),
                said.started.elapsed(),
                std::mem::take(&mut said.waiting),
            )
        };
        // Those that waited for this one wait for the one around it.
        for (stage, duration) in waiting.into_iter().chain(stage.map(|stage| (stage, elapsed))) {
            self.ended(&span, stage, duration);
        }
    }
}
