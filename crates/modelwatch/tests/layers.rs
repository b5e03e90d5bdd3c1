//! Imports go down: a file of the core imports from its own folder or from a lower layer, and in no crate of the
//! workspace do files import each other in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The layers of the core from the ground up. Folders, and files beside `lib.rs`, of one layer do not know each other,
/// but for the files of the last one.
const LAYERS: &[&[&str]] = &[
    &["contract"],
    &["error"],
    &["labels"],
    &["cells"],
    &["series"],
    &["catalog"],
    &["handles", "exposition"],
    &["monitor", "prometheus_client", "global", "stage_spans"],
];

/// Path of a module from the crate's root, which is the empty one.
type Module = Vec<String>;

/// One import: a path in a file, whatever the syntax that names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Import {
    from: Module,
    to: Module,
    /// The path as the file spells it, groups taken apart.
    text: String,
}

/// The modules of a crate, each with its file below `src`, and what they import from each other.
struct Sources {
    files: BTreeMap<Module, PathBuf>,
    imports: BTreeSet<Import>,
}

impl fmt::Display for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Sources {
    fn read(src: &Path) -> Self {
        let mut files = BTreeMap::new();
        find_modules(src, src, &Module::new(), &mut files);
        let mut sources = Self {
            files,
            imports: BTreeSet::new(),
        };
        let mut imports = BTreeSet::new();
        for (module, file) in &sources.files {
            let text = fs::read_to_string(src.join(file)).expect("a source file");
            let tokens = TokenStream::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            let mut reader = Reader {
                files: &sources.files,
                file: module,
                imports: &mut imports,
            };
            reader.tokens(&tokens.into_iter().collect::<Vec<_>>(), &[]);
        }
        sources.imports = imports;
        sources
    }

    fn file(&self, module: &Module) -> String {
        format!("src/{}", self.files[module].display())
    }

    /// Imports from a higher layer, from another folder of the same one, or from the crate's root.
    fn upward(&self) -> Vec<String> {
        let layer = |module: &Module| {
            let top = module.first()?;
            LAYERS.iter().position(|layer| layer.contains(&top.as_str()))
        };
        let mut wrong: Vec<_> = self
            .files
            .keys()
            .filter(|module| !module.is_empty() && layer(module).is_none())
            .map(|module| format!("{} is in no layer: give it one in LAYERS", self.file(module)))
            .collect();
        for import in self.imports.iter().filter(|import| !import.from.is_empty()) {
            let (from, to) = (layer(&import.from), layer(&import.to));
            let allowed = match (from, to) {
                (_, None) => false,
                (None, Some(_)) => true,
                (Some(from), Some(to)) if from == to => {
                    import.from.first() == import.to.first() || from == LAYERS.len() - 1
                }
                (Some(from), Some(to)) => to < from,
            };
            if !allowed {
                let what = if import.to.is_empty() {
                    "the crate's root".into()
                } else {
                    self.file(&import.to)
                };
                wrong.push(format!(
                    "{} imports {import}, which is in {what}",
                    self.file(&import.from)
                ));
            }
        }
        wrong
    }

    /// A circle of files, if there is one: each with the import that leads to the next.
    fn circle(&self) -> Option<String> {
        // Whatever is left when files without imports are taken away, again and again, is on a circle or leads to one.
        let mut left: BTreeSet<&Module> = self.files.keys().collect();
        let next = |module: &Module, left: &BTreeSet<&Module>| {
            let mut imports = self.imports.iter();
            imports
                .find(|import| import.from == *module && left.contains(&import.to))
                .cloned()
        };
        while let Some(done) = left.iter().copied().find(|module| next(module, &left).is_none()) {
            left.remove(done);
        }
        let mut module = (*left.first()?).clone();
        let mut path: Vec<Import> = Vec::new();
        loop {
            if let Some(start) = path.iter().position(|import| import.from == module) {
                let steps = path[start..]
                    .iter()
                    .map(|import| format!("{} imports {import}", self.file(&import.from)));
                return Some(steps.collect::<Vec<_>>().join("; "));
            }
            let import = next(&module, &left)?;
            module = import.to.clone();
            path.push(import);
        }
    }
}

fn find_modules(src: &Path, folder: &Path, module: &Module, files: &mut BTreeMap<Module, PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let child = || [&module[..], std::slice::from_ref(&name)].concat();
        if path.is_dir() {
            find_modules(src, &path, &child(), files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let file = path.strip_prefix(src).expect("below src").to_owned();
            let root = module.is_empty() && (name == "lib" || name == "main");
            // A program beside a library calls it from outside.
            if root && name == "main" && folder.join("lib.rs").exists() {
                continue;
            }
            let module = if root || name == "mod" { module.clone() } else { child() };
            files.insert(module, file);
        }
    }
}

/// Finds the paths of one file that lead to modules of its crate.
struct Reader<'a> {
    files: &'a BTreeMap<Module, PathBuf>,
    file: &'a Module,
    imports: &'a mut BTreeSet<Import>,
}

fn is_ident(token: Option<&TokenTree>, name: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(ident)) if ident == name)
}

/// `$crate` is what a macro says for those who call it.
fn is_dollar(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == '$')
}

fn is_colons(tokens: &[TokenTree], at: usize) -> bool {
    let colon = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    colon(tokens.get(at)) && colon(tokens.get(at + 1))
}

impl Reader<'_> {
    /// `inline` are the modules with a body around these tokens, within the file.
    fn tokens(&mut self, tokens: &[TokenTree], inline: &[String]) {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            match token {
                // `pub(in …)` imports nothing.
                TokenTree::Ident(ident) if ident == "pub" => {
                    let visibility = matches!(tokens.get(at + 1), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis);
                    at += usize::from(visibility);
                }
                TokenTree::Ident(ident) if ident == "mod" => {
                    if let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) =
                        (tokens.get(at + 1), tokens.get(at + 2))
                        && body.delimiter() == Delimiter::Brace
                    {
                        let inline = [inline, &[name.to_string()]].concat();
                        self.tokens(&body.stream().into_iter().collect::<Vec<_>>(), &inline);
                        at += 2;
                    }
                }
                TokenTree::Ident(ident) if is_colons(tokens, at + 1) => {
                    let continues = at >= 2 && is_colons(tokens, at - 2) || at >= 1 && is_dollar(&tokens[at - 1]);
                    if let Some(base) = (!continues).then(|| self.base(&ident.to_string(), inline)).flatten() {
                        at = self.path(tokens, at + 3, base, ident.to_string());
                        continue;
                    }
                }
                TokenTree::Group(group) => self.tokens(&group.stream().into_iter().collect::<Vec<_>>(), inline),
                _ => {}
            }
            at += 1;
        }
    }

    /// Where a path that begins with `first` starts, if that is in this crate.
    fn base(&self, first: &str, inline: &[String]) -> Option<Module> {
        let here = || [&self.file[..], inline].concat();
        match first {
            "crate" => Some(Module::new()),
            "self" => Some(here()),
            "super" => {
                let mut module = here();
                module.pop();
                Some(module)
            }
            child => {
                let module = [&self.file[..], &[child.to_owned()]].concat();
                (inline.is_empty() && self.files.contains_key(&module)).then_some(module)
            }
        }
    }

    /// Reads a path from behind its first `::` on, and returns where it ends.
    fn path(&mut self, tokens: &[TokenTree], mut at: usize, mut module: Module, mut text: String) -> usize {
        loop {
            match tokens.get(at) {
                Some(TokenTree::Ident(ident)) => {
                    let segment = ident.to_string();
                    text = format!("{text}::{segment}");
                    match segment.as_str() {
                        "super" => _ = module.pop(),
                        "self" => {}
                        _ => module.push(segment),
                    }
                    at += 1;
                    if !is_colons(tokens, at) {
                        break;
                    }
                    at += 2;
                }
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    let inside: Vec<_> = group.stream().into_iter().collect();
                    let branches =
                        inside.split(|token| matches!(token, TokenTree::Punct(comma) if comma.as_char() == ','));
                    for branch in branches.filter(|branch| !branch.is_empty()) {
                        self.path(branch, 0, module.clone(), text.clone());
                    }
                    return at + 1;
                }
                // A glob, or the arguments of a generic: what follows is read for itself.
                _ => break,
            }
        }
        if is_ident(tokens.get(at), "as") {
            at += 2;
        }
        self.import(&module, text);
        at
    }

    /// The path leads into the file of the deepest module on it.
    fn import(&mut self, path: &Module, text: String) {
        let mut to = path.clone();
        while !self.files.contains_key(&to) {
            to.pop();
        }
        if to != *self.file {
            self.imports.insert(Import {
                from: self.file.clone(),
                to,
                text,
            });
        }
    }
}

fn core() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// A copy of the core in which `line` stands at the end of `file`.
fn planted(file: &str, line: &str) -> Sources {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).expect("a folder");
        for entry in fs::read_dir(from).expect("a folder of sources") {
            let entry = entry.expect("an entry");
            let target = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &target);
            } else {
                fs::copy(entry.path(), target).expect("copied");
            }
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    copy(&core(), folder.path());
    let file = folder.path().join(file);
    let text = fs::read_to_string(&file).expect("a source file");
    fs::write(file, format!("{text}\n{line}\n")).expect("written");
    Sources::read(folder.path())
}

#[test]
fn imports_of_the_core_go_down() {
    assert_eq!(Sources::read(&core()).upward(), Vec::<String>::new());
}

#[test]
fn reports_file_and_import_when_an_import_goes_up() {
    for (file, line, import) in [
        (
            "cells/histogram.rs",
            "use crate::monitor::Monitor;",
            "crate::monitor::Monitor",
        ),
        (
            "cells/histogram.rs",
            "use crate::{contract::status::Status, series::{route::{self, RouteSeries}}};",
            "crate::series::route::RouteSeries",
        ),
        (
            "cells/histogram.rs",
            "use super::super::catalog::models as m;",
            "super::super::catalog::models",
        ),
        (
            "cells/mod.rs",
            "fn f(_: &super::handles::model::Model) {}",
            "super::handles::model::Model",
        ),
        (
            "series/route.rs",
            "fn f() -> Vec<crate::exposition::format::Format> { vec![] }",
            "crate::exposition::format::Format",
        ),
        (
            "series/route.rs",
            "fn f() { tracing::info!(x = crate::handles::route::Route::name()); }",
            "crate::handles::route::Route::name",
        ),
        (
            "series/route.rs",
            "mod m { fn f() { super::super::super::catalog::recent::forget(1) } }",
            "super::super::super::catalog::recent::forget",
        ),
        (
            "handles/route.rs",
            "use crate::exposition::sink::*;",
            "crate::exposition::sink",
        ),
        (
            "exposition/text.rs",
            "use crate::handles::route::Route;",
            "crate::handles::route::Route",
        ),
        (
            "catalog/models.rs",
            "pub(crate) use crate::global::global;",
            "crate::global::global",
        ),
        ("catalog/models.rs", "use crate::Status;", "crate::Status"),
        ("monitor.rs", "use crate::{Format as F};", "crate::Format"),
    ] {
        let wrong = planted(file, line).upward();
        let expected = format!("src/{file} imports {import}, ");
        assert!(
            wrong.iter().any(|wrong| wrong.starts_with(&expected)),
            "{line}: {wrong:?}"
        );
    }
}

#[test]
fn allows_imports_that_go_down_or_name_no_module() {
    for (file, line) in [
        (
            "series/route.rs",
            "use crate::{labels::{limits::Limits as L}, cells::clock};",
        ),
        ("series/route.rs", "use super::scores::Scores;"),
        (
            "series/route.rs",
            "/// See [`Monitor`](crate::Monitor).\npub(in crate::series) struct S;",
        ),
        ("series/route.rs", "mod tests { use super::*; use super::RouteSeries; }"),
        ("series/route.rs", "macro_rules! m { () => { $crate::Status::ALL }; }"),
        ("series/route.rs", "const S: &str = \"crate::monitor::Monitor\";"),
        ("global.rs", "use crate::monitor::MonitorBuilder;"),
    ] {
        assert_eq!(planted(file, line).upward(), Vec::<String>::new(), "{line}");
    }
}

#[test]
fn reports_a_file_that_is_in_no_layer() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("lib.rs"), "mod stranger;").expect("written");
    fs::write(folder.path().join("stranger.rs"), "").expect("written");
    let wrong = Sources::read(folder.path()).upward();
    assert_eq!(wrong, ["src/stranger.rs is in no layer: give it one in LAYERS"]);
}

#[test]
fn reports_the_circle_when_files_import_each_other() {
    assert_eq!(planted("series/route.rs", "").circle(), None);
    let circle = planted("series/context.rs", "use super::stages::Stages;").circle();
    let circle = circle.expect("a circle");
    assert!(
        circle.contains("src/series/context.rs imports super::stages::Stages")
            && circle.contains("src/series/stages.rs imports crate::series::context::Context"),
        "{circle}"
    );
    // Through a module that gives out what its children have.
    let folder = tempfile::tempdir().expect("a folder");
    for (file, text) in [
        ("lib.rs", "mod a; pub use a::B;"),
        ("a/mod.rs", "mod b; pub use b::B;"),
        ("a/b.rs", "pub struct B; fn f(_: super::B) {}"),
    ] {
        let file = folder.path().join(file);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, text).expect("written");
    }
    assert!(Sources::read(folder.path()).circle().is_some());
}

/// Every crate of the workspace, by the folder of its sources.
fn crates() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let below = |folder: &str| fs::read_dir(root.join(folder)).expect("a folder of crates");
    let mut crates: Vec<_> = ["crates", "examples", "tests"]
        .into_iter()
        .flat_map(below)
        .map(|entry| entry.expect("an entry").path().join("src"))
        .chain([root.join("benches/src")])
        .filter(|src| src.is_dir())
        .collect();
    crates.sort();
    assert!(crates.len() > 5, "{crates:?}");
    crates
}

#[test]
fn no_files_of_a_crate_import_each_other_in_a_circle() {
    let name = |src: &Path| {
        src.parent()
            .and_then(Path::file_name)
            .map(|name| name.to_string_lossy().into_owned())
    };
    let circles: Vec<_> = crates()
        .iter()
        .filter_map(|src| Some((name(src)?, src)))
        .filter_map(|(name, src)| Some(format!("{name}: {}", Sources::read(src).circle()?)))
        .collect();
    assert_eq!(circles, Vec::<String>::new());
}
