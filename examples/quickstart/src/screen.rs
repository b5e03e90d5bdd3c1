//! Where the figures go.

use std::io::Write;

use flights::error::Failure;

/// The output: a terminal that is drawn over, or plain lines.
pub(crate) struct Screen {
    plain: bool,
    /// Stays above what is drawn, so that the address is there as long as somebody may want it.
    head: String,
}

impl Screen {
    pub(crate) fn new(plain: bool) -> Self {
        Self {
            plain,
            head: String::new(),
        }
    }

    /// Says what stays above everything that is drawn later.
    pub(crate) fn head(&mut self, text: &str) -> Result<(), Failure> {
        self.head.push_str(text);
        self.say(text)
    }

    /// Says something after everything so far.
    pub(crate) fn say(&mut self, text: &str) -> Result<(), Failure> {
        let mut out = std::io::stdout().lock();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        written.map_err(|error| Failure::new(format!("can't write the figures: {error}")))
    }

    /// In the place of what was drawn before, where the terminal can.
    pub(crate) fn draw(&mut self, text: &str) -> Result<(), Failure> {
        self.say(&self.frame(text))
    }

    fn frame(&self, text: &str) -> String {
        if self.plain {
            return text.into();
        }
        // Each line clears its own rest and the last clears what is below: nothing flickers.
        let lines = format!("{}{text}", self.head).replace('\n', "\x1b[K\n");
        format!("\x1b[H{lines}\x1b[J")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(plain: bool) -> Screen {
        Screen {
            plain,
            head: "serving\n".into(),
        }
    }

    #[test]
    fn what_was_said_first_stays_above_the_table() {
        assert_eq!(
            screen(false).frame("table\n"),
            "\x1b[Hserving\x1b[K\ntable\x1b[K\n\x1b[J"
        );
    }

    #[test]
    fn plain_output_is_the_text_alone() {
        assert_eq!(screen(true).frame("table\n"), "table\n");
    }
}
