//! Whether a data directory is its owner's alone. It holds keys by which anybody could be anybody, and what others
//! can change there is run, trusted or answered.

use std::fs::{Metadata, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use super::DataDirError;

/// May be read by others; everything else is a secret.
const PUBLIC: [&str; 2] = ["jwks.json", "lock"];
/// The same by what their names end in.
const PUBLIC_ENDINGS: [&str; 2] = [".pid", ".lock"];
/// The secrets that lie beside the directories. Other files there are people's own, and nothing is read from them.
const SECRETS: [&str; 5] = ["consumers.json", "cursor.json", "engines.json", "instance.json", "logins.json"];
/// Directories whose programs look after them, and what nothing is trusted of.
const APART: [&str; 4] = ["postgres", "jetstream", "logs", "tenants"];

/// Fails where somebody else can write to the directory or put another in its place, or can read what is secret in
/// it. The path is to be canonical.
pub(super) fn check(dir: &Path) -> Result<(), DataDirError> {
    let us = rustix::process::geteuid().as_raw();
    for above in dir.ancestors().skip(1) {
        let found = look(above)?;
        let owner = found.uid();
        if owner != us && owner != 0 && us != 0 {
            let why = format!("lies in {}, which belongs to user {owner}", above.display());
            return Err(exposed(dir, why, "use a directory below one of yours"));
        }
        // In a sticky directory, such as /tmp, nobody moves what is another's. Groups are trusted: people have
        // their homes and projects open to their own.
        let mode = found.mode();
        if mode & 0o002 != 0 && mode & 0o1000 == 0 {
            let why = format!(
                "lies in {}, which everybody can write (mode {:04o})",
                above.display(),
                mode & 0o7777
            );
            return Err(exposed(dir, why, &format!("`chmod o-w {}`", above.display())));
        }
    }
    let found = look(dir)?;
    owned(dir, dir, &found, us)?;
    unwritable(dir, dir, &found)?;
    let is_closed = found.mode() & 0o777 & !0o700 == 0;
    contents(dir, dir, us, is_closed)
}

fn contents(data_dir: &Path, dir: &Path, us: u32, is_closed: bool) -> Result<(), DataDirError> {
    let failed = |source| DataDirError::Io { what: "look into", path: dir.to_path_buf(), source };
    for entry in std::fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if APART.contains(&&*name) {
            continue;
        }
        let found = match std::fs::metadata(&path) {
            Ok(found) => found,
            // Another command has just renamed it.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(source) => return Err(DataDirError::Io { what: "look at", path: path.clone(), source }),
        };
        let is_public =
            PUBLIC.contains(&&*name) || PUBLIC_ENDINGS.iter().any(|ending| name.ends_with(ending));
        if dir == data_dir && found.is_file() && !is_public && !SECRETS.contains(&&*name) {
            continue;
        }
        owned(data_dir, &path, &found, us)?;
        if found.is_dir() {
            // Made by versions that left the mode to the umask; nobody has got to it.
            if is_closed && found.mode() & 0o022 == 0o020 {
                let tightened = Permissions::from_mode(found.mode() & 0o7755);
                let done = std::fs::set_permissions(&path, tightened);
                done.map_err(|source| DataDirError::Io { what: "close", path: path.clone(), source })?;
            } else {
                unwritable(data_dir, &path, &found)?;
            }
            contents(data_dir, &path, us, is_closed)?;
            continue;
        }
        unwritable(data_dir, &path, &found)?;
        if !is_public && found.mode() & 0o077 != 0 {
            let why = format!("holds {}, a secret that others can read{}", path.display(), mode(&found));
            return Err(exposed(
                data_dir,
                why,
                &format!("`chmod go-rwx {}`, if nobody has read it", path.display()),
            ));
        }
    }
    Ok(())
}

fn look(path: &Path) -> Result<Metadata, DataDirError> {
    std::fs::metadata(path).map_err(|source| DataDirError::Io {
        what: "look at",
        path: path.to_path_buf(),
        source,
    })
}

fn owned(data_dir: &Path, path: &Path, found: &Metadata, us: u32) -> Result<(), DataDirError> {
    let owner = found.uid();
    if owner == us {
        return Ok(());
    }
    let what = if path == data_dir { String::new() } else { format!("holds {}, which ", path.display()) };
    let why = format!("{what}belongs to user {owner}, and docket runs as user {us}");
    Err(exposed(data_dir, why, "run docket as that user, or use another directory with --data-dir"))
}

fn unwritable(data_dir: &Path, path: &Path, found: &Metadata) -> Result<(), DataDirError> {
    if found.mode() & 0o022 == 0 {
        return Ok(());
    }
    let what = if path == data_dir { String::new() } else { format!("holds {}, which ", path.display()) };
    let why = format!("{what}can be written by others{}", mode(found));
    Err(exposed(
        data_dir,
        why,
        &format!("`chmod go-w {}`, if nobody has changed anything there", path.display()),
    ))
}

fn mode(found: &Metadata) -> String {
    format!(" (mode {:04o})", found.mode() & 0o7777)
}

fn exposed(dir: &Path, why: String, cure: &str) -> DataDirError {
    DataDirError::Exposed { dir: dir.to_path_buf(), why, cure: cure.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// A data directory with something of each kind in it.
    fn data_dir() -> (tempfile::TempDir, PathBuf) {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().canonicalize().unwrap().join("data");
        for part in ["", "issuer", "nats/jetstream", "logs", "postgres"] {
            std::fs::create_dir_all(dir.join(part)).unwrap();
        }
        for part in ["", "issuer", "nats"] {
            set(&dir.join(part), 0o700);
        }
        for file in
            ["engines.json", "issuer/issuer.pem", "issuer/jwks.json", "nats/accounts.conf", "lock", "up.pid"]
        {
            std::fs::write(dir.join(file), "x").unwrap();
            set(&dir.join(file), 0o600);
        }
        check(&dir).unwrap();
        (temp, dir)
    }

    fn set(path: &Path, mode: u32) {
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_others_can_write_or_read_is_refused_with_what_to_do() {
        for (part, mode, cure) in [
            ("", 0o777, "chmod go-w"),
            ("", 0o770, "chmod go-w"),
            ("issuer", 0o702, "chmod go-w"),
            ("engines.json", 0o640, "chmod go-rwx"),
            ("engines.json", 0o604, "chmod go-rwx"),
            ("engines.json", 0o602, "chmod go-w"),
            ("issuer/issuer.pem", 0o644, "chmod go-rwx"),
            ("issuer/jwks.json", 0o666, "chmod go-w"),
            ("nats/accounts.conf", 0o644, "chmod go-rwx"),
            ("lock", 0o606, "chmod go-w"),
        ] {
            let (_temp, dir) = data_dir();
            set(&dir.join(part), mode);
            let error = check(&dir).expect_err(part).to_string();
            assert!(error.contains(cure) && error.contains(part), "{part} {mode:o}: {error}");
        }
        for (part, mode) in
            [("", 0o711), ("", 0o755), ("issuer/jwks.json", 0o644), ("lock", 0o644), ("logs", 0o777)]
        {
            let (_temp, dir) = data_dir();
            set(&dir.join(part), mode);
            assert!(check(&dir).is_ok(), "{part} {mode:o}");
        }
        // What people put there themselves is theirs.
        let (_temp, dir) = data_dir();
        std::fs::write(dir.join("events.tsv"), "x").unwrap();
        set(&dir.join("events.tsv"), 0o666);
        check(&dir).unwrap();
    }

    #[test]
    fn a_directory_that_a_umask_left_open_to_the_group_is_closed() {
        let (_temp, dir) = data_dir();
        set(&dir.join("issuer"), 0o775);
        check(&dir).unwrap();
        assert_eq!(look(&dir.join("issuer")).unwrap().mode() & 0o777, 0o755);
    }

    #[test]
    fn what_lies_where_everybody_can_put_another_in_its_place_is_refused() {
        let (temp, dir) = data_dir();
        set(temp.path(), 0o777);
        let error = check(&dir).unwrap_err().to_string();
        assert!(error.contains("chmod o-w") && error.contains("everybody"), "{error}");
        set(temp.path(), 0o1777);
        check(&dir).unwrap();
    }

    #[test]
    fn what_belongs_to_another_is_refused() {
        if !rustix::process::geteuid().is_root() {
            eprintln!("skipped: only root can give files away");
            return;
        }
        for part in ["", "engines.json", "issuer"] {
            let (_temp, dir) = data_dir();
            std::os::unix::fs::chown(dir.join(part), Some(65_534), None).unwrap();
            let error = check(&dir).unwrap_err().to_string();
            assert!(error.contains("belongs to user 65534"), "{part}: {error}");
        }
    }
}
