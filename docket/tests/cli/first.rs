//! A first `docket up` whose initdb is the test's own.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::running::BINARY;

/// A directory of Postgres programs whose initdb does this, with the directory that it is to make in `$last`.
fn postgres_with_initdb(dir: &Path, initdb: &str) -> PathBuf {
    let bin = dir.join("bin");
    std::fs::create_dir(&bin).unwrap();
    let initdb = format!("for last; do :; done\n{initdb}");
    for (name, script) in [("postgres", "echo 'postgres (PostgreSQL) 17.0'"), ("initdb", &initdb)] {
        let file = bin.join(name);
        std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap();
    }
    std::fs::set_permissions(&bin, PermissionsExt::from_mode(0o755)).unwrap();
    bin
}

pub(crate) fn first_up(dir: &Path, initdb: &str) -> Command {
    let mut command = Command::new(BINARY);
    command.args(["up", "--port", "0", "--data-dir"]).arg(dir.join("data"));
    command.arg("--postgres-bin").arg(postgres_with_initdb(dir, initdb));
    command
}

pub(crate) fn passable() -> tempfile::TempDir {
    // As root, Postgres' programs run as another user, who must get there.
    tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o755)).tempdir().unwrap()
}
