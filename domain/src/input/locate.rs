//! Where in a JSON value something is that can't be read, and what is wrong with it.

use super::FieldError;

/// Reads JSON that is parsed already, or says where and why it can't be.
pub fn locate<'de, D, T>(
    deserializer: D,
    read: impl FnOnce(serde_path_to_error::Deserializer<'_, '_, D>) -> Result<T, D::Error>,
) -> Result<T, FieldError>
where
    D: serde::Deserializer<'de>,
{
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(deserializer, &mut track);
    read(tracked).map_err(|error| field_error(pointer_of(&track.path()), &error.to_string()))
}

/// The JSON Pointer (RFC 6901) of a path of names and indices.
pub fn pointer<'a>(path: impl IntoIterator<Item = &'a str>) -> String {
    path.into_iter().fold(String::new(), |pointer, name| pointer + "/" + &escape(name))
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    use std::fmt::Write;
    let mut pointer = String::new();
    for segment in path {
        // A String takes whatever is written.
        let _ = match segment {
            Segment::Seq { index } => write!(pointer, "/{index}"),
            Segment::Map { key } => write!(pointer, "/{}", escape(key)),
            Segment::Enum { .. } | Segment::Unknown => Ok(()),
        };
    }
    pointer
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// serde says what is wrong in words alone; these are its words.
fn field_error(path: String, message: &str) -> FieldError {
    let message = message.rsplit_once(" at line ").map_or(message, |(text, _)| text);
    let named = || message.split('`').nth(1).unwrap_or_default();
    let within = |path: &str| {
        let leaf = format!("/{}", escape(named()));
        if path.ends_with(&leaf) { path.to_owned() } else { format!("{path}{leaf}") }
    };
    let (pointer, code) = if message.starts_with("unknown field") {
        (within(&path), "unknown_field")
    } else if message.starts_with("missing field") {
        (format!("{path}/{}", escape(named())), "required")
    } else if message.starts_with("duplicate field") {
        (within(&path), "duplicate_field")
    } else if message.starts_with("invalid type") {
        (path, "wrong_type")
    } else if message.starts_with("unknown variant") {
        (path, "unknown_value")
    } else {
        (path, "invalid")
    };
    FieldError { pointer, code, detail: message.to_owned() }
}
