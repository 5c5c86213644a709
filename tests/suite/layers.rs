//! Data flows one way: the order of the core's modules, no circles between the modules of any crate, and which
//! crate may use which.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The modules of `conda-torch-core` in their order: each uses only those before it.
const CORE: &[&str] = &[
    "escapes",
    "escapes",
    "yaml",
    "conda",
    "types",
    "matrix",
    "clients",
    "import",
    "channel",
    "diagnostics",
    "resolve",
    "virtual_packages",
    "audit",
    "error_texts",
    "smoke_test",
    "solve_check",
    "migrate",
    "commands",
    "answer",
    "formats",
    "sentences",
    "fleet",
    "report",
    "heat_map",
    "question",
];

/// The crates, and those of the project that each may use.
const CRATES: &[(&str, &[&str])] = &[
    (".", &["conda-torch-core", "conda-torch-host", "conda-torch-probe"]),
    ("crates/conda-torch-core", &[]),
    ("crates/conda-torch-host", &["conda-torch-core", "conda-torch-probe"]),
    ("crates/conda-torch-live", &["conda-torch-core"]),
    ("crates/conda-torch-probe", &["conda-torch-core"]),
    ("crates/conda-torch-web", &["conda-torch-core"]),
];

type ModulePath = Vec<String>;

/// The modules of a crate by their paths; the root is the empty path.
#[derive(Default)]
struct Modules(BTreeMap<ModulePath, Module>);

/// What a module names.
#[derive(Default)]
struct Module {
    /// Every path that begins with `crate`, `super`, `self` or a child, from the root on.
    paths: BTreeSet<ModulePath>,
    /// Imports by their local name; other modules may import them from here.
    imports: BTreeMap<String, ModulePath>,
}

/// Uses between children of one module: the user, the used, and the modules that do.
type Uses = BTreeMap<(String, String), String>;

impl Modules {
    /// Reads a crate's `src`.
    fn read(src: &Path) -> Self {
        let mut files = Vec::new();
        collect(src, &mut files);
        let name = |path: &Path| path.strip_prefix(src).expect("under src").display().to_string();
        let text = |path: &Path| std::fs::read_to_string(path).expect("a source is text");
        Self::new(files.iter().map(|path| (name(path), text(path))))
    }

    /// Parses the sources of a crate: file names below `src`, and texts.
    fn new(files: impl IntoIterator<Item = (String, String)>) -> Self {
        let files: BTreeMap<ModulePath, String> =
            files.into_iter().filter_map(|(name, text)| Some((module_of(&name)?, text))).collect();
        let is_child = |parent: &[String], name: &str| {
            files.keys().any(|path| path.split_last() == Some((&name.to_owned(), parent)))
        };
        let mut modules = Self::default();
        for (path, text) in &files {
            let module = Module::parse(path, &code(text), &|name| is_child(path, name));
            modules.0.entry(path.clone()).or_default().extend(module);
        }
        modules
    }

    /// The module that a path leads to, through imports.
    fn target(&self, path: &[String], depth: usize) -> ModulePath {
        let known = (0..=path.len()).rev().find(|&end| self.0.contains_key(&path[..end]));
        let (module, rest) = path.split_at(known.unwrap_or(0));
        let import = rest.first().and_then(|name| self.0.get(module)?.imports.get(name));
        match import {
            Some(import) if depth < 8 => {
                let full: ModulePath = import.iter().chain(&rest[1..]).cloned().collect();
                self.target(&full, depth + 1)
            }
            Some(_) | None => module.to_vec(),
        }
    }

    /// All uses between siblings, by their parent. A module and those within it are one.
    fn uses(&self) -> BTreeMap<ModulePath, Uses> {
        let mut all: BTreeMap<ModulePath, Uses> = BTreeMap::new();
        for (from, module) in &self.0 {
            for path in &module.paths {
                let to = self.target(path, 0);
                let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
                if let (Some(user), Some(used)) = (from.get(common), to.get(common)) {
                    let shown = format!("`{}` uses `{}`", from.join("::"), to.join("::"));
                    let uses = all.entry(from[..common].to_vec()).or_default();
                    uses.entry((user.clone(), used.clone())).or_insert(shown);
                }
            }
        }
        all
    }
}

impl Module {
    /// Parses code without comments and strings.
    fn parse(path: &[String], code: &str, is_child: &dyn Fn(&str) -> bool) -> Self {
        let tokens = tokens(code);
        let mut module = Self::default();
        let mut at = 0;
        while at < tokens.len() {
            let after = at.checked_sub(1).map_or("", |before| tokens[before]);
            if tokens[at] == "use" {
                at += 1;
                let mut found = Vec::new();
                use_tree(&tokens, &mut at, &mut Vec::new(), &mut found);
                for (segments, name) in found {
                    if let Some(full) = absolute(path, &segments, is_child) {
                        module.imports.insert(name, full.clone());
                        module.paths.insert(full);
                    }
                }
            } else if matches!(tokens[at], "crate" | "super" | "self") && after != "::" {
                let mut segments = vec![tokens[at]];
                while tokens.get(at + 1) == Some(&"::") && tokens.get(at + 2).is_some_and(is_word) {
                    segments.push(tokens[at + 2]);
                    at += 2;
                }
                module.paths.extend(absolute(path, &segments, is_child));
                at += 1;
            } else {
                at += 1;
            }
        }
        module
    }

    fn extend(&mut self, other: Self) {
        self.paths.extend(other.paths);
        self.imports.extend(other.imports);
    }
}

/// The paths of a `use`, each with its local name.
fn use_tree<'t>(
    tokens: &[&'t str],
    at: &mut usize,
    prefix: &mut Vec<&'t str>,
    found: &mut Vec<(Vec<&'t str>, String)>,
) {
    let length = prefix.len();
    while let Some(&token) = tokens.get(*at) {
        *at += 1;
        match token {
            "{" => {
                while tokens.get(*at).is_some_and(|token| *token != "}") {
                    use_tree(tokens, at, prefix, found);
                    if tokens.get(*at) == Some(&",") {
                        *at += 1;
                    }
                }
                *at += 1;
                prefix.truncate(length);
                return;
            }
            "::" => {}
            word => prefix.push(word),
        }
        match tokens.get(*at) {
            Some(&"::") => {}
            Some(&"as") => {
                found.push((prefix.clone(), tokens[*at + 1].to_owned()));
                *at += 2;
                break;
            }
            _ if tokens[*at - 1] != "::" => {
                if prefix.last() == Some(&"self") && prefix.len() > 1 {
                    prefix.pop();
                }
                found.push((prefix.clone(), prefix.last().map_or("", |name| name).to_owned()));
                break;
            }
            _ => {}
        }
    }
    prefix.truncate(length);
}

/// A path from the crate root; `None` for one outside the crate.
fn absolute(
    module: &[String],
    path: &[&str],
    is_child: &dyn Fn(&str) -> bool,
) -> Option<ModulePath> {
    let (mut base, mut rest) = match *path.first()? {
        "crate" => (Vec::new(), &path[1..]),
        "self" => (module.to_vec(), &path[1..]),
        "super" => (module.to_vec(), path),
        first if is_child(first) => (module.to_vec(), path),
        _ => return None,
    };
    while rest.first() == Some(&"super") {
        base.pop();
        rest = &rest[1..];
    }
    base.extend(rest.iter().map(|&segment| segment.to_owned()));
    Some(base)
}

/// `a::b` of `a/b.rs` and `a/b/mod.rs`; `None` for a file of tests.
fn module_of(file: &str) -> Option<ModulePath> {
    let mut path: ModulePath = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    match path.last()?.as_str() {
        "tests" => return None,
        "mod" | "lib" | "main" => path.pop(),
        _ => None,
    };
    Some(path)
}

fn is_word(token: &&str) -> bool {
    token.starts_with(|c: char| c.is_alphanumeric() || c == '_')
}

/// Words, `::`, and single other characters.
fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let end = if is_part(first) {
            rest.find(|c| !is_part(c)).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        tokens.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    tokens
}

/// A file without its comments, its string literals and its unit tests.
fn code(text: &str) -> String {
    let text = text.find("#[cfg(test)]\nmod tests {").map_or(text, |tests| &text[..tests]);
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if rest.starts_with("'\"'") {
            3
        } else if rest.starts_with("r#\"") {
            rest.find("\"#").map_or(rest.len(), |end| end + 2)
        } else if next == '"' {
            string_length(rest)
        } else {
            code.push(next);
            next.len_utf8()
        };
        rest = &rest[skipped..];
    }
    code
}

/// The length of the string literal at the start of a text, with quotes.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// Every `.rs` file under a folder.
fn collect(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("its entries can be read").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The uses that form a circle, if any.
fn circle(uses: &Uses) -> Option<Vec<&str>> {
    let mut finished = BTreeSet::new();
    uses.keys().find_map(|(start, _)| walk(uses, start, &mut Vec::new(), &mut finished))
}

fn walk<'u>(
    uses: &'u Uses,
    node: &'u str,
    way: &mut Vec<(&'u str, &'u str)>,
    finished: &mut BTreeSet<&'u str>,
) -> Option<Vec<&'u str>> {
    if let Some(from) = way.iter().position(|(user, _)| *user == node) {
        return Some(way[from..].iter().map(|(_, shown)| *shown).collect());
    }
    if finished.contains(node) {
        return None;
    }
    for ((_, used), shown) in uses.iter().filter(|((user, _), _)| user == node) {
        way.push((node, shown));
        if let Some(circle) = walk(uses, used, way, finished) {
            return Some(circle);
        }
        way.pop();
    }
    finished.insert(node);
    None
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn no_crate_has_a_circle_between_sibling_modules() {
    let mut circles = Vec::new();
    for (name, _) in CRATES {
        for (parent, uses) in Modules::read(&root().join(name).join("src")).uses() {
            let place = format!("{name}/src/{}", parent.join("/"));
            if let Some(circle) = circle(&uses) {
                circles.push(format!("{place}: {}", circle.join(", ")));
            }
        }
    }
    assert!(circles.is_empty(), "modules use each other in circles:\n{}", circles.join("\n"));
}

#[test]
fn a_module_of_the_core_uses_only_those_before_it() {
    let modules = Modules::read(&root().join("crates/conda-torch-core/src"));
    let place = |name: &str| CORE.iter().position(|module| *module == name);
    let top: Vec<&String> = modules.0.keys().filter_map(|path| path.first()).collect();
    for module in top {
        assert!(place(module).is_some(), "`{module}` needs its place in `CORE`");
    }
    let uses = modules.uses().remove(&Vec::new()).unwrap_or_default();
    let backward: Vec<&str> = uses
        .iter()
        .filter(|((user, used), _)| place(user) < place(used))
        .map(|(_, shown)| shown.as_str())
        .collect();
    assert!(backward.is_empty(), "modules use later ones:\n{}", backward.join("\n"));
}

#[test]
fn a_crate_uses_only_the_crates_below_it() {
    for (name, allowed) in CRATES {
        let manifest = std::fs::read_to_string(root().join(name).join("Cargo.toml")).expect("text");
        let manifest: toml::Table = manifest.parse().expect("TOML");
        let used = manifest["dependencies"].as_table().expect("a table").keys();
        let used: Vec<&str> =
            used.map(String::as_str).filter(|used| used.starts_with("conda-torch")).collect();
        assert_eq!(used, *allowed, "{name}");
    }
}

#[test]
fn circles_are_found_through_re_exports_and_not_between_parent_and_child() {
    let circle_of = |files: &[(&str, &str)]| {
        let files = files.iter().map(|&(name, text)| (name.to_owned(), text.to_owned()));
        let uses = Modules::new(files).uses();
        uses.values().find_map(circle).map(|circle| circle.join(", "))
    };
    let direct = [("a.rs", "use crate::{b::{B, C}, x};"), ("b.rs", "fn f() { super::a::g() }")];
    assert_eq!(circle_of(&direct).as_deref(), Some("`a` uses `b`, `b` uses `a`"));
    let through = [
        ("p/mod.rs", "mod a; mod b; pub use b::B;"),
        ("p/a.rs", "use super::B;"),
        ("p/b.rs", "use super::a;"),
    ];
    assert_eq!(circle_of(&through).as_deref(), Some("`p::a` uses `p::b`, `p::b` uses `p::a`"));
    let family = [("p/mod.rs", "mod a; use a::A; struct P;"), ("p/a.rs", "use super::P;")];
    assert_eq!(circle_of(&family), None);
    let silent = [
        ("a.rs", "// crate::b\n/* crate::b */ const A: &str = \"crate::b\"; use std::b;"),
        ("b.rs", "use crate::a;\n#[cfg(test)]\nmod tests { use super::*; }"),
    ];
    assert_eq!(circle_of(&silent), None);
}
