//! Tokens of one answer of a generative model.

/// The tokens of one answer, as they are billed. What is not known is not recorded.
///
/// ```
/// use modelwatch::Tokens;
///
/// let tokens = Tokens::new().input(812).cached(512).output(4);
/// assert_eq!((tokens.input, tokens.reasoning), (Some(812), None));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tokens {
    /// Tokens of the prompt, the cached ones included.
    pub input: Option<u64>,
    /// Tokens of the answer, those of its reasoning included.
    pub output: Option<u64>,
    /// Tokens of the prompt that came out of a cache.
    pub cached: Option<u64>,
    /// Tokens of the answer that the model spent on reasoning.
    pub reasoning: Option<u64>,
}

impl Tokens {
    /// Knows nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            input: None,
            output: None,
            cached: None,
            reasoning: None,
        }
    }

    /// Sets the tokens of the prompt, the cached ones included.
    #[must_use]
    pub const fn input(mut self, tokens: u64) -> Self {
        self.input = Some(tokens);
        self
    }

    /// Sets the tokens of the answer, those of its reasoning included.
    #[must_use]
    pub const fn output(mut self, tokens: u64) -> Self {
        self.output = Some(tokens);
        self
    }

    /// Sets the tokens of the prompt that came out of a cache.
    #[must_use]
    pub const fn cached(mut self, tokens: u64) -> Self {
        self.cached = Some(tokens);
        self
    }

    /// Sets the tokens of the answer that the model spent on reasoning.
    #[must_use]
    pub const fn reasoning(mut self, tokens: u64) -> Self {
        self.reasoning = Some(tokens);
        self
    }

    /// In the order of [`TOKEN_TYPES`].
    pub(crate) const fn by_type(self) -> [Option<u64>; TOKEN_TYPES.len()] {
        [self.input, self.output, self.cached, self.reasoning]
    }

    /// What `later` knows, and what only this one knows.
    pub(crate) fn updated(self, later: Self) -> Self {
        Self {
            input: later.input.or(self.input),
            output: later.output.or(self.output),
            cached: later.cached.or(self.cached),
            reasoning: later.reasoning.or(self.reasoning),
        }
    }
}

/// The values of the `gen_ai_token_type` label.
pub(crate) const TOKEN_TYPES: [&str; 4] = ["input", "output", "cached", "reasoning"];
