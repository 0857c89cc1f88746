//! A file that is asked for, with what its record says of the request.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::convert::Infallible;
use std::fmt::Write as _;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use domain::export::Parameter;
use domain::personal::Personal;
use service_kit::http::RequestInfo;
use service_kit::peer::Behalf;

use super::accept::{Format, wanted};
use crate::parameters::Parameters;

/// A file that somebody asks for.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// In which form.
    pub(crate) format: Format,
    /// Who asks, as the service knows them that records it.
    pub(super) behalf: Behalf,
    /// What of it: the path's parameters, then the query's.
    pub(super) parameters: Vec<Parameter>,
}

/// What `Accept` asks for: a file, if it names one of the forms and likes nothing better; else `None`,
/// the answer in JSON that everybody gets who doesn't say.
#[derive(Clone, Debug)]
pub(crate) struct Accepted(pub(crate) Option<File>);

impl<S: Send + Sync> FromRequestParts<S> for Accepted {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let Some(format) = wanted(&parts.headers) else { return Ok(Self(None)) };
        let Ok(info) = RequestInfo::from_request_parts(parts, state).await;
        let path = RawPathParams::from_request_parts(parts, state).await;
        let path = path.iter().flat_map(RawPathParams::iter);
        let mut parameters: Vec<_> = path.map(|(name, value)| parameter(name, value.to_owned())).collect();
        parameters.extend(asked(parts.uri.query()));
        // Whoever came this far has sent a token.
        let nobody = HeaderValue::from_static("");
        let authorization = parts.headers.get(header::AUTHORIZATION).cloned().unwrap_or(nobody);
        Ok(Self(Some(File { format, behalf: Behalf { authorization, info }, parameters })))
    }
}

/// The query's parameters, each name once: values that are repeated are alternatives, as those with
/// commas between them are. What can't be read is refused by whoever reads it.
fn asked(query: Option<&str>) -> Vec<Parameter> {
    let mut asked: Vec<(String, String)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (name, value) in Parameters::parse(query).unwrap_or_default().into_pairs() {
        match places.entry(name) {
            Entry::Occupied(place) => {
                if let Some((_, values)) = asked.get_mut(*place.get()) {
                    values.push(',');
                    values.push_str(&value);
                }
            }
            Entry::Vacant(place) => {
                asked.push((place.key().clone(), value));
                place.insert(asked.len() - 1);
            }
        }
    }
    asked.into_iter().map(|(name, value)| parameter(&name, value)).collect()
}

/// A control character is kept as an address has it: as itself no record takes it.
fn parameter(name: &str, value: String) -> Parameter {
    let value = if value.chars().any(char::is_control) { encoded(&value) } else { value };
    Parameter { name: name.to_owned(), value: Personal::new(value) }
}

fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if character.is_control() {
            for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                // A String takes whatever is written.
                let _ = write!(encoded, "%{byte:02X}");
            }
        } else {
            encoded.push(character);
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_told_as_they_were_asked() {
        let told = asked(Some("status=new&q=caf%C3%A9%0A%C2%85!&status=open"));
        let told: Vec<_> = told.iter().map(|one| (one.name.as_str(), one.value.expose().as_str())).collect();
        assert_eq!(told, [("status", "new,open"), ("q", "café%0A%C2%85!")]);
        assert!(asked(None).is_empty());
        assert!(asked(Some("q=%ff")).is_empty());
    }
}
