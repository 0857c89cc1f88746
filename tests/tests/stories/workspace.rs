//! The workspace keeps its own rules.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use domain::stream::public::CONTRACTS;
use serde_json::Value;

/// Each crate with the crates of the workspace that it may use. The way they point is the design's.
const ALLOWED: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("event-store", &["domain"]),
    ("service-kit", &["domain"]),
    ("command-service", &["domain", "event-store", "service-kit"]),
    ("projection-service", &["domain", "event-store", "service-kit"]),
    ("query-api", &["domain", "service-kit"]),
    (
        "docket",
        &["domain", "event-store", "service-kit", "command-service", "projection-service", "query-api"],
    ),
    (
        "docket-tests",
        &["domain", "event-store", "service-kit", "command-service", "projection-service", "query-api"],
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

#[test]
fn dependencies_point_one_way() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo metadata");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let name = |value: &Value| value["name"].as_str().expect("a name").to_owned();
    let members: BTreeSet<String> = packages.iter().map(name).collect();
    let known: BTreeSet<String> = ALLOWED.iter().map(|(each, _)| (*each).to_owned()).collect();
    assert_eq!(members, known, "a new crate needs its row in ALLOWED, and must earn its place");
    for package in packages {
        let package_name = name(package);
        let (_, allowed) = ALLOWED.iter().find(|(each, _)| *each == package_name).expect("a row");
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let dependency_name = name(dependency);
            let edge = members.contains(&dependency_name) && dependency["kind"] != "dev";
            assert!(
                !edge || allowed.contains(&dependency_name.as_str()),
                "{package_name} must not depend on {dependency_name}"
            );
        }
    }
}

#[test]
fn the_domain_is_pure() {
    let manifest = std::fs::read_to_string(root().join("domain/Cargo.toml")).expect("its manifest");
    for banned in ["sqlx", "tokio", "axum", "async-nats", "reqwest"] {
        assert!(!manifest.lines().any(|line| line.starts_with(banned)), "domain must not use {banned}");
    }
}

#[test]
fn architecture_names_only_what_exists() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let paths: Vec<&str> = text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|code| {
            code.contains('/') && !code.contains([' ', '{', '<', '*', ':', '$']) && !code.starts_with('/')
        })
        .collect();
    assert!(paths.len() >= 20, "ARCHITECTURE.md tells the way by file names");
    for path in paths {
        assert!(root().join(path).exists(), "ARCHITECTURE.md names `{path}`, which is not there");
    }
}

/// Where names of events are text on purpose: documents of former versions, examples, the table of who reads what, which
/// a test of its own holds against the contracts, and the recount, which shares nothing with what it checks.
const NAMES_AS_TEXT: [&str; 4] = [
    "domain/src/disclosure/table.rs",
    "domain/src/stream/public/schema.rs",
    "query-api/src/http/operation.rs",
    "projection-service/src/recount/ticket.rs",
];

#[test]
fn types_of_events_are_named_by_their_types() {
    let quoted: Vec<String> = CONTRACTS.iter().map(|contract| format!("{:?}", contract.name)).collect();
    let mut folders: Vec<PathBuf> =
        ALLOWED.iter().map(|(member, _)| root().join(member).join("src")).collect();
    let mut read = 0;
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(root()).expect("below the root").display().to_string();
            let is_test = name.ends_with("tests.rs") || name.contains("/tests/") || name.contains("testing");
            if is_test
                || path.extension().is_none_or(|ending| ending != "rs")
                || NAMES_AS_TEXT.contains(&&*name)
            {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("a source");
            let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
            for line in
                code.lines().filter(|line| !line.contains("example") && !line.trim().starts_with("//"))
            {
                let found = quoted.iter().find(|quoted| line.contains(*quoted));
                assert_eq!(found, None, "{name}: {line}: say TheType::NAME, which the compiler checks");
            }
            read += 1;
        }
    }
    assert!(read > 200, "{read} sources were read");
}
