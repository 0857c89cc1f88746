//! A Python with others' libraries, by whom we have our files and events read.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Something beside this crate.
pub(crate) fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A Python that has what a file in `tests/python` names; made anew when that changes.
pub(crate) fn with(requirements: &str) -> PathBuf {
    let requirements = here("python").join(requirements);
    let wanted = std::fs::read_to_string(&requirements).expect("the requirements");
    let name = requirements.file_stem().and_then(|name| name.to_str()).expect("a name");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name.replace("requirements", "python"));
    let (python, made) = (folder.join("bin/python"), folder.join("made-of.txt"));
    if std::fs::read_to_string(&made).unwrap_or_default() == wanted {
        return python;
    }
    let run = |command: &mut Command| match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => Err(error.to_string()),
    };
    // The system's will do where another one comes first that can't.
    let make = |python: &str| run(Command::new(python).args(["-m", "venv", "--clear"]).arg(&folder));
    make("python3")
        .or_else(|_| make("/usr/bin/python3"))
        .expect("python3 has venv: run `deploy/setup.sh --tests`");
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    let installed = run(Command::new(&python).args(install).arg(&requirements));
    installed.expect("pip installs what the requirements name");
    std::fs::write(made, wanted).expect("a note of what it was made of");
    python
}
