//! Tells cargo about files that macros embed, and lists the front end's files for `src/http/assets.rs`.

use std::{
    collections::BTreeMap,
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // The embedded migrations are read by a macro that does not notice new files (diesel #3119), so cargo has to be told.
    println!("cargo:rerun-if-changed=migrations");
    // Askama's templates are tracked by its macro, but a new file is not.
    println!("cargo:rerun-if-changed=web/templates");
    println!("cargo:rerun-if-changed=web/static");
    println!("cargo:rerun-if-changed=web/src/styles/plain.css");
    // A path that does not exist would make every build run this again.
    let bundle = Path::new("web/dist/manifest.json");
    println!("cargo:rerun-if-changed={}", if bundle.exists() { "web/dist/manifest.json" } else { "web" });
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets OUT_DIR"));
    let files = if bundle.exists() { bundled(bundle, &out) } else { plain() };
    fs::write(out.join("assets.rs"), table(&files)).expect("OUT_DIR is writable");
}

/// One file: what it is called in the program, what in its address, and where it lies.
struct File {
    name: String,
    address: String,
    path: PathBuf,
}

/// What `web/build.sh` (`make web`) made. It is copied, so that it may be made anew while this program is compiled.
fn bundled(manifest: &Path, out: &Path) -> Vec<File> {
    let text = fs::read_to_string(manifest).expect("web/dist/manifest.json is readable");
    let names: BTreeMap<String, String> = pairs(&text);
    let copies = out.join("dist");
    let _ = fs::remove_dir_all(&copies);
    fs::create_dir_all(&copies).expect("OUT_DIR is writable");
    for entry in fs::read_dir("web/dist").expect("web/dist is readable").flatten() {
        fs::copy(entry.path(), copies.join(entry.file_name())).expect("web/dist is readable");
    }
    names.into_iter().map(|(name, file)| File { name, path: copies.join(&file), address: file }).collect()
}

/// npm is not run here. Without its bundle pages work as they do without JavaScript, and look plain.
fn plain() -> Vec<File> {
    println!("cargo:warning=web/dist is missing: pages are built without live updates; `make web` (web/build.sh) makes it");
    let root = env::current_dir().expect("a folder");
    let file = |name: &str, path: &str| File { name: name.to_owned(), address: name.to_owned(), path: root.join(path) };
    vec![file("app.css", "web/src/styles/plain.css"), file("icon.svg", "web/static/icon.svg")]
}

/// The pairs of a flat JSON object of plain strings, as `web/build.mjs` writes it.
fn pairs(text: &str) -> BTreeMap<String, String> {
    let strings: Vec<&str> = text.split('"').skip(1).step_by(2).collect();
    strings.chunks_exact(2).map(|pair| (pair[0].to_owned(), pair[1].to_owned())).collect()
}

fn table(files: &[File]) -> String {
    let mut text = String::from("const ASSETS: &[Asset] = &[\n");
    for File { name, address, path } in files {
        let packed = |ending: &str| {
            let packed = PathBuf::from(format!("{}.{ending}", path.display()));
            if packed.exists() { format!("Some(include_bytes!({packed:?}))") } else { "None".to_owned() }
        };
        let (brotli, gzip) = (packed("br"), packed("gz"));
        writeln!(
            text,
            "    Asset {{ name: {name:?}, address: {address:?}, plain: include_bytes!({path:?}), brotli: {brotli}, gzip: {gzip} }},"
        )
        .expect("a string takes everything");
    }
    text.push_str("];\n");
    text
}
