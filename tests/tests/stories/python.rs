//! Others' programs and libraries, by whom we have our files and events read: in folders of their own below the
//! target, made of what a file names.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Something beside this crate.
pub(crate) fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Runs a program to its end; else gives what it said.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Has a folder made, and made anew when what it is made of changes.
pub(crate) fn made_of(folder: &Path, wanted: &str, make: impl FnOnce()) {
    let note = folder.join("made-of.txt");
    if std::fs::read_to_string(&note).unwrap_or_default() != wanted {
        make();
        std::fs::write(note, wanted).expect("a note of what it was made of");
    }
}

/// A Python that has what a file in `tests/python` names.
pub(crate) fn with(requirements: &str) -> PathBuf {
    let path = here("python").join(requirements);
    let stem = path.file_stem().and_then(|name| name.to_str()).expect("a name");
    with_file(&stem.replace("requirements", "python"), &path)
}

/// A Python that has what the file of requirements names, in a folder of this name.
pub(crate) fn with_file(name: &str, requirements: &Path) -> PathBuf {
    let wanted = std::fs::read_to_string(requirements).expect("the requirements");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let python = folder.join("bin/python");
    made_of(&folder, &wanted, || {
        // The system's will do where another one comes first that can't.
        let make = |python: &str| run(Command::new(python).args(["-m", "venv", "--clear"]).arg(&folder));
        make("python3")
            .or_else(|_| make("/usr/bin/python3"))
            .expect("python3 has venv: run `deploy/setup.sh --tests`");
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
        let installed = run(Command::new(&python).args(install).arg(requirements));
        installed.expect("pip installs what the requirements name");
    });
    python
}
