//! The import rules of `src/lib.rs` and what else the code promises about itself, as tests. They parse the source.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};
use syn::{spanned::Spanned as _, visit::Visit};

/// Who may use whom; everybody may use `domain config error telemetry`, which are listed with what they may use themselves.
const RULES: &[(&str, &[&str])] = &[
    ("app", &["*"]),
    ("cli", &["*"]),
    ("http", &["jobs", "drives", "catalog", "doctor", "storage", "bus", "supervision"]),
    // Command line and page ask the same questions, so they live in neither.
    ("doctor", &["drives", "imaging", "optical", "storage"]),
    ("jobs", &["imaging", "drives", "catalog", "storage", "bus", "supervision", "optical"]),
    ("drives", &["optical", "filesystems", "storage", "bus", "supervision"]),
    ("catalog", &["filesystems", "imaging", "storage", "bus", "supervision"]),
    ("bus", &["storage", "supervision"]),
    ("imaging", &["optical", "filesystems"]),
    ("filesystems", &["optical"]),
    ("optical", &[]),
    ("storage", &[]),
    ("supervision", &[]),
    ("domain", &[]),
    ("config", &[]),
    ("error", &[]),
    ("telemetry", &[]),
];
/// Usable by all but the pure core and themselves.
const COMMON: &[&str] = &["domain", "config", "error", "telemetry"];

struct Source {
    path: PathBuf,
    /// `src/`-relative path with `/`.
    name: String,
    /// First folder or file below `src`.
    module: String,
    text: String,
    tree: syn::File,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = walkdir::WalkDir::new(&root)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.path().extension().is_some_and(|e| e == "rs"));
    files
        .map(|entry| {
            let name = entry.path().strip_prefix(&root).expect("below src").display().to_string();
            let module = name.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned();
            let text = fs::read_to_string(entry.path()).expect("readable");
            let tree = syn::parse_file(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            Source { path: entry.path().to_owned(), name, module, text, tree }
        })
        .collect()
}

/// Every path that a file mentions, in `use` trees and elsewhere, with its line.
#[derive(Default)]
struct Paths(Vec<(Vec<String>, usize)>);

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let line = item.span().start().line;
        let mut found = Vec::new();
        flatten(&item.tree, &mut Vec::new(), &mut found);
        self.0.extend(found.into_iter().map(|path| (path, line)));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let line = path.span().start().line;
        self.0.push((path.segments.iter().map(|segment| segment.ident.to_string()).collect(), line));
        syn::visit::visit_path(self, path);
    }
}

fn flatten(tree: &syn::UseTree, prefix: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    match tree {
        syn::UseTree::Path(path) => {
            prefix.push(path.ident.to_string());
            flatten(&path.tree, prefix, found);
            prefix.pop();
        }
        syn::UseTree::Group(group) => group.items.iter().for_each(|item| flatten(item, prefix, found)),
        syn::UseTree::Name(name) => found.push(prefix.iter().cloned().chain([name.ident.to_string()]).collect()),
        syn::UseTree::Rename(name) => found.push(prefix.iter().cloned().chain([name.ident.to_string()]).collect()),
        syn::UseTree::Glob(_) => found.push(prefix.clone()),
    }
}

fn paths(source: &Source) -> Vec<(Vec<String>, usize)> {
    let mut paths = Paths::default();
    paths.visit_file(&source.tree);
    paths.0
}

fn assert_none(what: &str, violations: &[String]) {
    assert!(violations.is_empty(), "{what}:\n  {}", violations.join("\n  "));
}

#[test]
fn modules_use_only_what_the_table_allows() {
    let rules: BTreeMap<_, _> = RULES.iter().copied().collect();
    let mut violations = Vec::new();
    for source in sources().iter().filter(|source| !["lib", "main"].contains(&source.module.as_str())) {
        let allowed =
            rules.get(source.module.as_str()).unwrap_or_else(|| panic!("{}: no rule for {}", source.name, source.module));
        for (path, line) in paths(source) {
            let [first, target, ..] = path.as_slice() else { continue };
            if first != "crate" || *target == source.module || !rules.contains_key(target.as_str()) {
                continue;
            }
            let common = COMMON.contains(&target.as_str()) && (source.module != "domain");
            if !common && !allowed.contains(&"*") && !allowed.contains(&target.as_str()) {
                violations.push(format!("src/{}:{line} uses {target}", source.name));
            }
        }
    }
    assert_none("imports against the table in src/lib.rs", &violations);
}

#[test]
fn other_modules_are_used_by_messages_only_where_the_design_says_so() {
    // `http` and `jobs` talk to actors; nobody reaches into another module's files.
    let hidden = ["dispatcher", "actor", "queries", "rows", "schema"];
    let mut violations = Vec::new();
    for source in sources() {
        for (path, line) in paths(&source) {
            if let [first, target, inner, ..] = path.as_slice()
                && first == "crate"
                && *target != source.module
                && hidden.contains(&inner.as_str())
            {
                violations.push(format!("src/{}:{line} reaches into {target}::{inner}", source.name));
            }
        }
    }
    assert_none("reaching into another module", &violations);
}

#[test]
fn crates_stay_where_they_belong() {
    let mut violations = Vec::new();
    for source in sources() {
        for (path, line) in paths(&source) {
            let Some(first) = path.first() else { continue };
            let second = path.get(1).map_or("", String::as_str);
            let third = path.get(2).map_or("", String::as_str);
            let place = format!("src/{}:{line}", source.name);
            if first.starts_with("diesel") && source.module != "storage" {
                violations.push(format!("{place}: diesel outside storage/"));
            }
            if first.starts_with("actix")
                && ["domain", "storage", "imaging", "optical", "filesystems"].contains(&source.module.as_str())
            {
                violations.push(format!("{place}: actix inside {}", source.module));
            }
            let process = (first == "std" || first == "tokio")
                && second == "process"
                && third != "ExitCode"
                && source.name != "imaging/process.rs";
            if process || (first == "process" && second == "Command") {
                violations.push(format!("{place}: processes outside imaging/process.rs"));
            }
            if source.module == "domain"
                && ["tokio", "std::fs", "std::env", "std::net", "std::time::SystemTime"]
                    .iter()
                    .any(|bad| path.join("::").starts_with(bad))
            {
                violations.push(format!("{place}: the pure core uses {}", path.join("::")));
            }
            if first == "actix_web_actors" && source.name != "http/ws.rs" {
                violations.push(format!("{place}: actix-web-actors outside http/ws.rs"));
            }
            let clock =
                ["SystemTime::now", "Utc::now", "Local::now", "Uuid::now_v7"].iter().any(|now| path.join("::").ends_with(now));
            if clock && source.name != "telemetry/clock.rs" {
                violations.push(format!("{place}: the wall clock outside telemetry/clock.rs"));
            }
        }
    }
    assert_none("crates in the wrong place", &violations);
}

struct Unsafe(Vec<usize>);

impl<'ast> Visit<'ast> for Unsafe {
    fn visit_expr_unsafe(&mut self, block: &'ast syn::ExprUnsafe) {
        self.0.push(block.span().start().line);
        syn::visit::visit_expr_unsafe(self, block);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        self.0.extend(item.unsafety.as_ref().map(|word| word.span().start().line));
        syn::visit::visit_item_impl(self, item);
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.0.extend(signature.unsafety.as_ref().map(|word| word.span().start().line));
    }
}

#[test]
fn unsafe_code_is_in_one_file() {
    let mut violations = Vec::new();
    for source in sources().iter().filter(|source| source.name != "optical/scsi.rs") {
        let mut found = Unsafe(Vec::new());
        found.visit_file(&source.tree);
        violations.extend(found.0.iter().map(|line| format!("src/{}:{line}", source.name)));
    }
    assert_none("unsafe outside optical/scsi.rs", &violations);
}

struct Functions(Vec<(String, usize, usize)>);

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.0.push((function.sig.ident.to_string(), function.sig.span().start().line, function.span().end().line));
        syn::visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.0.push((function.sig.ident.to_string(), function.sig.span().start().line, function.span().end().line));
        syn::visit::visit_impl_item_fn(self, function);
    }
}

#[test]
fn functions_have_at_most_80_lines_and_files_at_most_500() {
    let mut violations = Vec::new();
    for source in sources() {
        let lines = source.text.lines().count();
        if lines > 500 {
            violations.push(format!("src/{} has {lines} lines", source.name));
        }
        let mut functions = Functions(Vec::new());
        functions.visit_file(&source.tree);
        for (name, start, end) in functions.0 {
            if end + 1 - start > 80 {
                violations.push(format!("src/{}:{start} {name} has {} lines", source.name, end + 1 - start));
            }
        }
    }
    assert_none("too long", &violations);
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent: Vec<String> = sources()
        .iter()
        .filter(|source| !source.text.starts_with("//!"))
        .map(|source| source.path.display().to_string())
        .collect();
    assert_none("files without a first line that says what they are for", &silent);
}

#[test]
fn nothing_is_unfinished_or_left_out() {
    // The words are put together so that this file does not find itself.
    let marks: Vec<String> = [("TO", "DO"), ("FIX", "ME"), ("to", "do!("), ("unimpl", "emented!("), ("#[ign", "ore]")]
        .map(|(a, b)| format!("{a}{b}"))
        .to_vec();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut violations = BTreeSet::new();
    for folder in ["src", "tests", "benches"] {
        for entry in walkdir::WalkDir::new(root.join(folder))
            .into_iter()
            .filter_map(Result::ok)
            .filter(|entry| entry.path().extension().is_some_and(|e| e == "rs"))
        {
            let text = fs::read_to_string(entry.path()).expect("readable");
            for mark in marks.iter().filter(|mark| text.contains(mark.as_str())) {
                violations.insert(format!("{}: {mark}", entry.path().display()));
            }
        }
    }
    assert_none("marks of unfinished work", &violations.into_iter().collect::<Vec<_>>());
}
