//! Which form of a list the caller wants.

use axum::http::{HeaderMap, header};
use domain::export::Form;

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// RFC 4180, with a line of names.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

impl Format {
    /// What the answer says that it is.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Ndjson => "application/x-ndjson",
        }
    }

    /// As its record has it.
    pub(crate) fn form(self) -> Form {
        match self {
            Self::Csv => Form::Csv,
            Self::Ndjson => Form::Ndjson,
        }
    }
}

/// The form that `Accept` likes best; `None` if that is no file.
pub(super) fn wanted(headers: &HeaderMap) -> Option<Format> {
    let ranges = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut best = (0, None);
    for range in ranges.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let (format, named) = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "text/csv" => (Some(Format::Csv), true),
            "application/x-ndjson" => (Some(Format::Ndjson), true),
            "application/json" => (None, true),
            "*/*" | "application/*" => (None, false),
            _ => continue,
        };
        let quality = parts.find_map(quality).unwrap_or(1000);
        // Of two that are liked as well, the one that is named; of two named ones, the first.
        let rank = if quality == 0 { 0 } else { quality * 2 + u32::from(named) };
        if rank > best.0 {
            best = (rank, format);
        }
    }
    best.1
}

/// `q=0.5` in thousandths.
fn quality(parameter: &str) -> Option<u32> {
    let (name, value) = parameter.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let value: f32 = value.trim().parse().ok()?;
    Some((value.clamp(0.0, 1.0) * 1000.0) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_is_named_and_liked_best() {
        for (accept, format) in [
            ("text/csv", Some(Format::Csv)),
            ("Text/CSV; charset=utf-8", Some(Format::Csv)),
            ("application/x-ndjson", Some(Format::Ndjson)),
            ("text/csv, */*", Some(Format::Csv)),
            ("*/*, text/csv", Some(Format::Csv)),
            ("text/html, text/csv;q=0.5", Some(Format::Csv)),
            ("text/csv;q=0.5, application/x-ndjson", Some(Format::Ndjson)),
            ("text/csv, application/json", Some(Format::Csv)),
            ("application/json, text/csv", None),
            ("text/csv;q=0.5, */*", None),
            ("text/csv;q=0", None),
            ("*/*", None),
            ("text/*", None),
            ("text/html", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
            assert_eq!(wanted(&headers), format, "{accept}");
        }
        assert_eq!(wanted(&HeaderMap::new()), None);
    }
}
