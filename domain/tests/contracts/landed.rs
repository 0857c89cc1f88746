//! What has landed, by the history of the repository: the committed contracts can't be edited along
//! with the types.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::kept::{stored, without_words};

/// Where what has landed is.
const LANDED: [&str; 2] = ["origin/main", "main"];

/// What git says, here; nothing where there is no git or no history, as in a source archive.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(stored().path()).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8(output.stdout).ok())?
}

/// Each contract that has landed, stored or public, with the commit that brought it.
fn landed() -> BTreeMap<String, String> {
    let base = LANDED.iter().find_map(|branch| git(&["merge-base", "HEAD", branch]));
    let base = base.as_deref().map_or("HEAD", str::trim);
    // A merge counts as one commit: what a branch did before it landed is its own affair.
    let added =
        ["log", "--first-parent", "-m", "--diff-filter=A", "--name-only", "--relative", "--format=%H"];
    let log = git(&[&added[..], &[base, "--", "."]].concat()).unwrap_or_default();
    let mut commit = "";
    let mut found = BTreeMap::new();
    for line in log.lines().filter(|line| !line.is_empty()) {
        if line.contains(".v") {
            found.insert(line.to_owned(), commit.to_owned());
        } else {
            commit = line;
        }
    }
    found
}

#[test]
fn what_has_landed_is_as_it_landed() {
    for (file, commit) in landed() {
        let then = git(&["show", &format!("{commit}:./{file}")]).unwrap_or_default();
        let then: Value =
            serde_json::from_str(&then).unwrap_or_else(|error| panic!("{commit}, {file}: {error}"));
        let now = fs::read_to_string(stored().path().join(&file)).unwrap_or_default();
        let now = serde_json::from_str(&now).unwrap_or(Value::Null);
        assert!(
            without_words(then) == without_words(now),
            "contracts/{file} has landed with {commit}; logs have such events, and others go by it: put it back, and \
             make a new version (CONTRIBUTING.md, \"Events\")"
        );
    }
}
