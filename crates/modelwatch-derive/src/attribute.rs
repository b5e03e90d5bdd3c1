//! `#[features(…)]` on a field, `#[category(…)]` on a variant.

use proc_macro2::Span;
use syn::meta::ParseNestedMeta;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, ExprLit, ExprRange, Lit, LitStr, Path, RangeLimits, Result, Token, UnOp, bracketed};

/// What the attributes of one field say. Each key is there at most once.
#[derive(Default)]
pub(crate) struct FieldAttribute {
    pub(crate) skip: Option<Span>,
    pub(crate) rename: Option<LitStr>,
    pub(crate) kind: Option<Kind>,
    pub(crate) with: Option<Path>,
}

/// What a field says that it is.
pub(crate) enum Kind {
    Numeric,
    Range(Box<ExprRange>),
    Categorical,
    Categories(Vec<LitStr>),
}

const KEYS: &str = "skip, rename, range, categories, numeric, categorical and with";

impl FieldAttribute {
    pub(crate) fn read(attributes: &[Attribute]) -> Result<Self> {
        let mut read = Self::default();
        for attribute in attributes
            .iter()
            .filter(|attribute| attribute.path().is_ident("features"))
        {
            attribute.parse_nested_meta(|meta| read.key(&meta))?;
        }
        read.check()?;
        Ok(read)
    }

    fn key(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let key = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        let span = meta.path.span();
        let again = match key.as_str() {
            "skip" => self.skip.replace(span).is_some(),
            "rename" => self.rename.replace(name(meta)?).is_some(),
            "with" => self.with.replace(meta.value()?.parse()?).is_some(),
            "numeric" => self.is(Kind::Numeric, span)?,
            "categorical" => self.is(Kind::Categorical, span)?,
            "range" => {
                let range = range(meta.value()?.parse()?)?;
                self.is(Kind::Range(Box::new(range)), span)?
            }
            "categories" => {
                let categories = categories(meta)?;
                self.is(Kind::Categories(categories), span)?
            }
            _ => return Err(meta.error(format!("unknown key; a field may have {KEYS}"))),
        };
        match again {
            true => Err(Error::new(span, format!("{key} is there twice; leave one out"))),
            false => Ok(()),
        }
    }

    fn is(&mut self, kind: Kind, span: Span) -> Result<bool> {
        if let Some(before) = self.kind.replace(kind) {
            return Err(Error::new(
                span,
                format!("the field is {} already; leave one of the two out", before.called()),
            ));
        }
        Ok(false)
    }

    fn check(&self) -> Result<()> {
        match self.skip {
            Some(span) if self.rename.is_some() || self.kind.is_some() || self.with.is_some() => Err(Error::new(
                span,
                "a field that is skipped can be nothing else; leave skip or the rest out",
            )),
            _ => Ok(()),
        }
    }
}

impl Kind {
    fn called(&self) -> &'static str {
        match self {
            Self::Numeric => "numeric",
            Self::Range(_) => "a number with a range",
            Self::Categorical => "categorical",
            Self::Categories(_) => "a category with categories",
        }
    }
}

/// The new name of a variant, if its attributes give it one.
pub(crate) fn renamed(attributes: &[Attribute]) -> Result<Option<LitStr>> {
    let mut renamed = None;
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("category"))
    {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("rename") {
                return Err(meta.error("unknown key; a variant may have rename"));
            }
            match renamed.replace(name(&meta)?) {
                Some(_) => Err(meta.error("rename is there twice; leave one out")),
                None => Ok(()),
            }
        })?;
    }
    Ok(renamed)
}

fn name(meta: &ParseNestedMeta<'_>) -> Result<LitStr> {
    let name: LitStr = meta.value()?.parse()?;
    match name.value() {
        value if value.is_empty() => Err(Error::new(name.span(), "the name is empty; give it one")),
        value if value.chars().any(char::is_control) => Err(Error::new(
            name.span(),
            "the name has control characters, on which scrapes break; leave them out",
        )),
        _ => Ok(name),
    }
}

fn range(expression: Expr) -> Result<ExprRange> {
    let Expr::Range(range) = expression else {
        return Err(Error::new(expression.span(), "give it a range such as 0.0..=1e6"));
    };
    if matches!(range.limits, RangeLimits::HalfOpen(_)) && range.end.is_some() {
        return Err(Error::new(
            range.span(),
            "a range has both its ends: write ..= instead of ..",
        ));
    }
    let ends = |end: &Option<Box<Expr>>| end.as_ref().and_then(|end| number(end));
    match (ends(&range.start), ends(&range.end)) {
        (Some(low), Some(high)) if low > high => Err(Error::new(
            range.span(),
            format!("nothing lies between {low} and {high}; write the lower end first"),
        )),
        _ => Ok(range),
    }
}

/// The value of a literal; nothing where an end is some other expression, which is checked when the model is registered.
fn number(expression: &Expr) -> Option<f64> {
    match expression {
        Expr::Lit(ExprLit {
            lit: Lit::Float(number),
            ..
        }) => number.base10_parse().ok(),
        Expr::Lit(ExprLit {
            lit: Lit::Int(number), ..
        }) => number.base10_parse().ok(),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => number(&unary.expr).map(|number| -number),
        Expr::Paren(inner) => number(&inner.expr),
        Expr::Group(inner) => number(&inner.expr),
        _ => None,
    }
}

fn categories(meta: &ParseNestedMeta<'_>) -> Result<Vec<LitStr>> {
    let value = meta.value()?;
    let list;
    let bracket = bracketed!(list in value);
    let categories = Punctuated::<LitStr, Token![,]>::parse_terminated(&list)?;
    if categories.is_empty() {
        return Err(Error::new(
            bracket.span.join(),
            "no category at all; list some, or write categorical if every one is in range",
        ));
    }
    let categories: Vec<_> = categories.into_iter().collect();
    match categories.iter().enumerate().find(|(position, category)| {
        categories[..*position]
            .iter()
            .any(|earlier| earlier.value() == category.value())
    }) {
        Some((_, twice)) => Err(Error::new(twice.span(), "this category is there twice; leave one out")),
        None => Ok(categories),
    }
}
