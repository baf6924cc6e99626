//! The embedded migrations are read by a macro that does not notice new files (diesel #3119), so cargo has to be told.
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=migrations");
}
