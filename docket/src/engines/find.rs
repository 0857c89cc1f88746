//! Finds the engines' programs among what the system has installed.

use std::path::{Path, PathBuf};

use super::{Programs, process};

/// The oldest Postgres that will do: Debian 12's.
const OLDEST: u32 = 15;

/// Why a program can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BinaryError {
    #[error(
        "no Postgres of version 15 or later found: run `make setup`, install the package `postgresql` \
         (Debian, Arch; `postgresql-server` on Fedora, `postgresql@17` with brew), set DOCKET_POSTGRES_BIN to the \
         directory of its programs, or use a server that is there with --database-url"
    )]
    NoPostgres,
    #[error(
        "no nats-server found: run `make setup`, install the package `nats-server`, set DOCKET_NATS_SERVER \
         to the program, or use a server that is there with --nats-url"
    )]
    NoNats,
    #[error("{} is no Postgres program directory of version 15 or later", .0.display())]
    NotPostgres(PathBuf),
    #[error("{} is no nats-server", .0.display())]
    NotNats(PathBuf),
}

/// Postgres' programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Binaries {
    /// Their directory.
    pub(crate) dir: PathBuf,
    /// The major version.
    pub(crate) version: u32,
}

impl Binaries {
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// Every usable Postgres, the newest first. With a directory set, that one alone.
pub(crate) fn postgres(programs: &Programs) -> Result<Vec<Binaries>, BinaryError> {
    if let Some(dir) = &programs.postgres_bin {
        return match usable(dir) {
            Some(binaries) => Ok(vec![binaries]),
            None => Err(BinaryError::NotPostgres(dir.clone())),
        };
    }
    let mut found: Vec<Binaries> = Vec::new();
    for dir in postgres_dirs() {
        if let Some(binaries) = usable(&dir)
            && !found.contains(&binaries)
        {
            found.push(binaries);
        }
    }
    found.sort_by_key(|binaries| std::cmp::Reverse(binaries.version));
    if found.is_empty() { Err(BinaryError::NoPostgres) } else { Ok(found) }
}

/// The nats-server program.
pub(crate) fn nats_server(programs: &Programs) -> Result<PathBuf, BinaryError> {
    let answers = |path: &Path| said_version(path).is_some_and(|text| text.contains("nats-server"));
    if let Some(path) = &programs.nats_server {
        return if answers(path) { Ok(path.clone()) } else { Err(BinaryError::NotNats(path.clone())) };
    }
    let usual = ["/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/opt/homebrew/bin"].map(PathBuf::from);
    let mut candidates = path_dirs().into_iter().chain(usual).map(|dir| dir.join("nats-server"));
    candidates.find(|path| path.is_file() && answers(path)).ok_or(BinaryError::NoNats)
}

fn path_dirs() -> Vec<PathBuf> {
    std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}

/// Where packages put Postgres: on the path, or in a directory of its version.
fn postgres_dirs() -> Vec<PathBuf> {
    // The link on the path may stand alone; the directory that it leads to has all the programs.
    let linked = path_dirs().into_iter().filter_map(|dir| dir.join("postgres").canonicalize().ok());
    let mut dirs: Vec<PathBuf> = linked.filter_map(|path| path.parent().map(Path::to_path_buf)).collect();
    for (parent, prefix) in [
        ("/usr/lib/postgresql", ""),
        ("/usr", "pgsql-"),
        ("/opt/homebrew/opt", "postgresql"),
        ("/usr/local/opt", "postgresql"),
    ] {
        let Ok(entries) = std::fs::read_dir(parent) else { continue };
        let names = entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
        dirs.extend(names.map(|entry| entry.path().join("bin")));
    }
    dirs
}

fn usable(dir: &Path) -> Option<Binaries> {
    let postgres = dir.join("postgres");
    if !postgres.is_file() || !dir.join("initdb").is_file() {
        return None;
    }
    let version = major_version(&said_version(&postgres)?)?;
    (version >= OLDEST).then(|| Binaries { dir: dir.to_path_buf(), version })
}

fn said_version(program: &Path) -> Option<String> {
    let output = process::one_off(program).arg("--version").output().ok()?;
    String::from_utf8(output.stdout).ok()
}

/// `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)` is 15, `17beta1` is 17.
fn major_version(text: &str) -> Option<u32> {
    let number = text.split_whitespace().nth(2)?;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_postgres_says_of_its_version() {
        assert_eq!(major_version("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"), Some(15));
        assert_eq!(major_version("postgres (PostgreSQL) 18beta2"), Some(18));
        assert_eq!(major_version("something else"), None);
    }

    #[test]
    fn names_the_directory_that_was_set_and_is_not_one() {
        let programs = Programs { postgres_bin: Some("/nowhere".into()), nats_server: None };
        assert_eq!(
            postgres(&programs).unwrap_err().to_string(),
            "/nowhere is no Postgres program directory of version 15 or later"
        );
    }
}
