//! What ticket numbers look like.

use std::fmt::Write as _;

use chrono::{DateTime, Datelike, Utc};

use super::TenantSettings;

/// A number format that was read: text with `{prefix}`, `{yyyy}`, `{mm}` and one `{seq:N}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberFormat {
    parts: Vec<Part>,
    prefix: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Prefix,
    Year,
    Month,
    Sequence { digits: usize },
}

/// The longest number, in bytes, with a sequence of 19 digits: what paths name tickets by, and an index takes.
const LONGEST: usize = 128;

/// Why a text is no number format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNumberFormat {
    /// A brace without its partner.
    #[error("a brace is open")]
    OpenBrace,
    /// An unknown placeholder.
    #[error("{{{0}}} is unknown; there are {{prefix}}, {{yyyy}}, {{mm}} and {{seq:N}} (N from 1 to 18)")]
    Unknown(String),
    /// Not exactly one sequence: numbers would repeat, or say it twice.
    #[error("it must have {{seq:N}} once")]
    Sequence,
    /// The month without the year: numbers would repeat every year.
    #[error("{{mm}} needs {{yyyy}} beside it")]
    MonthWithoutYear,
    /// Its numbers would be longer than a path or an index takes.
    #[error("a number has {LONGEST} bytes at most")]
    Length,
    /// A character that has no place in a URL's path or in a line of text.
    #[error("{0:?} can't be in a number")]
    Character(char),
}

impl NumberFormat {
    /// Reads a format, and what `{prefix}` stands for in it.
    pub fn parse(format: &str, prefix: &str) -> Result<Self, InvalidNumberFormat> {
        let mut parts = Vec::new();
        let mut rest = format;
        while let Some(start) = rest.find(['{', '}']) {
            let (text, braced) = rest.split_at(start);
            if !text.is_empty() {
                parts.push(Part::Text(text.to_owned()));
            }
            let inner = braced.strip_prefix('{').and_then(|inner| inner.split_once('}'));
            let (name, after) = inner.ok_or(InvalidNumberFormat::OpenBrace)?;
            parts.push(Part::named(name)?);
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        let count = |wanted: fn(&Part) -> bool| parts.iter().filter(|part| wanted(part)).count();
        if count(|part| matches!(part, Part::Sequence { .. })) != 1 {
            return Err(InvalidNumberFormat::Sequence);
        }
        if count(|part| *part == Part::Month) > 0 && count(|part| *part == Part::Year) == 0 {
            return Err(InvalidNumberFormat::MonthWithoutYear);
        }
        let texts = parts.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::Prefix => Some(prefix),
            _ => None,
        });
        let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        if let Some(bad) = texts.flat_map(str::chars).find(|c| !allowed(*c)) {
            return Err(InvalidNumberFormat::Character(bad));
        }
        Ok(Self { parts, prefix: prefix.to_owned() })
    }

    /// The format of a tenant.
    pub fn of(settings: &TenantSettings) -> Result<Self, InvalidNumberFormat> {
        Self::parse(&settings.number_format, &settings.number_prefix)
    }

    /// Whether every number that it makes is short enough. Asked of new formats alone.
    pub(super) fn check_length(&self) -> Result<(), InvalidNumberFormat> {
        let length = |part: &Part| match part {
            Part::Text(text) => text.len(),
            Part::Prefix => self.prefix.len(),
            Part::Year => 4,
            Part::Month => 2,
            Part::Sequence { .. } => 19,
        };
        let longest: usize = self.parts.iter().map(length).sum();
        if longest > LONGEST { Err(InvalidNumberFormat::Length) } else { Ok(()) }
    }

    /// The period that a sequence runs in: empty (for ever), `2024`, or `2024-03`.
    pub fn period(&self, date: DateTime<Utc>) -> String {
        if self.parts.contains(&Part::Month) {
            format!("{:04}-{:02}", date.year(), date.month())
        } else if self.parts.contains(&Part::Year) {
            format!("{:04}", date.year())
        } else {
            String::new()
        }
    }

    /// The number at this place of the sequence.
    pub fn render(&self, sequence: i64, date: DateTime<Utc>) -> String {
        let mut number = String::with_capacity(24);
        for part in &self.parts {
            // Writing into a String can't fail.
            let _ = match part {
                Part::Text(text) => number.write_str(text),
                Part::Prefix => number.write_str(&self.prefix),
                Part::Year => write!(number, "{:04}", date.year()),
                Part::Month => write!(number, "{:02}", date.month()),
                Part::Sequence { digits } => write!(number, "{sequence:0digits$}"),
            };
        }
        number
    }
}

impl Part {
    fn named(name: &str) -> Result<Self, InvalidNumberFormat> {
        Ok(match name {
            "prefix" => Self::Prefix,
            "yyyy" => Self::Year,
            "mm" => Self::Month,
            _ => {
                let digits = name.strip_prefix("seq:").and_then(|digits| digits.parse().ok());
                match digits {
                    Some(digits @ 1..=18) => Self::Sequence { digits },
                    _ => return Err(InvalidNumberFormat::Unknown(name.to_owned())),
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn march() -> DateTime<Utc> {
        "2024-03-09T10:00:00Z".parse().unwrap()
    }

    #[test]
    fn the_five_formats() {
        for (format, prefix, period, number) in [
            ("TKT-{seq:6}", "", "", "TKT-000123"),
            ("{prefix}-{yyyy}-{seq:5}", "KA", "2024", "KA-2024-00123"),
            ("TKT-{seq:8}", "", "", "TKT-00000123"),
            ("CAE-{yyyy}-{mm}-{seq:5}", "", "2024-03", "CAE-2024-03-00123"),
        ] {
            let format = NumberFormat::parse(format, prefix).unwrap();
            assert_eq!(format.period(march()), period);
            assert_eq!(format.render(123, march()), number);
        }
    }

    #[test]
    fn a_long_sequence_outgrows_its_digits() {
        let format = NumberFormat::parse("T{seq:2}", "").unwrap();
        assert_eq!(format.render(12_345, march()), "T12345");
    }

    #[test]
    fn what_is_no_format_says_why() {
        use InvalidNumberFormat::*;
        for (format, why) in [
            ("TKT", Sequence),
            ("{seq:2}{seq:2}", Sequence),
            ("{seq:0}", Unknown("seq:0".to_owned())),
            ("{seq:19}", Unknown("seq:19".to_owned())),
            ("{dd}{seq:2}", Unknown("dd".to_owned())),
            ("{seq:2", OpenBrace),
            ("}{seq:2}", OpenBrace),
            ("{mm}-{seq:2}", MonthWithoutYear),
            ("A/{seq:2}", Character('/')),
        ] {
            assert_eq!(NumberFormat::parse(format, ""), Err(why), "{format}");
        }
        assert_eq!(NumberFormat::parse("{prefix}{seq:2}", "a b"), Err(Character(' ')));
        let length = |prefix: &str| NumberFormat::parse("{prefix}{seq:2}", prefix).unwrap().check_length();
        assert_eq!(length(&"a".repeat(109)), Ok(()));
        assert_eq!(length(&"a".repeat(110)), Err(Length));
    }
}
