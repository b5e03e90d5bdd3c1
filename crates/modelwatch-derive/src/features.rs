//! `#[derive(Features)]`.

use std::collections::HashMap;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Error, Expr, Field, Fields, Generics, Ident, LitStr, Result, Type};

use crate::attribute::{FieldAttribute, Kind};

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let columns = columns(input)?;
    let name = &input.ident;
    let count = columns.len();
    let declarations = columns.iter().map(Column::declaration);
    let values = columns.iter().map(Column::value);
    let generics = bounded(&input.generics, &columns);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #impl_generics ::modelwatch::Features for #name #type_generics #where_clause {
            type Row<'__row> = [::modelwatch::FeatureValue<'__row>; #count] where Self: '__row;

            fn features() -> ::std::vec::Vec<::modelwatch::Feature> {
                #[allow(dead_code)]
                fn number<T: ?::core::marker::Sized + ::modelwatch::NumericType>() {}
                #[allow(dead_code)]
                fn category<T: ?::core::marker::Sized + ::modelwatch::CategoricalType>() {}
                ::std::vec![#(#declarations),*]
            }

            fn row(&self) -> Self::Row<'_> {
                [#(#values),*]
            }
        }
    })
}

/// A field that is a feature.
struct Column<'a> {
    field: &'a Ident,
    ty: &'a Type,
    name: LitStr,
    attribute: FieldAttribute,
}

/// Every mistake of every field at once.
fn columns(input: &DeriveInput) -> Result<Vec<Column<'_>>> {
    let fields = named_fields(input)?;
    let mut columns = Vec::new();
    let mut mistakes: Option<Error> = None;
    let mut report = |error: Error| match &mut mistakes {
        Some(mistakes) => mistakes.combine(error),
        None => mistakes = Some(error),
    };
    let mut names: HashMap<String, &Ident> = HashMap::new();
    for field in fields {
        match column(field) {
            Ok(Some(column)) => {
                if let Some(earlier) = names.insert(column.name.value(), column.field) {
                    report(Error::new(
                        column.name.span(),
                        format!(
                            "`{earlier}` is feature {:?} already; rename one of the two",
                            column.name.value()
                        ),
                    ));
                }
                columns.push(column);
            }
            Ok(None) => {}
            Err(error) => report(error),
        }
    }
    match mistakes {
        Some(mistakes) => Err(mistakes),
        None if columns.is_empty() => Err(Error::new(
            input.ident.span(),
            "no field is a feature; give the struct one that is not skipped",
        )),
        None => Ok(columns),
    }
}

fn named_fields(input: &DeriveInput) -> Result<impl Iterator<Item = &Field>> {
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => Ok(fields.named.iter()),
            Fields::Unnamed(_) | Fields::Unit => Err(Error::new(
                input.ident.span(),
                "features have the names of fields: give the struct fields with names",
            )),
        },
        Data::Enum(_) => Err(Error::new(
            input.ident.span(),
            "Features is for structs; for an enum of categories, derive Category",
        )),
        Data::Union(_) => Err(Error::new(
            input.ident.span(),
            "Features is for structs with named fields",
        )),
    }
}

fn column(field: &Field) -> Result<Option<Column<'_>>> {
    let attribute = FieldAttribute::read(&field.attrs)?;
    let Some(ident) = field.ident.as_ref().filter(|_| attribute.skip.is_none()) else {
        return Ok(None);
    };
    if let (Some(with), None) = (&attribute.with, &attribute.kind) {
        return Err(Error::new(
            with.span(),
            "say what the function makes of the field: numeric, categorical, a range or categories",
        ));
    }
    let name = attribute
        .rename
        .clone()
        .unwrap_or_else(|| LitStr::new(&ident.unraw().to_string(), ident.span()));
    Ok(Some(Column {
        field: ident,
        ty: &field.ty,
        name,
        attribute,
    }))
}

impl Column<'_> {
    /// The errors about its type point at the type.
    fn declaration(&self) -> TokenStream {
        let (name, ty, span) = (&self.name, self.ty, self.ty.span());
        let (bound, declared) = match &self.attribute.kind {
            None => {
                return quote_spanned! {span=> <#ty as ::modelwatch::FeatureType>::feature(#name) };
            }
            Some(Kind::Numeric) => (quote!(number), quote!(::modelwatch::Feature::numeric(#name))),
            Some(Kind::Categorical) => (quote!(category), quote!(::modelwatch::Feature::categorical(#name))),
            Some(Kind::Range(range)) => {
                let low = end(range.start.as_deref(), quote!(f64::MIN));
                let high = end(range.end.as_deref(), quote!(f64::MAX));
                let declared = quote!(::modelwatch::Feature::numeric(#name).range(#low..=#high));
                (quote!(number), declared)
            }
            Some(Kind::Categories(categories)) => {
                let declared = quote!(::modelwatch::Feature::categorical(#name).categories([#(#categories),*]));
                (quote!(category), declared)
            }
        };
        // What a function makes of a field says nothing of the field's type.
        let check = match self.attribute.with {
            None => quote_spanned! {span=> #bound::<#ty>(); },
            Some(_) => TokenStream::new(),
        };
        quote! {{
            #check
            let feature: ::modelwatch::Feature = #declared;
            feature
        }}
    }

    fn value(&self) -> TokenStream {
        let (field, ty) = (self.field, self.ty);
        match &self.attribute.with {
            Some(with) => quote_spanned! {with.span()=>
                ::core::convert::Into::<::modelwatch::FeatureValue<'_>>::into(#with(&self.#field))
            },
            None => quote_spanned! {ty.span()=>
                <#ty as ::modelwatch::AsFeatureValue>::as_feature_value(&self.#field)
            },
        }
    }
}

/// An end of a range as a number with a fraction, however it was written.
fn end(expression: Option<&Expr>, otherwise: TokenStream) -> TokenStream {
    expression.map_or(otherwise, |expression| {
        quote_spanned! {expression.span()=> {
            #[allow(clippy::cast_lossless, clippy::cast_precision_loss, clippy::unnecessary_cast, trivial_numeric_casts)]
            { (#expression) as f64 }
        }}
    })
}

/// The generics of the struct, with a bound on the type of each column that names a type parameter.
fn bounded(generics: &Generics, columns: &[Column<'_>]) -> Generics {
    let mut bounded = generics.clone();
    let parameters: Vec<_> = generics
        .type_params()
        .map(|parameter| parameter.ident.to_string())
        .collect();
    for column in columns.iter().filter(|column| column.attribute.with.is_none()) {
        let ty = column.ty;
        if names_any(ty.to_token_stream(), &parameters) {
            let bound = match &column.attribute.kind {
                None => quote!(::modelwatch::FeatureType),
                Some(Kind::Numeric | Kind::Range(_)) => quote!(::modelwatch::NumericType),
                Some(Kind::Categorical | Kind::Categories(_)) => quote!(::modelwatch::CategoricalType),
            };
            let predicate = syn::parse_quote_spanned!(Span::call_site()=> #ty: #bound);
            bounded.make_where_clause().predicates.push(predicate);
        }
    }
    bounded
}

fn names_any(tokens: TokenStream, parameters: &[String]) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => parameters.contains(&ident.to_string()),
        TokenTree::Group(group) => names_any(group.stream(), parameters),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}
