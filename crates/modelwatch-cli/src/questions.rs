//! What is asked of columns that look like no feature, where somebody is there to answer.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use modelwatch_drift_job::{ColumnKind, Role, Trained, TrainingOptions, TrainingWarning};

/// Whether somebody reads the questions and types the answers.
pub(crate) fn can_be_asked() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// What columns are.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Answers(Vec<(String, Answer)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Is(Role),
    Feature(ColumnKind),
}

/// Asks of each column that looks like no feature what it is. Whoever types nothing agrees.
pub(crate) fn ask(trained: &Trained) -> Answers {
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stderr());
    let suspects = trained.warnings.iter().filter_map(|warning| match warning {
        TrainingWarning::LooksLike { column, role } => Some((column, *role)),
        TrainingWarning::Times(column) => Some((column, Role::Time)),
        TrainingWarning::Identifies { column, .. } => Some((column, Role::Identifier)),
        _ => None,
    });
    let mut answers = Answers::default();
    for (column, role) in suspects {
        let (what, then) = match role {
            Role::Score => ("the model's score", "take it for that"),
            Role::Class => ("the predicted class", "take it for that"),
            Role::Time => ("the rows' time", "take it for that"),
            Role::Label => ("the label", "leave it out"),
            _ => ("an identifier", "leave it out"),
        };
        let asked = write!(output, "{column:?} looks like {what}: {then}? [Y, or n for a feature] ");
        let mut line = String::new();
        // The end of the input answers nothing, and the warnings say what to do.
        if asked.and_then(|()| output.flush()).is_err() || !matches!(input.read_line(&mut line), Ok(1..)) {
            break;
        }
        // A feature of the prediction log has a prefix there.
        let is_it = |name: &str| column == name || column.strip_prefix("feature.") == Some(name);
        let kind = trained.columns.iter().find(|summary| is_it(&summary.name));
        // Texts that are times are left out, so there is no summary of them.
        let unread = if role == Role::Time {
            ColumnKind::Categorical
        } else {
            ColumnKind::Numeric
        };
        let kind = kind.map_or(unread, |summary| summary.kind);
        let answer = match line.trim().to_ascii_lowercase().as_str() {
            "n" | "no" => Answer::Feature(kind),
            _ => Answer::Is(role),
        };
        answers.0.push((column.clone(), answer));
    }
    answers
}

impl Answers {
    /// Has the options say so; whether a baseline made with them is another one, or has other warnings.
    pub(crate) fn change(self, options: &mut TrainingOptions) -> bool {
        let changed = !self.0.is_empty();
        for (column, answer) in self.0 {
            match answer {
                Answer::Is(Role::Score) if options.score.is_none() => options.score = Some(column),
                Answer::Is(Role::Class) if options.class.is_none() => options.class = Some(column),
                Answer::Is(Role::Time) if options.time.is_none() => options.time = Some(column),
                // There is one of each already, so this is another that is no feature.
                Answer::Is(_) => options.without.push(column),
                Answer::Feature(ColumnKind::Numeric) => options.numeric.push(column),
                Answer::Feature(ColumnKind::Categorical) => options.categorical.push(column),
            }
        }
        changed
    }
}
