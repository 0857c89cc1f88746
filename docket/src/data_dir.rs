//! The data directory: what one `docket up` keeps, and how other commands find it.

mod custody;

use std::fs::{DirBuilder, File, Permissions, TryLockError};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Why the data directory can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DataDirError {
    #[error("cannot {what} {}: {source}{}", path.display(), cure(source))]
    Io {
        what: &'static str,
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{} cannot be read: {source}", path.display())]
    Json {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    #[error(
        "another `docket up` runs on {}: stop it first, or use another directory with --data-dir", .0.display()
    )]
    Locked(PathBuf),
    #[error("the data directory {} {why}: {cure}", dir.display())]
    Exposed { dir: PathBuf, why: String, cure: String },
    #[error("{} is no directory, and cannot be the data directory: name another with --data-dir", .0.display())]
    NotADirectory(PathBuf),
    #[error("there is no data directory {}: start `docket up` with it first", .0.display())]
    Missing(PathBuf),
}

/// What to do about it, where that is known.
fn cure(error: &std::io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::PermissionDenied => {
            ": run docket as the user whom it belongs to, let this user write there (chown, chmod u+rwx), \
             or name another directory with --data-dir"
        }
        ErrorKind::ReadOnlyFilesystem => ": name a directory that can be written with --data-dir",
        ErrorKind::StorageFull => ": make room there, or name another directory with --data-dir",
        _ => "",
    }
}

/// A data directory that is there.
#[derive(Clone, Debug)]
pub(crate) struct DataDir(PathBuf);

/// Held while `docket up` runs; the system frees it, however the process ends.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "held, never read")] File);

impl DataDir {
    /// Opens it, or makes it, for the owner alone. One that others can write is refused.
    pub(crate) fn create(path: &Path) -> Result<Self, DataDirError> {
        let failed = |source| DataDirError::Io { what: "create", path: path.to_path_buf(), source };
        // Above it too: what is there and is no directory.
        if let Some(other) = path.ancestors().find(|part| part.exists()).filter(|part| !part.is_dir()) {
            return Err(DataDirError::NotADirectory(other.to_path_buf()));
        }
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        let dir = Self(path.canonicalize().map_err(failed)?);
        custody::check(&dir.0)?;
        let logs = dir.0.join("logs");
        DirBuilder::new().recursive(true).mode(0o700).create(&logs).map_err(failed)?;
        Ok(dir)
    }

    /// Opens one that must be there. One that others can write is refused.
    pub(crate) fn open(path: &Path) -> Result<Self, DataDirError> {
        let dir = path.canonicalize().map_err(|source| match source.kind() {
            ErrorKind::PermissionDenied => {
                DataDirError::Io { what: "open", path: path.to_path_buf(), source }
            }
            _ => DataDirError::Missing(path.to_path_buf()),
        })?;
        if !dir.is_dir() {
            return Err(DataDirError::NotADirectory(dir));
        }
        custody::check(&dir)?;
        Ok(Self(dir))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Takes the directory for this process, or says that another has it.
    pub(crate) fn lock(&self) -> Result<Lock, DataDirError> {
        self.locked(File::try_lock)
    }

    /// Whether a `docket up` holds it. Any number may ask at a time.
    pub(crate) fn is_locked(&self) -> bool {
        matches!(self.locked(File::try_lock_shared), Err(DataDirError::Locked(_)))
    }

    fn locked(&self, lock: fn(&File) -> Result<(), TryLockError>) -> Result<Lock, DataDirError> {
        let path = self.0.join("lock");
        let failed = |source| DataDirError::Io { what: "lock", path: path.clone(), source };
        let opened = File::options().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let file = opened.map_err(failed)?;
        match lock(&file) {
            Ok(()) => Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => Err(DataDirError::Locked(self.0.clone())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Waits until no other process changes such a thing, and holds it for this one.
    pub(crate) fn lock_for(&self, what: &str) -> Result<Lock, DataDirError> {
        let path = self.0.join(format!("{what}.lock"));
        let opened = File::options().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let locked = opened.and_then(|file| file.lock().map(|()| Lock(file)));
        locked.map_err(|source| DataDirError::Io { what: "lock", path, source })
    }

    /// Lets other users pass through to a directory below that is theirs. They see nothing else.
    pub(crate) fn let_pass(&self) -> Result<(), DataDirError> {
        std::fs::set_permissions(&self.0, Permissions::from_mode(0o711)).map_err(|source| DataDirError::Io {
            what: "open up",
            path: self.0.clone(),
            source,
        })
    }

    pub(crate) fn issuer_dir(&self) -> PathBuf {
        self.0.join("issuer")
    }

    pub(crate) fn tenants_dir(&self) -> PathBuf {
        self.0.join("tenants")
    }

    pub(crate) fn log_file(&self, program: &str) -> PathBuf {
        self.0.join("logs").join(format!("{program}.log"))
    }

    fn pid_file(&self, program: &str) -> PathBuf {
        self.0.join(format!("{program}.pid"))
    }

    /// Keeps the process id of an engine, for `docket status` and for the next start.
    pub(crate) fn note_pid(&self, program: &str, pid: u32) {
        if let Err(error) = write_private(&self.pid_file(program), format!("{pid}\n").as_bytes()) {
            tracing::warn!(%error, program, "cannot keep the process id");
        }
    }

    pub(crate) fn noted_pid(&self, program: &str) -> Option<u32> {
        std::fs::read_to_string(self.pid_file(program)).ok()?.trim().parse().ok()
    }

    /// Reads a file of ours; `None` if it isn't there.
    pub(crate) fn read_json<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, DataDirError> {
        let path = self.0.join(name);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(DataDirError::Io { what: "read", path, source }),
        };
        let read = serde_json::from_slice(&bytes).map(Some);
        read.map_err(|source| DataDirError::Json { path, source })
    }

    /// Writes a file of ours, whole or not at all.
    pub(crate) fn write_json<T: Serialize>(&self, name: &str, value: &T) -> Result<(), DataDirError> {
        let path = self.0.join(name);
        let bytes = serde_json::to_vec_pretty(value);
        let bytes = bytes.map_err(|source| DataDirError::Json { path: path.clone(), source })?;
        write_private(&path, &bytes)
    }
}

/// Writes a file that the owner alone can read, whole or not at all.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), DataDirError> {
    let failed = |source| DataDirError::Io { what: "write", path: path.to_path_buf(), source };
    let beside = path.with_extension("new");
    // Whatever an interrupted run, or whoever the directory was given to, has put there is not written through.
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let opened = File::options().create_new(true).write(true).mode(0o600).open(&beside);
    let mut file = opened.map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
    std::fs::rename(&beside, path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_lock_is_refused_until_the_first_is_dropped() {
        let temp = tempfile::tempdir().unwrap();
        let dir = DataDir::create(&temp.path().join("data")).unwrap();
        let first = dir.lock().unwrap();
        assert!(matches!(dir.lock(), Err(DataDirError::Locked(_))));
        assert!(dir.is_locked());
        drop(first);
        assert!(!dir.is_locked());
    }

    #[test]
    fn what_cannot_be_the_data_directory_is_told_with_what_to_do() {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("f");
        std::fs::write(&file, "").unwrap();
        for path in [file.clone(), file.join("below")] {
            let said = DataDir::create(&path).unwrap_err().to_string();
            assert!(said.contains("f is no directory") && said.contains("--data-dir"), "{said}");
        }
        assert!(matches!(DataDir::open(&file), Err(DataDirError::NotADirectory(_))));
        for kind in [ErrorKind::PermissionDenied, ErrorKind::ReadOnlyFilesystem, ErrorKind::StorageFull] {
            let error = DataDirError::Io { what: "create", path: file.clone(), source: kind.into() };
            let line = crate::failure::Failure::from(error).line();
            assert!(line.contains("--data-dir"), "{line}");
        }
    }

    #[test]
    fn files_are_the_owners_alone() {
        let temp = tempfile::tempdir().unwrap();
        let dir = DataDir::create(&temp.path().join("data")).unwrap();
        dir.write_json("one.json", &1).unwrap();
        let mode = std::fs::metadata(dir.path().join("one.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(dir.read_json::<i32>("one.json").unwrap(), Some(1));
        assert_eq!(dir.read_json::<i32>("two.json").unwrap(), None);
    }
}
