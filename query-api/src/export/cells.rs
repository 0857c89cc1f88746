//! The cells of a line: of a CSV file (RFC 4180), with texts that no spreadsheet takes for formulas, or
//! as what they are, for forms that keep kinds apart.

use std::io::Write as _;

use chrono::SecondsFormat;
use domain::input::is_invisible;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Number, Value};
use uuid::Uuid;

use super::datum::{Datum, Kind};
use crate::time::Time;

/// A column: its name, and how a line fills it.
pub(crate) type Column<V> = (&'static str, fn(&V, &mut Cells<'_>));

/// A cell of what has a structure: JSON.
pub(crate) fn json(value: &impl Serialize) -> Value {
    // What answers show as JSON can be written as such.
    serde_json::to_value(value).unwrap_or_default()
}

/// A line under way.
pub(crate) struct Cells<'a>(To<'a>);

enum To<'a> {
    Csv { out: &'a mut Vec<u8>, first: bool },
    Data(&'a mut Vec<Datum>),
    Kinds(&'a mut Vec<Kind>),
}

impl<'a> Cells<'a> {
    /// Adds a line.
    pub(crate) fn line(out: &'a mut Vec<u8>, fill: impl FnOnce(&mut Self)) {
        let mut cells = Self(To::Csv { out, first: true });
        fill(&mut cells);
        if let To::Csv { out, .. } = cells.0 {
            out.extend_from_slice(b"\r\n");
        }
    }

    /// Adds what is in a line.
    pub(crate) fn data(out: &'a mut Vec<Datum>, fill: impl FnOnce(&mut Self)) {
        fill(&mut Self(To::Data(out)));
    }

    /// Adds which kind of things may be in a line like this.
    pub(crate) fn kinds(out: &'a mut Vec<Kind>, fill: impl FnOnce(&mut Self)) {
        fill(&mut Self(To::Kinds(out)));
    }

    /// Adds a cell.
    pub(crate) fn put<C: Cell + ?Sized>(&mut self, cell: &C) {
        match &mut self.0 {
            To::Csv { out, first } => {
                if !std::mem::take(first) {
                    out.push(b',');
                }
                cell.write(out);
            }
            To::Data(data) => data.push(cell.datum()),
            To::Kinds(kinds) => kinds.push(C::KIND),
        }
    }
}

/// What a cell can hold. What isn't there is an empty cell.
pub(crate) trait Cell {
    /// What kind of thing it is.
    const KIND: Kind;

    /// Adds the cell's text.
    fn write(&self, out: &mut Vec<u8>);

    /// What it is.
    fn datum(&self) -> Datum;
}

impl Cell for str {
    const KIND: Kind = Kind::Text;

    /// Somebody else wrote it. A spreadsheet runs what begins like a formula; after an apostrophe it
    /// doesn't.
    fn write(&self, out: &mut Vec<u8>) {
        let formula = is_formula(self);
        let quoted = self.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n'));
        if quoted {
            out.push(b'"');
        }
        if formula {
            out.push(b'\'');
        }
        if quoted {
            for (index, part) in self.split('"').enumerate() {
                if index > 0 {
                    out.extend_from_slice(b"\"\"");
                }
                out.extend_from_slice(part.as_bytes());
            }
            out.push(b'"');
        } else {
            out.extend_from_slice(self.as_bytes());
        }
    }

    fn datum(&self) -> Datum {
        Datum::Text(self.to_owned())
    }
}

/// Whether a spreadsheet may run a text (OWASP, "CSV Injection"): it begins with what begins a formula,
/// in full width too, which some take for the same, or with what is thrown away before that is looked at:
/// white space, control characters, and whatever shows nothing, such as a byte order mark.
fn is_formula(text: &str) -> bool {
    if text.starts_with(|first: char| first.is_control() || is_invisible(first)) {
        return true;
    }
    let shown = text.trim_start_matches(|c: char| c.is_whitespace() || c.is_control() || is_invisible(c));
    let begins = |first| {
        matches!(first, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '﹦' | '﹢' | '﹣' | '﹫' | '−')
    };
    shown.starts_with(begins)
}

impl Cell for String {
    const KIND: Kind = Kind::Text;

    fn write(&self, out: &mut Vec<u8>) {
        self.as_str().write(out);
    }

    fn datum(&self) -> Datum {
        self.as_str().datum()
    }
}

/// Several texts, with semicolons between them. Where a semicolon ends a cell, as it does in much of
/// Europe, each of them is one.
impl Cell for Vec<String> {
    const KIND: Kind = Kind::Texts;

    fn write(&self, out: &mut Vec<u8>) {
        let texts = self.iter().enumerate().map(|(index, text)| {
            // The first is looked at with the whole.
            if index > 0 && is_formula(text) { format!("'{text}") } else { text.clone() }
        });
        texts.collect::<Vec<_>>().join(";").write(out);
    }

    fn datum(&self) -> Datum {
        Datum::Texts(self.clone())
    }
}

impl Cell for Time {
    const KIND: Kind = Kind::Time;

    fn write(&self, out: &mut Vec<u8>) {
        self.0.to_rfc3339_opts(SecondsFormat::Micros, true).write(out);
    }

    fn datum(&self) -> Datum {
        Datum::Time(self.0)
    }
}

/// JSON, in one cell.
impl Cell for Value {
    const KIND: Kind = Kind::Json;

    fn write(&self, out: &mut Vec<u8>) {
        self.to_string().write(out);
    }

    fn datum(&self) -> Datum {
        Datum::Json(self.to_string())
    }
}

impl Cell for Box<RawValue> {
    const KIND: Kind = Kind::Json;

    fn write(&self, out: &mut Vec<u8>) {
        self.get().write(out);
    }

    fn datum(&self) -> Datum {
        Datum::Json(self.get().to_owned())
    }
}

impl<T: Cell> Cell for Option<T> {
    const KIND: Kind = T::KIND;

    fn write(&self, out: &mut Vec<u8>) {
        if let Some(cell) = self {
            cell.write(out);
        }
    }

    fn datum(&self) -> Datum {
        self.as_ref().map_or(Datum::Nothing, Cell::datum)
    }
}

impl<T: Cell + ?Sized> Cell for &T {
    const KIND: Kind = T::KIND;

    fn write(&self, out: &mut Vec<u8>) {
        (**self).write(out);
    }

    fn datum(&self) -> Datum {
        (**self).datum()
    }
}

/// What is made of digits and letters alone needs no quotes, and a number is no formula.
macro_rules! plain {
    ($($type:ty = $kind:ident, |$value:ident| $datum:expr;)*) => {$(
        impl Cell for $type {
            const KIND: Kind = Kind::$kind;

            fn write(&self, out: &mut Vec<u8>) {
                // Memory takes everything.
                let _ = write!(out, "{self}");
            }

            fn datum(&self) -> Datum {
                let $value = self;
                Datum::$kind($datum)
            }
        }
    )*};
}

plain! {
    bool = Truth, |truth| *truth;
    i16 = Whole, |number| i64::from(*number);
    i32 = Whole, |number| i64::from(*number);
    i64 = Whole, |number| *number;
    f64 = Number, |number| *number;
    Number = Number, |number| number.as_f64().unwrap_or(f64::NAN);
    Uuid = Text, |id| id.to_string();
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(fill: impl FnOnce(&mut Cells<'_>)) -> String {
        let mut out = Vec::new();
        Cells::line(&mut out, fill);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn formulas_are_texts() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx"] {
            assert_eq!(line(|cells| cells.put(text)), format!("'{text}\r\n"));
        }
        for text in [
            "＝1+1",
            "＋1",
            "－1",
            "＠SUM(A1)",
            " =1",
            "\u{a0}=1",
            "\u{feff}=1",
            "\u{feff}x",
            "\u{200b}=1",
            "−1",
        ] {
            assert_eq!(line(|cells| cells.put(text)), format!("'{text}\r\n"));
        }
        assert_eq!(line(|cells| cells.put("\r=1")), "\"'\r=1\"\r\n");
        assert_eq!(line(|cells| cells.put("\n=1")), "\"'\n=1\"\r\n");
        assert_eq!(line(|cells| cells.put(" \n＝1")), "\"' \n＝1\"\r\n");
        let tags = ["a", "=1", "＠b", "c"].map(str::to_owned).to_vec();
        assert_eq!(line(|cells| cells.put(&tags)), "a;'=1;'＠b;c\r\n");
        assert_eq!(line(|cells| cells.put("ça va")), "ça va\r\n");
        assert_eq!(line(|cells| cells.put("=\"a\",1")), "\"'=\"\"a\"\",1\"\r\n");
        assert_eq!(line(|cells| cells.put(&-1_i64)), "-1\r\n");
        assert_eq!(line(|cells| cells.put("1=1 'a'")), "1=1 'a'\r\n");
    }

    #[test]
    fn each_kind_has_its_text() {
        let written = line(|cells| {
            cells.put(&None::<String>);
            cells.put(&true);
            cells.put(&vec!["a".to_owned(), "b,c".to_owned()]);
            cells.put(&json!({"k": 1}));
            cells.put(&Some(Time("2026-01-31T08:00:00Z".parse().unwrap())));
        });
        assert_eq!(written, ",true,\"a;b,c\",\"{\"\"k\"\":1}\",2026-01-31T08:00:00.000000Z\r\n");
    }

    #[test]
    fn what_is_in_a_line_has_its_kind_whether_it_is_there_or_not() {
        let fill = |cells: &mut Cells<'_>| {
            cells.put("=1");
            cells.put(&None::<i64>);
            cells.put(&Some(&Some(7_i16)));
            cells.put(&vec!["a".to_owned()]);
            cells.put(&json!([1]));
        };
        let (mut data, mut kinds) = (Vec::new(), Vec::new());
        Cells::data(&mut data, fill);
        Cells::kinds(&mut kinds, fill);
        assert_eq!(kinds, [Kind::Text, Kind::Whole, Kind::Whole, Kind::Texts, Kind::Json]);
        assert_eq!(
            data,
            [
                Datum::Text("=1".to_owned()),
                Datum::Nothing,
                Datum::Whole(7),
                Datum::Texts(vec!["a".to_owned()]),
                Datum::Json("[1]".to_owned()),
            ]
        );
    }
}
