//! `modelwatch stack generate`.

use modelwatch_stack::check::{Difference, differences, write};

use super::files::Files;
use crate::failure::Failure;
use crate::terminal::say;

pub(super) fn run(files: &Files) -> Result<(), Failure> {
    let config = files.load()?;
    let generated = modelwatch_stack::generate(&config).map_err(Failure::new)?;
    let written = write(&generated, &files.out)
        .map_err(|error| Failure::new(format!("{error}; name a folder you may write to with --out")))?;
    let out = files.out.display();
    for path in &written {
        say(format_args!("wrote {out}/{path}"));
    }
    let left = differences(&generated, &files.out).map_err(Failure::new)?;
    for difference in left {
        if matches!(difference, Difference::LeftOver { .. }) {
            say(format_args!("{out}/{difference}"));
        }
    }
    say(format_args!(
        "{} files, {} of them new or changed",
        generated.len(),
        written.len()
    ));
    Ok(())
}
