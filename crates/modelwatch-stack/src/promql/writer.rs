//! Writes expressions for rules, annotations, runbooks and dashboards.

use modelwatch_config::{Config, Plane, prometheus_duration};

use super::expr::{Expr, Matching, Side};
use super::lookup::{self, STACK_LABEL, Unknown};
use super::quote::{exactly, quoted, quoted_for_dashboards};
use super::selector::{Matcher, Selector, Series, Value, Window};

/// Writes the expressions of one stack.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    identity: Vec<String>,
    environment: String,
    stack: String,
    jobs: Vec<String>,
}

/// A part of an expression. Labels are filled in later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// PromQL.
    Text(String),
    /// The alert's value of a label, in quotes.
    Label(String),
}

/// The reader of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    /// A rule. It covers all environments at once.
    Rule,
    /// An alert's annotation. It is limited to the alert's own environment.
    Alert,
    /// A runbook. It shows the environment of the file.
    Example,
    /// A Grafana dashboard. Its variables choose the environment.
    Dashboard,
    /// A Perses dashboard. Its variables choose too.
    Perses,
}

/// When a Perses panel evaluates. A single figure there is the last value over the time range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// At each step of the time range.
    EachStep,
    /// At its end, for every step: a series that existed only earlier must not give the last figure.
    End,
}

impl Writer {
    /// Makes the writer for a configuration's stack.
    pub(crate) fn new(config: &Config) -> Self {
        let jobs = config.prometheus.jobs.iter();
        let jobs = jobs.filter(|job| job.plane != Plane::Watching);
        Self {
            identity: config.prometheus.identity.clone(),
            environment: config.environment.clone(),
            stack: config.stack.clone(),
            jobs: jobs.map(|job| job.job.clone()).collect(),
        }
    }

    /// Returns the identity labels, which distinguish environments.
    pub(crate) fn identity(&self) -> &[String] {
        &self.identity
    }

    /// Writes for a rule: parsed, looked up, and formatted for readers.
    ///
    /// # Errors
    ///
    /// Returns an error when a selected series does not exist, or when the expression needs an alert or a dashboard to fill it
    /// in.
    pub(crate) fn rule(&self, expr: &Expr) -> Result<String, Unknown> {
        lookup::check(&self.text(expr, Target::Rule)?, &self.identity)
    }

    /// Writes for a runbook: the same, limited to the file's own environment.
    ///
    /// # Errors
    ///
    /// The same errors as [`Writer::rule`].
    pub(crate) fn example(&self, expr: &Expr) -> Result<String, Unknown> {
        lookup::check(&self.text(expr, Target::Example)?, &self.identity)
    }

    /// Writes for an annotation, to be filled in with the alert's labels.
    ///
    /// # Errors
    ///
    /// The same errors as [`Writer::rule`].
    pub(crate) fn pieces(&self, expr: &Expr) -> Result<Vec<Piece>, Unknown> {
        let pieces = self.written(expr, Target::Alert).pieces;
        let filled = pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text.as_str(),
            Piece::Label(_) => "\"\"",
        });
        lookup::is_right(&filled.collect::<String>(), &self.identity)?;
        Ok(pieces)
    }

    /// Writes for a Grafana dashboard. [`lookup::check_panel`] checks the result.
    pub(crate) fn dashboard(&self, expr: &Expr) -> String {
        // An alert's label in a dashboard is looked up in its written form, and refused.
        joined(&self.written(expr, Target::Dashboard).pieces)
    }

    /// Writes for a Perses dashboard. [`lookup::check_panel`] checks the result.
    pub(crate) fn perses(&self, expr: &Expr, moment: Moment) -> String {
        let mut out = self.out(Target::Perses);
        out.moment = moment;
        out.expr(expr);
        joined(&out.pieces)
    }

    /// Writes the query for a label's values in Grafana's form.
    pub(crate) fn label_values(&self, selector: &Selector, label: &str) -> String {
        format!("label_values({}, {label})", self.dashboard(&selector.expr()))
    }

    /// Checks a text that was written for a dashboard.
    ///
    /// # Errors
    ///
    /// Returns an error when the text does not parse, or selects a series that does not exist.
    pub(crate) fn check_panel(&self, text: &str) -> Result<(), Unknown> {
        let selector = text
            .strip_prefix("label_values(")
            .and_then(|rest| rest.rsplit_once(", "));
        let text = selector.map_or(text, |(selector, _)| selector);
        // Only in ranges, a variable is not part of a string. With a format, it is not a pattern either.
        let text = text.replace(PANEL_WINDOW, "5m").replace(PERSES_FORMAT, "");
        lookup::is_right(&text.replace("`${", "`"), &self.identity)
    }

    fn text(&self, expr: &Expr, target: Target) -> Result<String, Unknown> {
        let pieces = self.written(expr, target).pieces;
        match pieces.iter().find(|piece| matches!(piece, Piece::Label(_))) {
            Some(Piece::Label(label)) => Err(Unknown::OfAlert(label.clone())),
            _ => Ok(joined(&pieces)),
        }
    }

    fn written(&self, expr: &Expr, target: Target) -> Out<'_> {
        let mut out = self.out(target);
        out.expr(expr);
        out
    }

    fn out(&self, target: Target) -> Out<'_> {
        Out {
            writer: self,
            target,
            moment: Moment::EachStep,
            pieces: Vec::new(),
        }
    }
}

fn joined(pieces: &[Piece]) -> String {
    let texts = pieces.iter().map(|piece| match piece {
        Piece::Text(text) => text.as_str(),
        Piece::Label(label) => label,
    });
    texts.collect()
}

/// Escapes a text so that Go's templates output it unchanged.
pub(crate) fn text_in_template(text: &str) -> String {
    text.replace("{{", "{{ \"{{\" }}")
}

const PANEL_WINDOW: &str = "$__rate_interval";
/// The format in which Perses inserts a variable's values into a pattern: each one literally.
const PERSES_FORMAT: &str = ":regex}";

struct Out<'w> {
    writer: &'w Writer,
    target: Target,
    moment: Moment,
    pieces: Vec<Piece>,
}

impl Out<'_> {
    fn push(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text),
            _ => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }

    fn quoted(&mut self, text: &str) {
        let quoted = match self.target {
            Target::Dashboard | Target::Perses => quoted_for_dashboards(text),
            Target::Rule | Target::Alert | Target::Example => quoted(text),
        };
        self.push(&quoted);
    }

    fn list(&mut self, labels: &[String], identified: bool) {
        let identity = if identified { &self.writer.identity[..] } else { &[] };
        let mut all: Vec<&str> = identity.iter().map(String::as_str).collect();
        all.extend(
            labels
                .iter()
                .map(String::as_str)
                .filter(|label| !identity.iter().any(|known| known == label)),
        );
        let list = all.join(", ");
        self.push("(");
        self.push(&list);
        self.push(")");
    }

    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Number(number) => self.push(&number.to_string()),
            Expr::Text(text) => self.quoted(text),
            Expr::Select(selector) => self.selector(selector, None),
            Expr::Range {
                function,
                series,
                window,
            } => {
                self.push(function);
                self.push("(");
                self.selector(series, Some(*window));
                self.push(")");
            }
            Expr::Call { function, arguments } => {
                self.push(function);
                self.push("(");
                for (index, argument) in arguments.iter().enumerate() {
                    if index > 0 {
                        self.push(", ");
                    }
                    self.expr(argument);
                }
                self.push(")");
            }
            Expr::Aggregate {
                operator,
                parameter,
                by,
                expr,
            } => {
                self.push(operator);
                if let Some(by) = by {
                    self.push(" by ");
                    self.list(by, true);
                    self.push(" ");
                }
                self.push("(");
                if let Some(parameter) = parameter {
                    self.push(&format!("{parameter}, "));
                }
                self.expr(expr);
                self.push(")");
            }
            Expr::Binary {
                left,
                operator,
                matching,
                right,
            } => {
                self.operand(left);
                self.push(" ");
                self.push(operator.text());
                if let Some(matching) = matching {
                    self.matching(matching);
                }
                self.push(" ");
                self.operand(right);
            }
        }
    }

    /// Adds parentheses where precedence could be unclear.
    fn operand(&mut self, expr: &Expr) {
        if matches!(expr, Expr::Binary { .. }) {
            self.push("(");
            self.expr(expr);
            self.push(")");
        } else {
            self.expr(expr);
        }
    }

    fn matching(&mut self, matching: &Matching) {
        self.push(" on ");
        self.list(&matching.on, true);
        if let Some((side, taken)) = &matching.many {
            self.push(match side {
                Side::Left => " group_left ",
                Side::Right => " group_right ",
            });
            self.list(taken, false);
        }
    }

    fn selector(&mut self, selector: &Selector, window: Option<Window>) {
        self.push(&selector.series.name());
        let matchers: Vec<_> = selector
            .matchers
            .iter()
            .cloned()
            .chain(self.narrowed(selector))
            .collect();
        if !matchers.is_empty() {
            self.push("{");
            for (index, matcher) in matchers.iter().enumerate() {
                if index > 0 {
                    self.push(", ");
                }
                self.matcher(matcher);
            }
            self.push("}");
        }
        match window {
            Some(Window::Of(window)) => self.push(&format!("[{}]", prometheus_duration(window))),
            Some(Window::Panel) => self.push(&format!("[{PANEL_WINDOW}]")),
            None => {}
        }
        if self.moment == Moment::End {
            self.push(" @ end()");
        }
        if let Some(offset) = selector.offset {
            self.push(&format!(" offset {}", prometheus_duration(offset)));
        }
    }

    fn matcher(&mut self, matcher: &Matcher) {
        self.push(&matcher.label);
        self.push(matcher.operator);
        match &matcher.value {
            Value::Text(text) => self.quoted(text),
            Value::OfAlert(label) => self.pieces.push(Piece::Label(label.clone())),
            Value::Variable(variable) => self.variable(variable, ""),
            Value::VariableOrNothing(variable) => self.variable(variable, "|"),
        }
    }

    /// Writes the viewer's chosen values as a pattern, and `or`, which it also matches.
    fn variable(&mut self, variable: &str, or: &str) {
        let pattern = match self.target {
            // Perses escapes the pattern but not the string around it, so the string must have no escapes.
            Target::Perses => format!("`${{{variable}{PERSES_FORMAT}{or}`"),
            Target::Rule | Target::Alert | Target::Example | Target::Dashboard => format!("\"${variable}{or}\""),
        };
        self.push(&pattern);
    }

    /// Returns the matchers that a selector does not have itself: the stack's own series, and the environment.
    fn narrowed(&self, selector: &Selector) -> Vec<Matcher> {
        let writer = self.writer;
        let has = |label: &str| selector.matchers.iter().any(|matcher| matcher.label == label);
        let mut matchers = Vec::new();
        let mut add = |label: &str, operator, value| {
            if !has(label) {
                matchers.push(Matcher {
                    label: label.to_owned(),
                    operator,
                    value,
                });
            }
        };
        match selector.series {
            Series::Contract(..) => {
                // For people, a model's name is specific enough. Rules read only the stack's own jobs.
                let one_model = selector
                    .matchers
                    .iter()
                    .any(|matcher| matcher.label == "model_name" && matcher.operator == "=");
                if self.target == Target::Rule || !one_model {
                    match &writer.jobs[..] {
                        [job] => add("job", "=", Value::Text(job.clone())),
                        jobs => add("job", "=~", Value::Text(exactly(jobs.iter().map(String::as_str)))),
                    }
                }
            }
            Series::Recorded(_) | Series::Own("ALERTS" | "ALERTS_FOR_STATE") => {
                add(STACK_LABEL, "=", Value::Text(writer.stack.clone()));
            }
            Series::Own("up") => {}
            // Series about Prometheus itself have no environment.
            Series::Own(_) => return matchers,
        }
        let identity = if selector.everywhere {
            &[][..]
        } else {
            &writer.identity[..]
        };
        for label in identity {
            let (operator, value) = match (self.target, selector.series) {
                (Target::Rule, _) => continue,
                (Target::Alert, _) => ("=", Value::OfAlert(label.clone())),
                (Target::Example, _) if label == "environment" => ("=", Value::Text(writer.environment.clone())),
                (Target::Example, _) => ("=~", Value::Text(".+".to_owned())),
                // A job without any target has no known environment.
                (Target::Dashboard | Target::Perses, Series::Own("ALERTS")) => {
                    ("=~", Value::VariableOrNothing(label.clone()))
                }
                (Target::Dashboard | Target::Perses, _) => ("=~", Value::Variable(label.clone())),
            };
            add(label, operator, value);
        }
        matchers
    }
}
