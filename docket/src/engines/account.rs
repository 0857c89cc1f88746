//! The user that Postgres runs as.
//!
//! Postgres refuses to run as root. Where Docket is root (in a bare container), Postgres runs as
//! the user `postgres`, else `nobody`, and its files are that user's. If that user can't get to
//! the data directory (below a `/root` that is closed, say), they are in `/var/lib/docket/<id>`,
//! and `engines.json` says so.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rand::Rng;

use super::{EngineError, process};

/// Where the files go that can't be in the data directory.
const ELSEWHERE: &str = "/var/lib/docket";

/// Another user than ours.
#[derive(Clone, Copy, Debug)]
pub(super) struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// `None`: our own user will do.
    pub(super) fn needed() -> Result<Option<Self>, EngineError> {
        if !is_root() {
            return Ok(None);
        }
        let found = ["postgres", "nobody"].into_iter().find_map(Self::of);
        found.map(Some).ok_or(EngineError::NoAccount)
    }

    fn of(name: &str) -> Option<Self> {
        let ask = |flag: &str| {
            let output = process::one_off("id").args([flag, name]).stderr(Stdio::null()).output().ok()?;
            String::from_utf8(output.stdout).ok()?.trim().parse().ok()
        };
        Some(Self { uid: ask("-u")?, gid: ask("-g")? })
    }

    /// Makes the command run as this user.
    pub(super) fn run(self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }

    /// Makes a file or directory this user's.
    pub(super) fn own(self, path: &Path) -> Result<(), EngineError> {
        std::os::unix::fs::lchown(path, Some(self.uid), Some(self.gid)).map_err(|source| EngineError::File {
            what: "give away",
            path: path.to_path_buf(),
            source,
        })
    }

    /// Whether this user gets to the directory.
    pub(super) fn reaches(self, dir: &Path) -> bool {
        let mut command = process::one_off("/bin/sh");
        command.args(["-c", "cd \"$0\""]).arg(dir).current_dir("/");
        self.run(&mut command);
        command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A new directory that any user can get to.
pub(super) fn reachable_dir() -> Result<PathBuf, EngineError> {
    let id: u64 = rand::rng().random();
    let dir = Path::new(ELSEWHERE).join(format!("{id:016x}"));
    let failed = |source| EngineError::File { what: "create", path: dir.clone(), source };
    std::fs::create_dir_all(&dir).map_err(failed)?;
    for path in [Path::new(ELSEWHERE), &dir] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o711)).map_err(failed)?;
    }
    Ok(dir)
}
