//! Query parameters, taken one by one, so that a refusal can name the parameter.

use std::collections::HashSet;
use std::str::FromStr;

use chrono::{DateTime, Utc};
#[cfg(test)]
use utoipa::openapi::path::{Parameter, ParameterIn};

/// The most values that one parameter may have.
const MOST_VALUES: usize = 100;
/// The most parameters of a query string, repeated ones counted each time.
const MOST_PARAMETERS: usize = 1_000;

/// Why a query string was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadParameter {
    /// No such parameter here.
    #[error("There is no parameter {name:?} here; there are: {known}.")]
    Unknown {
        /// What was asked.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// More of them than any query takes.
    #[error("There are more than {MOST_PARAMETERS} parameters.")]
    TooMany,
    /// It can't be read as what it is meant to be.
    #[error("{name}: {detail}")]
    Invalid {
        /// Which.
        name: String,
        /// What it should be.
        detail: String,
    },
}

impl BadParameter {
    pub(crate) fn invalid(name: &str, detail: impl Into<String>) -> Self {
        Self::Invalid { name: name.to_owned(), detail: detail.into() }
    }

    /// The parameter's name, as the caller wrote it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Unknown { name, .. } | Self::Invalid { name, .. } => name,
            Self::TooMany => "",
        }
    }
}

/// What can be read from a query string.
pub(crate) trait FromParameters: Sized {
    /// Takes what it knows; what is left over is refused afterwards.
    fn take(parameters: &mut Parameters) -> Result<Self, BadParameter>;

    /// Reads a whole query string.
    fn read(query: Option<&str>) -> Result<Self, BadParameter> {
        let mut parameters = Parameters::parse(query)?;
        let read = Self::take(&mut parameters)?;
        parameters.finish()?;
        Ok(read)
    }
}

/// A query string, taken apart.
#[derive(Debug, Default)]
pub(crate) struct Parameters {
    pairs: Vec<(String, String)>,
    known: Vec<&'static str>,
    /// The lists among them, and whether each value is a parameter of its own.
    #[cfg(test)]
    lists: Vec<(&'static str, bool)>,
}

impl Parameters {
    /// Takes a query string apart.
    pub(crate) fn parse(query: Option<&str>) -> Result<Self, BadParameter> {
        let pairs = || query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        if pairs().nth(MOST_PARAMETERS).is_some() {
            return Err(BadParameter::TooMany);
        }
        let pairs = pairs()
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                let name = decode(name).map_err(|detail| BadParameter::invalid(name, detail))?;
                let value = decode(value).map_err(|detail| BadParameter::invalid(&name, detail))?;
                Ok((name, value))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { pairs, ..Self::default() })
    }

    /// Those that a reader asks for are those that are documented.
    #[cfg(test)]
    #[track_caller]
    pub(crate) fn assert_documented<T: utoipa::IntoParams, R>(
        read: impl FnOnce(&mut Self) -> Result<R, BadParameter>,
    ) {
        let mut parameters = Self::parse(None).expect("nothing");
        assert!(read(&mut parameters).is_ok(), "nothing has to be given");
        parameters.assert_documented_by(T::into_params(|| Some(ParameterIn::Query)));
    }

    /// Those that were asked for so far are documented by these, and lists say how they are written.
    #[cfg(test)]
    #[track_caller]
    pub(crate) fn assert_documented_by(&self, documented: Vec<Parameter>) {
        let names: Vec<_> = documented.iter().map(|parameter| parameter.name.as_str()).collect();
        assert_eq!(names, self.known);
        for parameter in documented {
            let alone = self.lists.iter().any(|(name, alone)| *name == parameter.name && *alone);
            assert_eq!(parameter.explode == Some(true), alone, "{}", parameter.name);
        }
    }

    /// The first of these names that stands there.
    pub(crate) fn first_of(&self, names: &[&'static str]) -> Option<&'static str> {
        names.iter().copied().find(|name| self.pairs.iter().any(|(key, _)| key == name))
    }

    /// A text that may stand there once.
    pub(crate) fn text(&mut self, name: &'static str) -> Result<Option<String>, BadParameter> {
        self.known.push(name);
        let mut values = Vec::new();
        self.pairs.retain_mut(|(key, value)| {
            let taken = key == name;
            if taken {
                values.push(std::mem::take(value));
            }
            !taken
        });
        if values.len() > 1 {
            return Err(BadParameter::invalid(name, "it may stand here once"));
        }
        Ok(values.pop())
    }

    /// A value that may stand there once; `what` says what it should be.
    pub(crate) fn one<T: FromStr>(
        &mut self,
        name: &'static str,
        what: &str,
    ) -> Result<Option<T>, BadParameter> {
        self.text(name)?
            .map(|text| text.parse().map_err(|_| BadParameter::invalid(name, format!("it should be {what}"))))
            .transpose()
    }

    /// A moment, as RFC 3339 writes it.
    pub(crate) fn time(&mut self, name: &'static str) -> Result<Option<DateTime<Utc>>, BadParameter> {
        self.text(name)?.map(|text| read_time(name, &text)).transpose()
    }

    /// Free values: names, texts and ids that people or other systems chose, any of which may contain a
    /// comma. Each occurrence of the parameter is one value, as it stands; a repeated parameter is a
    /// list of alternatives. Documented with `explode`.
    pub(crate) fn values(&mut self, name: &'static str) -> Result<Vec<String>, BadParameter> {
        let mut values = self.list(name, None)?;
        values.sort();
        Ok(values)
    }

    /// Values that can't contain a comma: ids and numbers of tickets, types of events, keys whose
    /// characters Docket prescribes. A comma separates them, and a repeated parameter goes on with the
    /// same list. Documented with `explode = false`.
    pub(crate) fn words(&mut self, name: &'static str) -> Result<Vec<String>, BadParameter> {
        let mut values = self.in_order(name)?;
        values.sort();
        Ok(values)
    }

    /// The same in the order in which they stand.
    pub(crate) fn in_order(&mut self, name: &'static str) -> Result<Vec<String>, BadParameter> {
        self.list(name, Some(','))
    }

    /// The same where there are only these.
    pub(crate) fn among(&mut self, name: &'static str, known: &[&str]) -> Result<Vec<String>, BadParameter> {
        let values = self.words(name)?;
        match values.iter().find(|value| !known.contains(&value.as_str())) {
            None => Ok(values),
            Some(_) => Err(BadParameter::invalid(name, format!("its values are {}", known.join(", ")))),
        }
    }

    /// Any number of values, each once, in the order in which they stand.
    fn list(&mut self, name: &'static str, separator: Option<char>) -> Result<Vec<String>, BadParameter> {
        self.known.push(name);
        #[cfg(test)]
        self.lists.push((name, separator.is_none()));
        let mut values: Vec<String> = Vec::new();
        self.pairs.retain_mut(|(key, value)| {
            let taken = key == name;
            if taken {
                match separator {
                    Some(separator) => {
                        values.extend(value.split(separator).map(|part| part.trim().to_owned()));
                    }
                    None => values.push(std::mem::take(value)),
                }
            }
            !taken
        });
        if values.iter().any(|value| value.trim().is_empty()) {
            return Err(BadParameter::invalid(name, "a value of it is empty"));
        }
        let mut seen = HashSet::new();
        values.retain(|value| seen.insert(value.clone()));
        if values.len() > MOST_VALUES {
            return Err(BadParameter::invalid(name, format!("it takes {MOST_VALUES} values at most")));
        }
        Ok(values)
    }

    /// All of it, as it stands.
    pub(crate) fn into_pairs(self) -> Vec<(String, String)> {
        self.pairs
    }

    /// Refuses what nobody asked for.
    pub(crate) fn finish(self) -> Result<(), BadParameter> {
        match self.pairs.into_iter().next() {
            None => Ok(()),
            Some((name, _)) => {
                let known = if self.known.is_empty() { "none".to_owned() } else { self.known.join(", ") };
                Err(BadParameter::Unknown { name, known })
            }
        }
    }
}

/// Reads a moment, to the microsecond.
pub(crate) fn read_time(name: &str, text: &str) -> Result<DateTime<Utc>, BadParameter> {
    let time = DateTime::parse_from_rfc3339(text).map_err(|_| {
        BadParameter::invalid(
            name,
            "it should be a time as RFC 3339 writes it, for example 2026-01-31T08:00:00Z (in an address, + is %2B)",
        )
    })?;
    // Postgres keeps microseconds from 4713 BC; RFC 3339's years 0000 to 9999 are all within.
    Ok(time.with_timezone(&Utc))
}

/// Undoes the form encoding; refuses what isn't UTF-8, and NUL, which Postgres has no room for.
fn decode(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let mut digit = || rest.next().and_then(|d| char::from(d).to_digit(16));
                match (digit(), digit()) {
                    (Some(high), Some(low)) => bytes.push((high * 16 + low) as u8),
                    _ => return Err("its percent-encoding is broken".to_owned()),
                }
            }
            other => bytes.push(other),
        }
    }
    if bytes.contains(&0) {
        return Err("it has a NUL character in it".to_owned());
    }
    String::from_utf8(bytes).map_err(|_| "it isn't UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> Parameters {
        Parameters::parse(Some(query)).unwrap()
    }

    #[test]
    fn many_values_by_comma_and_by_repetition() {
        let mut parameters = parse("status=open,new&status=resolved&status=open");
        assert_eq!(parameters.words("status").unwrap(), ["new", "open", "resolved"]);
        parameters.finish().unwrap();
    }

    #[test]
    fn a_comma_is_part_of_a_free_value() {
        let mut parameters = parse("tag=a,+b&tag=c&tag=a,+b");
        assert_eq!(parameters.values("tag").unwrap(), ["a, b", "c"]);
        assert_eq!(parse("tag=a&tag=").values("tag").unwrap_err().name(), "tag");
    }

    #[test]
    fn an_unknown_parameter_is_named() {
        let mut parameters = parse("limit=5&colour=red");
        parameters.text("limit").unwrap();
        let error = parameters.finish().unwrap_err();
        assert_eq!(error, BadParameter::Unknown { name: "colour".into(), known: "limit".into() });
    }

    #[test]
    fn a_single_value_may_not_be_repeated() {
        assert_eq!(parse("limit=1&limit=2").text("limit").unwrap_err().name(), "limit");
    }

    #[test]
    fn form_encoding_is_undone() {
        assert_eq!(parse("q=caf%C3%A9+a%2Bb").text("q").unwrap().unwrap(), "café a+b");
    }

    #[test]
    fn broken_bytes_and_nul_are_refused() {
        for query in ["q=%ff", "q=%00", "q=%2", "q=%zz"] {
            assert_eq!(Parameters::parse(Some(query)).unwrap_err().name(), "q", "{query}");
        }
    }

    #[test]
    fn an_empty_value_is_refused() {
        assert_eq!(parse("status=open,").words("status").unwrap_err().name(), "status");
    }

    #[test]
    fn there_are_so_many_and_no_more() {
        let query = |count: usize| (0..count).map(|n| format!("p{n}=1&")).collect::<Vec<_>>().concat();
        assert_eq!(Parameters::parse(Some(&query(MOST_PARAMETERS))).unwrap().pairs.len(), MOST_PARAMETERS);
        assert_eq!(Parameters::parse(Some(&query(12_500))).unwrap_err(), BadParameter::TooMany);
        let values = |count: usize| (0..count).map(|n| format!("{n},")).collect::<Vec<_>>().concat() + "x";
        assert!(parse(&format!("status={}", values(MOST_VALUES - 1))).words("status").is_ok());
        assert!(parse(&format!("status={}", values(MOST_VALUES))).words("status").is_err());
    }

    #[test]
    fn times_have_an_offset() {
        assert!(parse("from=2026-01-31T08:00:00Z").time("from").unwrap().is_some());
        assert_eq!(parse("from=2026-01-31").time("from").unwrap_err().name(), "from");
    }
}
