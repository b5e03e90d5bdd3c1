//! Tokens of a request to a generative model.

/// Tokens of one request, as they are billed. What is not known is not recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Tokens of the prompt.
    pub input: Option<u64>,
    /// Tokens of the answer.
    pub output: Option<u64>,
}
