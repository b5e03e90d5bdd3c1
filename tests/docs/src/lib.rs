//! The pages of this repository, as a program reads them.

use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A page in Markdown.
#[derive(Debug)]
pub struct Page {
    /// Where it lies, from the top of the repository.
    pub path: PathBuf,
    text: String,
}

/// The top of the repository.
pub fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Adds the pages below a folder, but for what is built or brought by tools.
fn list(folder: &Path, pages: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(top().join(folder)).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let entry = entry.expect("an entry");
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let path = folder.join(&*name);
        let kind = entry.file_type().expect("a file has a type");
        if kind.is_dir() && !name.starts_with('.') && name != "target" {
            list(&path, pages);
        } else if kind.is_file() && name.ends_with(".md") {
            pages.push(path);
        }
    }
}

impl Page {
    /// Reads a page.
    ///
    /// # Panics
    ///
    /// There is none.
    pub fn read(path: &Path) -> Self {
        let text = fs::read_to_string(top().join(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self {
            path: path.to_owned(),
            text,
        }
    }

    /// All pages but those of tools, in the order of their paths.
    ///
    /// # Panics
    ///
    /// A folder can't be read.
    pub fn all() -> Vec<Self> {
        let mut paths = Vec::new();
        list(Path::new(""), &mut paths);
        paths.sort();
        paths.iter().map(|path| Self::read(path)).collect()
    }

    fn events(&self) -> impl Iterator<Item = Event<'_>> {
        Parser::new_ext(&self.text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH)
    }

    /// Where its links and pictures lead, as written.
    pub fn links(&self) -> Vec<String> {
        self.events()
            .filter_map(|event| match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => Some(dest_url.into_string()),
                _ => None,
            })
            .collect()
    }

    /// The names its headings have in links, as GitHub makes them.
    pub fn anchors(&self) -> Vec<String> {
        let mut anchors: Vec<String> = Vec::new();
        let mut heading: Option<String> = None;
        for event in self.events() {
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    let words = heading.take().unwrap_or_default().to_lowercase();
                    let kept = words.chars().filter(|c| c.is_alphanumeric() || "-_ ".contains(*c));
                    let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
                    let same = anchors.iter().filter(|other| **other == anchor).count();
                    anchors.push(if same == 0 { anchor } else { format!("{anchor}-{same}") });
                }
                Event::Text(text) | Event::Code(text) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                }
                _ => {}
            }
        }
        anchors
    }

    /// Its blocks in a language.
    pub fn blocks(&self, language: &str) -> Vec<String> {
        let mut blocks = Vec::new();
        let mut inside = false;
        for event in self.events() {
            match event {
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(written))) => inside = *written == *language,
                Event::End(TagEnd::CodeBlock) => inside = false,
                Event::Text(text) if inside => blocks.push(text.into_string()),
                _ => {}
            }
        }
        blocks
    }

    /// The commands it names: each line of its shell blocks, and what stands between backticks.
    pub fn commands(&self) -> Vec<String> {
        let mut commands = Vec::new();
        let mut in_shell = false;
        for event in self.events() {
            match event {
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                    in_shell = ["sh", "bash", "console"].contains(&&*language);
                }
                Event::End(TagEnd::CodeBlock) => in_shell = false,
                Event::Text(text) if in_shell => {
                    let joined = text.replace("\\\n", " ");
                    let lines = joined.lines().map(|line| line.trim_start_matches("$ "));
                    commands.extend(lines.map(str::to_owned));
                }
                Event::Code(text) => commands.push(text.into_string()),
                _ => {}
            }
        }
        commands
    }
}
