//! Migrations are embedded when the crate is compiled: it is compiled anew when they change.

fn main() {
    println!("cargo:rerun-if-changed=../migrations/log");
}
