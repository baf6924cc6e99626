//! Tells cargo about files that macros embed, and puts the web bundle where the program embeds it from.

use std::{env, fs, path::Path};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // The embedded migrations are read by a macro that does not notice new files (diesel #3119), so cargo has to be told.
    println!("cargo:rerun-if-changed=migrations");
    // Askama's templates are tracked by its macro, but a new file is not.
    println!("cargo:rerun-if-changed=web/templates");
    println!("cargo:rerun-if-changed=web/src");
    // A path that does not exist would make every build run this again.
    println!("cargo:rerun-if-changed={}", if Path::new("web/dist").exists() { "web/dist" } else { "web" });
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    embed(Path::new(&out));
}

/// npm is not run here: `web/build.sh` (`make web`) makes the bundle. Without it the page still works, as it does without JavaScript.
fn embed(out: &Path) {
    let (script, style) = (Path::new("web/dist/app.js"), Path::new("web/dist/app.css"));
    if script.exists() && style.exists() {
        fs::copy(script, out.join("app.js")).expect("web/dist/app.js is readable");
        fs::copy(style, out.join("app.css")).expect("web/dist/app.css is readable");
        return;
    }
    println!("cargo:warning=web/dist is missing: the page is built without live updates; `make web` (web/build.sh) makes it");
    fs::write(out.join("app.js"), "").expect("OUT_DIR is writable");
    fs::copy("web/src/app.css", out.join("app.css")).expect("web/src/app.css is readable");
}
