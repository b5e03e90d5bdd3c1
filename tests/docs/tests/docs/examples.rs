//! Every type that a crate exports has an example that asserts: in its own documentation, in that of one of its functions, or in that
//! of an item it links to, whose example then uses it by name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use docs::{Page, top};
use syn::{Attribute, Expr, ImplItem, Item, ItemImpl, Lit, Meta, TraitItem, Type, UseTree, Visibility};

/// What is documented of one name: the text of a type and of its functions, or of a function.
type Texts = BTreeMap<String, String>;

/// The types of a crate.
#[derive(Default)]
struct Types {
    /// By name, in modules that anybody can name.
    reachable: BTreeSet<String>,
    /// Declared `pub`, wherever.
    declared: BTreeSet<String>,
    /// Names that a module which anybody can name takes from elsewhere.
    exported: BTreeSet<String>,
    texts: Texts,
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// The lines of documentation.
fn text(attributes: &[Attribute]) -> String {
    let mut text = String::new();
    for attribute in attributes {
        if let Meta::NameValue(pair) = &attribute.meta
            && attribute.path().is_ident("doc")
            && let Expr::Lit(value) = &pair.value
            && let Lit::Str(line) = &value.lit
        {
            text += &line.value();
            text.push('\n');
        }
    }
    text
}

/// The blocks of code in the text that are run and assert.
fn examples(text: &str) -> impl Iterator<Item = &str> {
    text.split("```").skip(1).step_by(2).filter_map(|block| {
        let (words, code) = block.split_once('\n').unwrap_or((block, ""));
        let is_run = words
            .split(',')
            .all(|word| matches!(word.trim(), "" | "rust" | "should_panic"));
        (is_run && (code.contains("assert") || words.contains("should_panic"))).then_some(code)
    })
}

/// The items that a text links to by their names, outside its blocks of code.
fn linked(text: &str) -> impl Iterator<Item = &str> {
    let prose = text.split("```").step_by(2);
    prose
        .flat_map(|prose| prose.split("[`").skip(1))
        .filter_map(|link| link.split_once("`]").map(|(name, _)| name))
}

/// Whether code says a name.
fn says(code: &str, name: &str) -> bool {
    code.split(|character: char| !(character.is_alphanumeric() || character == '_'))
        .any(|word| word == name)
}

impl Types {
    fn read(source: &Path) -> Self {
        let mut types = Self::default();
        types.file(&source.join("lib.rs"), source, true);
        types
    }

    fn file(&mut self, file: &Path, folder: &Path, is_reachable: bool) {
        let code = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let parsed = syn::parse_file(&code).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.items(&parsed.items, folder, is_reachable);
    }

    fn items(&mut self, items: &[Item], folder: &Path, is_reachable: bool) {
        let mut whole = BTreeSet::new();
        for item in items {
            if let Item::Use(item) = item
                && is_public(&item.vis)
            {
                modules_taken_whole(&item.tree, &mut whole);
            }
        }
        for item in items {
            let (name, visibility, attributes) = match item {
                Item::Struct(item) => (&item.ident, &item.vis, &item.attrs),
                Item::Enum(item) => (&item.ident, &item.vis, &item.attrs),
                Item::Union(item) => (&item.ident, &item.vis, &item.attrs),
                Item::Trait(item) => {
                    let functions = item.items.iter().filter_map(|item| match item {
                        TraitItem::Fn(function) => Some(text(&function.attrs)),
                        _ => None,
                    });
                    let functions: String = functions.collect();
                    *self.texts.entry(item.ident.to_string()).or_default() += &functions;
                    (&item.ident, &item.vis, &item.attrs)
                }
                Item::Impl(item) => {
                    self.functions(item);
                    continue;
                }
                Item::Fn(item) => {
                    *self.texts.entry(item.sig.ident.to_string()).or_default() += &text(&item.attrs);
                    continue;
                }
                Item::Use(item) if is_reachable && is_public(&item.vis) => {
                    names(&item.tree, &mut self.exported);
                    continue;
                }
                Item::Mod(item) => {
                    let name = item.ident.to_string();
                    let is_reachable = is_reachable && (is_public(&item.vis) || whole.contains(&name));
                    let inner = folder.join(&name);
                    if let Some((_, items)) = &item.content {
                        self.items(items, &inner, is_reachable);
                    } else {
                        let files = [folder.join(format!("{name}.rs")), inner.join("mod.rs")];
                        let file: &PathBuf = files.iter().find(|file| file.exists()).expect("the module's file");
                        self.file(file, &inner, is_reachable);
                    }
                    continue;
                }
                _ => continue,
            };
            let name = name.to_string();
            if is_public(visibility) {
                self.declared.insert(name.clone());
                if is_reachable {
                    self.reachable.insert(name.clone());
                }
            }
            *self.texts.entry(name).or_default() += &text(attributes);
        }
    }

    /// The documentation of what a type can do, whether in its own name or by a trait.
    fn functions(&mut self, item: &ItemImpl) {
        let Type::Path(of) = &*item.self_ty else {
            return;
        };
        let Some(name) = of.path.segments.last() else {
            return;
        };
        let entry = self.texts.entry(name.ident.to_string()).or_default();
        for item in &item.items {
            if let ImplItem::Fn(function) = item {
                *entry += &text(&function.attrs);
            }
        }
    }

    /// The public types without an example.
    fn without_example(&self) -> impl Iterator<Item = &String> {
        let public = self
            .declared
            .iter()
            .filter(|name| self.reachable.contains(*name) || self.exported.contains(*name));
        public.filter(|name| !self.has_example(name))
    }

    fn has_example(&self, name: &str) -> bool {
        let text = &self.texts[name];
        let shown_there = |target| {
            self.texts
                .get(target)
                .is_some_and(|text| examples(text).any(|code| says(code, name)))
        };
        examples(text).next().is_some() || linked(text).any(shown_there)
    }
}

/// The names that a `use` brings, under the names they have where they come from.
fn names(tree: &UseTree, found: &mut BTreeSet<String>) {
    match tree {
        UseTree::Path(path) => names(&path.tree, found),
        UseTree::Name(name) => drop(found.insert(name.ident.to_string())),
        UseTree::Rename(renamed) => drop(found.insert(renamed.ident.to_string())),
        UseTree::Group(group) => group.items.iter().for_each(|tree| names(tree, found)),
        UseTree::Glob(_) => {}
    }
}

/// The modules beside this one of which a `use` brings everything.
fn modules_taken_whole(tree: &UseTree, found: &mut BTreeSet<String>) {
    if let UseTree::Path(path) = tree {
        match &*path.tree {
            UseTree::Glob(_) => drop(found.insert(path.ident.to_string())),
            deeper => modules_taken_whole(deeper, found),
        }
    }
}

#[test]
fn every_public_type_has_an_example_that_asserts() {
    let crates = [
        "modelwatch",
        "modelwatch-actix",
        "modelwatch-config",
        "modelwatch-derive",
        "modelwatch-drill",
        "modelwatch-drift",
        "modelwatch-drift-job",
        "modelwatch-ingest",
        "modelwatch-log",
        "modelwatch-log-format",
        "modelwatch-page",
        "modelwatch-performance",
        "modelwatch-stack",
        "modelwatch-testkit",
        "modelwatch-tower",
        "modelwatch-triage",
        "modelwatch-warehouse",
    ];
    let mut missing = Vec::new();
    let mut public = 0;
    for name in crates {
        let types = Types::read(&top().join("crates").join(name).join("src"));
        public += types.declared.len();
        missing.extend(types.without_example().map(|of| format!("{name}: {of}")));
    }
    assert!(public > 300, "{public}");
    assert!(missing.is_empty(), "{} types:\n{}", missing.len(), missing.join("\n"));
}

/// The Rust files below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The examples of a crate run at the same time in one process: a folder that goes by its number alone is one that another example
/// takes away.
#[test]
fn no_two_examples_share_a_folder() {
    let mut texts: Vec<String> = Page::all().iter().flat_map(|page| page.blocks("rust")).collect();
    let mut files = Vec::new();
    for entry in fs::read_dir(top().join("crates")).expect("the crates") {
        sources(&entry.expect("an entry").path().join("src"), &mut files);
    }
    texts.extend(files.iter().map(|file| {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let shown = text.lines().map(str::trim_start);
        shown
            .filter(|line| line.starts_with("//"))
            .collect::<Vec<_>>()
            .join("\n")
    }));
    let folders: Vec<&str> = texts
        .iter()
        .flat_map(|text| text.split("temp_dir().join(format!(\"").skip(1))
        .map(|rest| rest.split('"').next().unwrap_or(rest))
        .collect();
    assert!(folders.len() > 12, "{folders:?}");
    let once: BTreeSet<_> = folders.iter().collect();
    let shared: Vec<_> = once
        .iter()
        .filter(|folder| folders.iter().filter(|other| other == *folder).count() > 1)
        .collect();
    assert!(shared.is_empty(), "give each example a folder of its own: {shared:?}");
}

/// A link alone is no example: what it leads to must assert, and use the type.
#[test]
fn accepts_a_link_only_when_the_linked_example_uses_the_type() {
    let of = |shown: &str| {
        let mut types = Types::default();
        types.texts.insert("Part".into(), " [`Whole`] has an example.".into());
        types.texts.insert("Whole".into(), shown.into());
        types.has_example("Part")
    };
    assert!(of(
        "```\nlet part: Part = Whole::new().part();\nassert!(part.is_some());\n```"
    ));
    for shown in [
        "",
        "```\nassert!(Whole::new().parts().is_empty());\n```",
        "```\nlet part: Part = Whole::new().part();\n```",
        "```text\nassert!(Part)\n```",
    ] {
        assert!(!of(shown), "{shown}");
    }
}
