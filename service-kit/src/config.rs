//! Settings: a flag, else an environment variable (`DOCKET_…`), else a key of `docket.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::text;

/// Before a setting's name in the environment.
pub const PREFIX: &str = "DOCKET_";

/// Why settings were refused: says which, and where it came from.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("{path}: {source}")]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// The file has a key that means nothing.
    #[error("{path}: unknown key `{key}`")]
    UnknownKey {
        /// Which file.
        path: PathBuf,
        /// The key.
        key: String,
    },
    /// A value can't be read as what it should be.
    #[error("{origin}: {why}")]
    Value {
        /// The flag, variable or key.
        origin: String,
        /// Why.
        why: String,
    },
}

/// Settings from the three places. `names` are all there are, in snake_case (`database_url` is the
/// flag `--database-url`, the variable `DOCKET_DATABASE_URL` and the key `database_url`).
#[derive(Clone, Debug, Default)]
pub struct Settings {
    names: &'static [&'static str],
    flags: BTreeMap<String, Vec<String>>,
    file: Option<PathBuf>,
}

impl Settings {
    /// Settings with these names.
    pub fn new(names: &'static [&'static str]) -> Self {
        Self { names, ..Self::default() }
    }

    /// A flag that was given; none if it wasn't.
    pub fn flag(mut self, name: &str, value: Option<impl ToString>) -> Self {
        if let Some(value) = value {
            self.flags.entry(name.to_owned()).or_default().push(value.to_string());
        }
        self
    }

    /// The file, if it exists.
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(path.into());
        self
    }

    /// Reads the settings from flags, this process's environment, and the file.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        self.read_with(|variable| std::env::var(variable).ok())
    }

    /// As [`Settings::read`], with another environment.
    pub fn read_with<T: DeserializeOwned>(
        &self,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<T, ConfigError> {
        let mut file = match &self.file {
            Some(path) => read_file(path, self.names)?,
            None => BTreeMap::new(),
        };
        let mut pairs = Vec::new();
        let mut origins = BTreeMap::new();
        for name in self.names {
            let in_environment = format!("{PREFIX}{}", name.to_ascii_uppercase());
            let from_file = file.remove(*name);
            let (values, origin) = if let Some(values) = self.flags.get(*name) {
                (values.clone(), format!("--{}", name.replace('_', "-")))
            } else if let Some(value) = variable(&in_environment).filter(|value| !value.is_empty()) {
                (vec![value], in_environment)
            } else if let (Some(values), Some(path)) = (from_file, &self.file) {
                (values, format!("{}: {name}", path.display()))
            } else {
                continue;
            };
            origins.insert((*name).to_owned(), origin);
            pairs.extend(values.into_iter().map(|value| ((*name).to_owned(), value)));
        }
        text::read(pairs).map_err(|error| {
            let origin = error.name.and_then(|name| origins.remove(&name));
            ConfigError::Value { origin: origin.unwrap_or_else(|| "settings".to_owned()), why: error.why }
        })
    }
}

fn read_file(path: &Path, names: &[&str]) -> Result<BTreeMap<String, Vec<String>>, ConfigError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(source) => return Err(ConfigError::File { path: path.to_owned(), source }),
    };
    let table: toml::Table = toml::from_str(&text)
        .map_err(|source| ConfigError::Syntax { path: path.to_owned(), source: Box::new(source) })?;
    let mut values = BTreeMap::new();
    for (key, value) in table {
        if !names.contains(&key.as_str()) {
            return Err(ConfigError::UnknownKey { path: path.to_owned(), key });
        }
        let texts = as_texts(value).ok_or_else(|| ConfigError::Value {
            origin: format!("{}: {key}", path.display()),
            why: "takes a single value or a list of them".to_owned(),
        })?;
        values.insert(key, texts);
    }
    Ok(values)
}

fn as_texts(value: toml::Value) -> Option<Vec<String>> {
    match value {
        toml::Value::Array(values) => {
            let texts: Option<Vec<_>> = values.into_iter().map(as_texts).collect();
            Some(texts?.concat())
        }
        toml::Value::Table(_) => None,
        toml::Value::String(text) => Some(vec![text]),
        other => Some(vec![other.to_string()]),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use tempfile::NamedTempFile;

    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Up {
        port: Option<u16>,
        data_dir: Option<PathBuf>,
    }

    const NAMES: &[&str] = &["port", "data_dir"];

    fn file(content: &str) -> NamedTempFile {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(content.as_bytes()).unwrap();
        file
    }

    #[test]
    fn a_flag_goes_before_the_environment_before_the_file() {
        let file = file("port = 1\ndata_dir = \"here\"\n");
        let settings = Settings::new(NAMES).file(file.path());
        let none = |_: &str| None;
        let some = |name: &str| (name == "DOCKET_PORT").then(|| "2".to_owned());
        let read = |settings: &Settings, variable: &dyn Fn(&str) -> Option<String>| {
            settings.read_with::<Up>(variable).unwrap().port
        };
        assert_eq!(read(&settings, &none), Some(1));
        assert_eq!(read(&settings, &some), Some(2));
        assert_eq!(read(&settings.clone().flag("port", Some(3)), &some), Some(3));
        assert_eq!(settings.read_with::<Up>(none).unwrap().data_dir, Some("here".into()));
    }

    #[test]
    fn what_is_refused_is_named() {
        let file = file("prot = 1\n");
        let unknown = Settings::new(NAMES).file(file.path()).read_with::<Up>(|_| None);
        assert!(unknown.unwrap_err().to_string().ends_with("unknown key `prot`"));
        let wrong = Settings::new(NAMES).read_with::<Up>(|_| Some("x".into())).unwrap_err();
        assert_eq!(wrong.to_string(), "DOCKET_PORT: takes a whole number from 0 to 65535");
    }
}
