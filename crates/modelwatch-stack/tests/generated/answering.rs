//! The rules that can have an answer where only some series exist.
//!
//! promtool prints, parses and evaluates each rule at each evaluation, also one whose answer is known, such as one that divides
//! by a series that nobody exposes. A story that is played with the other rules alone has the same end sooner.

use std::collections::BTreeSet;

use modelwatch_stack::rules::{Group, Rule};
use promql_parser::parser::token::{T_LOR, T_LUNLESS};
use promql_parser::parser::{self, BinaryExpr, Call, Expr, VectorSelector};

/// Rules, and what each needs to have an answer.
#[derive(Clone, Debug)]
pub(crate) struct Answering {
    groups: Vec<Group>,
    /// Those of each rule, in the order of the rules.
    needs: Vec<Needs>,
}

impl Answering {
    pub(crate) fn new(groups: Vec<Group>) -> Self {
        let rules = || groups.iter().flat_map(|group| &group.rules);
        let alerts = rules().filter_map(|rule| rule.alert.as_deref()).collect();
        let needs = rules().map(|rule| Needs::of(&rule.expr, &alerts)).collect();
        Self { groups, needs }
    }

    /// The groups without the rules that have no answer where these series exist, and what rules record of them. A group
    /// of which no rule is left is not there.
    pub(crate) fn among(&self, series: &BTreeSet<&str>) -> Vec<Group> {
        let rules: Vec<&Rule> = self.groups.iter().flat_map(|group| &group.rules).collect();
        let mut there = series.clone();
        let mut raised = BTreeSet::new();
        let mut answers = vec![false; rules.len()];
        // One rule may read what another one records or raises, in circles, too.
        loop {
            let mut new = false;
            for ((rule, needs), answers) in rules.iter().zip(&self.needs).zip(&mut answers) {
                if !*answers && needs.are_met(&there, &raised) {
                    (*answers, new) = (true, true);
                    there.extend(rule.record.as_deref());
                    raised.extend(rule.alert.as_deref());
                }
            }
            if !new {
                break;
            }
        }
        let mut answers = answers.into_iter();
        let mut groups = self.groups.clone();
        for group in &mut groups {
            group.rules.retain(|_| answers.next().unwrap_or(true));
        }
        groups.retain(|group| !group.rules.is_empty());
        groups
    }
}

/// Functions whose answer to nothing is something.
const ANSWER_NOTHING: [&str; 4] = ["absent", "absent_over_time", "scalar", "vector"];

/// What must exist for an expression to have an answer. Where it does not, the expression has none, whatever the values are.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Needs {
    /// Series of this name.
    Series(String),
    /// One of these alerts, pending or firing.
    Alerts(BTreeSet<String>),
    /// Each of these. A number needs none.
    All(Vec<Needs>),
    /// One of these.
    Any(Vec<Needs>),
}

impl Needs {
    /// What an expression needs, of alerts with these names.
    fn of(expression: &str, alerts: &BTreeSet<&str>) -> Self {
        let parsed = parser::parse(expression).unwrap_or_else(|error| panic!("{error}: {expression}"));
        Reader { alerts }.expr(&parsed)
    }

    /// Whether it is all there.
    fn are_met(&self, series: &BTreeSet<&str>, alerts: &BTreeSet<&str>) -> bool {
        match self {
            Self::Series(name) => series.contains(name.as_str()),
            Self::Alerts(names) => names.iter().any(|name| alerts.contains(name.as_str())),
            Self::All(all) => all.iter().all(|needs| needs.are_met(series, alerts)),
            Self::Any(any) => any.iter().any(|needs| needs.are_met(series, alerts)),
        }
    }

    fn nothing() -> Self {
        Self::All(Vec::new())
    }
}

struct Reader<'a> {
    alerts: &'a BTreeSet<&'a str>,
}

impl Reader<'_> {
    fn expr(&self, expr: &Expr) -> Needs {
        match expr {
            Expr::VectorSelector(selector) => self.selector(selector),
            Expr::MatrixSelector(matrix) => self.selector(&matrix.vs),
            Expr::Aggregate(aggregate) => self.expr(&aggregate.expr),
            Expr::Unary(unary) => self.expr(&unary.expr),
            Expr::Paren(paren) => self.expr(&paren.expr),
            Expr::Subquery(subquery) => self.expr(&subquery.expr),
            Expr::Binary(binary) => self.binary(binary),
            Expr::Call(call) => self.call(call),
            Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => Needs::nothing(),
        }
    }

    fn selector(&self, selector: &VectorSelector) -> Needs {
        match selector.name.as_deref() {
            Some("ALERTS" | "ALERTS_FOR_STATE") if selector.matchers.or_matchers.is_empty() => {
                let matchers = selector.matchers.find_matchers("alertname");
                let is_selected = |name: &&&str| matchers.iter().all(|matcher| matcher.is_match(name));
                let selected = self.alerts.iter().filter(is_selected);
                Needs::Alerts(selected.map(|name| (*name).to_owned()).collect())
            }
            Some(name) => Needs::Series(name.to_owned()),
            // Selects by a pattern of names.
            None => Needs::nothing(),
        }
    }

    fn binary(&self, binary: &BinaryExpr) -> Needs {
        let sides = || vec![self.expr(&binary.lhs), self.expr(&binary.rhs)];
        let fill = binary.modifier.as_ref().map(|modifier| &modifier.fill_values);
        match binary.op.id() {
            T_LOR => Needs::Any(sides()),
            T_LUNLESS => self.expr(&binary.lhs),
            // With `fill`, one side is enough.
            _ if fill.is_some_and(|fill| fill.lhs.is_some() || fill.rhs.is_some()) => Needs::Any(sides()),
            _ => Needs::All(sides()),
        }
    }

    fn call(&self, call: &Call) -> Needs {
        if ANSWER_NOTHING.contains(&call.func.name) {
            return Needs::nothing();
        }
        // `info` answers without its second argument.
        let needed = if call.func.name == "info" { 1 } else { usize::MAX };
        let arguments = call.args.args.iter().take(needed);
        Needs::All(arguments.map(|argument| self.expr(argument)).collect())
    }
}

/// Whether an expression can have an answer where the series `a` and `b` exist, and the alert `A` of `A` and `B`.
fn answers(expression: &str) -> bool {
    let needs = Needs::of(expression, &BTreeSet::from(["A", "B"]));
    needs.are_met(&BTreeSet::from(["a", "b"]), &BTreeSet::from(["A"]))
}

#[test]
fn an_expression_of_what_is_there_may_answer() {
    for expression in [
        "a",
        "rate(a[5m])",
        "sum by (x) (a) / sum by (x) (b)",
        "a or c",
        "c or a",
        "a unless c",
        "a * 2 > 1",
        "-a",
        "label_replace(a, \"x\", \"c\", \"\", \"\")",
        "max_over_time(rate(a[5m])[1h:1m])",
        "histogram_quantile(0.95, sum by (le) (rate(a[5m])))",
        "ALERTS{alertname=\"A\"}",
        "ALERTS{alertname=~\"A|B\", alertstate=\"firing\"}",
        "ALERTS{severity=\"page\"}",
        "ALERTS_FOR_STATE{alertname!=\"B\"}",
    ] {
        assert!(answers(expression), "{expression}");
    }
}

#[test]
fn an_expression_of_nothing_may_answer() {
    for expression in [
        "vector(1)",
        "vector(scalar(c))",
        "time() - 5",
        "absent(c)",
        "absent_over_time(c[5m])",
        "a < scalar(c)",
        "c or vector(0)",
        "hour()",
        "{__name__=~\"c.*\"}",
    ] {
        assert!(answers(expression), "{expression}");
    }
}

#[test]
fn an_expression_of_what_is_not_there_does_not_answer() {
    for expression in [
        "c",
        "rate(c[5m])",
        "count(c)",
        "c + 1",
        "a and c",
        "a / on (x) group_left () c",
        "a > c",
        "c unless a",
        "c or d",
        "clamp_min(a - c, 0)",
        "topk(3, c)",
        "max_over_time(rate(c[5m])[1h:1m])",
        "ALERTS{alertname=\"B\"}",
        "ALERTS{alertname=\"C\"}",
        "a and on () ALERTS{alertname=~\"B|C\"}",
        "ALERTS_FOR_STATE{alertname!~\"A\"}",
    ] {
        assert!(!answers(expression), "{expression}");
    }
}
