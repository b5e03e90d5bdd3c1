//! `#[derive(Category)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt as _;
use syn::{Data, DeriveInput, Error, Fields, LitStr, Result};

use crate::attribute::renamed;

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Enum(data) = &input.data else {
        return Err(Error::new(
            input.ident.span(),
            "Category is for enums; for a struct of features, derive Features",
        ));
    };
    if data.variants.is_empty() {
        return Err(Error::new(
            input.ident.span(),
            "an enum without variants is no category; give it one",
        ));
    }
    let mut variants = Vec::new();
    let mut names: Vec<LitStr> = Vec::new();
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new(
                variant.ident.span(),
                "a variant with fields is no category; take its fields away, or implement modelwatch::FeatureType",
            ));
        }
        let name = renamed(&variant.attrs)?
            .unwrap_or_else(|| LitStr::new(&variant.ident.unraw().to_string(), variant.ident.span()));
        if names.iter().any(|earlier| earlier.value() == name.value()) {
            return Err(Error::new(
                name.span(),
                format!("a second category {:?}; rename one of the two", name.value()),
            ));
        }
        variants.push(&variant.ident);
        names.push(name);
    }
    let name = &input.ident;
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #impl_generics ::modelwatch::AsFeatureValue for #name #type_generics #where_clause {
            fn as_feature_value(&self) -> ::modelwatch::FeatureValue<'_> {
                ::modelwatch::FeatureValue::Category(match self {
                    #(Self::#variants => #names,)*
                })
            }
        }

        #[automatically_derived]
        impl #impl_generics ::modelwatch::AsClass for #name #type_generics #where_clause {
            fn as_class(&self) -> ::core::option::Option<::modelwatch::ClassRef<'_>> {
                ::core::option::Option::Some(::modelwatch::ClassRef::from(match self {
                    #(Self::#variants => #names,)*
                }))
            }
        }

        #[automatically_derived]
        impl #impl_generics ::modelwatch::CategoricalType for #name #type_generics #where_clause {}

        #[automatically_derived]
        impl #impl_generics ::modelwatch::FeatureType for #name #type_generics #where_clause {
            fn feature(name: &str) -> ::modelwatch::Feature {
                ::modelwatch::Feature::categorical(name).categories([#(#names),*])
            }
        }
    })
}
