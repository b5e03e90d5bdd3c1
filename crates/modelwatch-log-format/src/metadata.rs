//! What a file's footer says of it, as key and value.

/// The key under which the model's name stands.
pub const MODEL: &str = "modelwatch.model";
/// The key under which the [`VERSION`] of the format stands.
pub const FORMAT: &str = "modelwatch.format";
/// The key under which a file that was made of others has their names, `/` between them. A reader that sees both counts the one and
/// not the others, which are about to be removed.
pub const REPLACES: &str = "modelwatch.replaces";
/// The format that this release writes and reads. A change that an older reader would misread makes it one more.
pub const VERSION: &str = "1";
