//! Mistakes in a declaration: what is said, and at which piece of the source.

use std::str::FromStr;

use proc_macro2::TokenStream;
use syn::{DeriveInput, Error, Result};

use crate::{category, features};

/// The first mistake and the piece of source it is at.
fn mistake(expand: fn(&DeriveInput) -> Result<TokenStream>, source: &str) -> (String, String, Error) {
    let input = syn::parse2(TokenStream::from_str(source).expect("tokens")).expect("a declaration");
    let error = match expand(&input) {
        Ok(expanded) => panic!("{source} is taken: {expanded}"),
        Err(error) => error,
    };
    let first = error.clone().into_iter().next().expect("one at least");
    let at = first.span().source_text().expect("a place in the source");
    (first.to_string(), at, error)
}

#[test]
fn says_what_is_wrong_with_a_struct_and_where() {
    let cases = [
        (
            "struct A { #[features(rang = 0..=1)] a: f64 }",
            "rang",
            "unknown key; a field may have skip, rename",
        ),
        (
            "struct A { #[features(range = 0.0..1.0)] a: f64 }",
            "0.0..1.0",
            "write ..= instead of ..",
        ),
        (
            "struct A { #[features(range = 1.0..=0.0)] a: f64 }",
            "1.0..=0.0",
            "write the lower end first",
        ),
        (
            "struct A { #[features(range = 5..=-5)] a: f64 }",
            "5..=-5",
            "nothing lies between 5 and -5",
        ),
        (
            "struct A { #[features(range = 7)] a: f64 }",
            "7",
            "a range such as 0.0..=1e6",
        ),
        (
            "struct A { #[features(range = 0..=1, range = 0..=2)] a: f64 }",
            "range",
            "a number with a range already",
        ),
        (
            "struct A { #[features(range = 0..=1)] #[features(categorical)] a: f64 }",
            "categorical",
            "leave one of the two out",
        ),
        (
            "struct A { #[features(categories = [])] a: String }",
            "[]",
            "no category at all",
        ),
        (
            "struct A { #[features(categories = [\"x\", \"y\", \"x\"])] a: String }",
            "\"x\"",
            "is there twice",
        ),
        (
            "struct A { #[features(rename = \"\")] a: f64 }",
            "\"\"",
            "the name is empty",
        ),
        (
            "struct A { #[features(rename = \"a\\u{0}\")] a: f64 }",
            "\"a\\u{0}\"",
            "has control characters",
        ),
        (
            "struct A { #[features(rename = \"x\", rename = \"y\")] a: f64 }",
            "rename",
            "is there twice",
        ),
        (
            "struct A { #[features(skip, numeric)] a: f64, b: f64 }",
            "skip",
            "can be nothing else",
        ),
        (
            "struct A { #[features(with = f)] a: f64 }",
            "f",
            "say what the function makes of the field",
        ),
        (
            "struct A { a: f64, #[features(rename = \"a\")] b: f64 }",
            "\"a\"",
            "`a` is feature \"a\" already",
        ),
        (
            "struct A { r#type: f64, #[features(rename = \"type\")] b: f64 }",
            "\"type\"",
            "`r#type` is feature \"type\" already",
        ),
        ("struct A { #[features(skip)] a: f64 }", "A", "no field is a feature"),
        ("struct A {}", "A", "no field is a feature"),
        ("struct A;", "A", "give the struct fields with names"),
        ("struct A(f64);", "A", "give the struct fields with names"),
        ("enum A { B }", "A", "derive Category"),
        ("union A { b: u32 }", "A", "for structs with named fields"),
    ];
    for (source, at, says) in cases {
        let (said, place, _) = mistake(features::expand, source);
        assert!(said.contains(says), "{source}: {said}");
        assert_eq!(place, at, "{source}: {said}");
    }
}

#[test]
fn says_what_is_wrong_with_an_enum_and_where() {
    let cases = [
        ("enum A { B(u32) }", "B", "a variant with fields is no category"),
        ("enum A { B { c: u32 } }", "B", "a variant with fields is no category"),
        (
            "enum A { #[category(rename = \"C\")] B, C }",
            "C",
            "a second category \"C\"",
        ),
        ("enum A { #[category(skip)] B }", "skip", "a variant may have rename"),
        (
            "enum A { #[category(rename = \"x\", rename = \"y\")] B }",
            "rename = \"y\"",
            "is there twice",
        ),
        ("enum A {}", "A", "an enum without variants"),
        ("struct A { b: f64 }", "A", "derive Features"),
    ];
    for (source, at, says) in cases {
        let (said, place, _) = mistake(category::expand, source);
        assert!(said.contains(says), "{source}: {said}");
        assert_eq!(place, at, "{source}: {said}");
    }
}

#[test]
fn says_every_mistake_of_every_field_at_once() {
    let source = "struct A { #[features(rang = 0..=1)] a: f64, b: f64, #[features(rename = \"b\")] c: f64, #[features(with = f)] d: f64 }";
    let (_, _, error) = mistake(features::expand, source);
    assert_eq!(error.into_iter().count(), 3);
}
