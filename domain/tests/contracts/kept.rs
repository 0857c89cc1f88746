//! The folders of contracts: for each type and version of an event, a golden payload and a schema.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::asyncapi;

/// A folder of contracts.
pub(crate) struct Folder {
    /// As people find it.
    pub(crate) name: &'static str,
    path: PathBuf,
}

/// What is stored.
pub(crate) fn stored() -> Folder {
    Folder::new("contracts")
}

/// What is published.
pub(crate) fn public() -> Folder {
    Folder::new("contracts/public")
}

impl Folder {
    fn new(name: &'static str) -> Self {
        Self { name, path: Path::new(env!("CARGO_MANIFEST_DIR")).join(name) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads a file; writes it first if it is missing and that was asked for.
    pub(crate) fn kept(&self, file: &str, value: &Value) -> Value {
        let path = self.path.join(file);
        if !path.exists() && std::env::var_os("DOCKET_WRITE_CONTRACTS").is_some() {
            fs::create_dir_all(&self.path).unwrap();
            fs::write(&path, format!("{value:#}\n")).unwrap();
        }
        self.read(file)
    }

    pub(crate) fn text(&self, file: &str) -> String {
        fs::read_to_string(self.path.join(file)).unwrap_or_else(|error| {
            let name = self.name;
            panic!("{name}/{file}: {error}; write it with DOCKET_WRITE_CONTRACTS=1 cargo test -p domain")
        })
    }

    pub(crate) fn read(&self, file: &str) -> Value {
        serde_json::from_str(&self.text(file)).unwrap_or_else(|error| panic!("{}/{file}: {error}", self.name))
    }

    /// The type and version of every golden payload. Each has its schema, each schema has one, and nothing else
    /// is there.
    pub(crate) fn contracts(&self) -> Vec<(String, u32)> {
        let (mut payloads, mut schemas) = (Vec::new(), Vec::new());
        for entry in fs::read_dir(&self.path).unwrap().map(Result::unwrap) {
            let file = entry.file_name().into_string().unwrap();
            if file == asyncapi::FILE || entry.path().is_dir() {
                continue;
            }
            let (stem, kind) = match file.strip_suffix(".schema.json") {
                Some(stem) => (stem, &mut schemas),
                None => (file.strip_suffix(".json").unwrap_or(&file), &mut payloads),
            };
            let (name, version) = stem
                .split_once(".v")
                .and_then(|(name, version)| Some((name.to_owned(), version.parse().ok()?)))
                .unwrap_or_else(|| {
                    panic!("{}/{file} is no contract: <type>.v<1, 2, 3, …>.json or .schema.json", self.name)
                });
            kind.push((name, version));
        }
        payloads.sort();
        schemas.sort();
        assert_eq!(payloads, schemas, "{}: golden payloads, and schemas", self.name);
        payloads
    }

    /// The versions of each type with their schemas, oldest first.
    pub(crate) fn versions(&self) -> BTreeMap<String, Vec<(u32, Value)>> {
        let mut found: BTreeMap<String, Vec<(u32, Value)>> = BTreeMap::new();
        for (name, version) in self.contracts() {
            let schema = self.read(&schema_file(&name, version));
            found.entry(name).or_default().push((version, schema));
        }
        found
    }
}

pub(crate) fn payload_file(name: &str, version: impl std::fmt::Display) -> String {
    format!("{name}.v{version}.json")
}

pub(crate) fn schema_file(name: &str, version: impl std::fmt::Display) -> String {
    format!("{name}.v{version}.schema.json")
}

/// A schema without what it says to people, which may be put better at any time. A property that
/// is called `description` is a schema, not a text, and stays.
pub(crate) fn without_words(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(members) => {
            members.retain(|name, value| name != "description" || !value.is_string());
            members.values_mut().for_each(|value| *value = without_words(value.take()));
        }
        Value::Array(elements) => {
            for value in elements {
                *value = without_words(value.take());
            }
        }
        _ => {}
    }
    schema
}
