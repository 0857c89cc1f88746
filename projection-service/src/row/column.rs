//! How values travel to their columns.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgHasArrayType, PgTypeInfo, PgValueRef};
use sqlx::{Decode, Postgres, Type};
use uuid::Uuid;

use super::CopyText;

/// A type that a column can hold.
pub(crate) trait ColumnType {
    /// The array type that brings many of it.
    const ARRAY: &'static str;
    /// What makes the column's type of an element, if that is another.
    const CAST: &'static str = "";
    /// An element of that array.
    type Wire<'a>
    where
        Self: 'a;
    fn wire(&self) -> Self::Wire<'_>;
    fn copy(&self, out: &mut CopyText);
}

macro_rules! plain {
    ($($type:ty = $array:literal),+) => {$(
        impl ColumnType for $type {
            const ARRAY: &'static str = $array;
            type Wire<'a> = $type;
            fn wire(&self) -> $type {
                *self
            }
            fn copy(&self, out: &mut CopyText) {
                out.plain(self);
            }
        }

        impl ColumnType for Option<$type> {
            const ARRAY: &'static str = $array;
            type Wire<'a> = Option<$type>;
            fn wire(&self) -> Option<$type> {
                *self
            }
            fn copy(&self, out: &mut CopyText) {
                match self {
                    Some(value) => value.copy(out),
                    None => out.null(),
                }
            }
        }
    )+};
}

// Postgres reads them as they show themselves.
plain! {
    Uuid = "uuid[]",
    i64 = "int8[]",
    i32 = "int4[]",
    i16 = "int2[]",
    bool = "bool[]",
    DateTime<Utc> = "timestamptz[]"
}

/// A text as Postgres can hold it: NUL, which JSON can say and no text column can, is U+FFFD. Commands refuse
/// it; what is in the log already must not keep its ticket from being shown.
pub(crate) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

impl ColumnType for String {
    const ARRAY: &'static str = "text[]";
    type Wire<'a> = Cow<'a, str>;
    fn wire(&self) -> Cow<'_, str> {
        storable(self)
    }
    fn copy(&self, out: &mut CopyText) {
        out.text(&storable(self));
    }
}

impl ColumnType for Option<String> {
    const ARRAY: &'static str = "text[]";
    type Wire<'a> = Option<Cow<'a, str>>;
    fn wire(&self) -> Option<Cow<'_, str>> {
        self.as_deref().map(storable)
    }
    fn copy(&self, out: &mut CopyText) {
        match self {
            Some(text) => text.copy(out),
            None => out.null(),
        }
    }
}

/// A `text[]`. It travels as its literal, because `unnest` would take an array of arrays apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TextArray(pub(crate) Vec<String>);

impl TextArray {
    fn literal(&self) -> String {
        let mut literal = String::from("{");
        for (index, element) in self.0.iter().enumerate() {
            if index > 0 {
                literal.push(',');
            }
            literal.push('"');
            for character in storable(element).chars() {
                if matches!(character, '"' | '\\') {
                    literal.push('\\');
                }
                literal.push(character);
            }
            literal.push('"');
        }
        literal.push('}');
        literal
    }
}

impl ColumnType for TextArray {
    const ARRAY: &'static str = "text[]";
    const CAST: &'static str = "::text[]";
    type Wire<'a> = String;
    fn wire(&self) -> String {
        self.literal()
    }
    fn copy(&self, out: &mut CopyText) {
        out.text(&self.literal());
    }
}

impl Type<Postgres> for TextArray {
    fn type_info() -> PgTypeInfo {
        <String as PgHasArrayType>::array_type_info()
    }
}

impl<'r> Decode<'r, Postgres> for TextArray {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        <Vec<String> as Decode<'r, Postgres>>::decode(value).map(Self)
    }
}

/// A `jsonb`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize> Json<T> {
    fn text(&self) -> String {
        // Values that came from JSON, or are made of text and numbers, can be written as JSON.
        let text = serde_json::to_string(self).unwrap_or_else(|_| "null".to_owned());
        if text.contains("\\u0000") { without_nul(&text) } else { text }
    }
}

/// JSON in which each escaped NUL is an escaped U+FFFD: a `jsonb` can't hold it either.
fn without_nul(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(start) = rest.find('\\') {
        // A backslash is written with what it escapes, so that an escaped one doesn't begin another escape.
        let end = (start + 2).min(rest.len());
        if let Some(after) = rest[start..].strip_prefix("\\u0000") {
            out.push_str(&rest[..start]);
            out.push_str("\\ufffd");
            rest = after;
        } else {
            out.push_str(&rest[..end]);
            rest = &rest[end..];
        }
    }
    out.push_str(rest);
    out
}

impl<T: Serialize> ColumnType for Json<T> {
    const ARRAY: &'static str = "text[]";
    const CAST: &'static str = "::jsonb";
    type Wire<'a>
        = String
    where
        T: 'a;
    fn wire(&self) -> String {
        self.text()
    }
    fn copy(&self, out: &mut CopyText) {
        out.text(&self.text());
    }
}

impl<T> Type<Postgres> for Json<T> {
    fn type_info() -> PgTypeInfo {
        <sqlx::types::Json<T> as Type<Postgres>>::type_info()
    }
}

impl<'r, T: 'r + for<'de> Deserialize<'de>> Decode<'r, Postgres> for Json<T> {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let json = <sqlx::types::Json<T> as Decode<'r, Postgres>>::decode(value)?;
        Ok(Self(json.0))
    }
}

/// A `bytea`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl ColumnType for Bytes {
    const ARRAY: &'static str = "bytea[]";
    type Wire<'a> = &'a [u8];
    fn wire(&self) -> &[u8] {
        &self.0
    }
    fn copy(&self, out: &mut CopyText) {
        let mut hex = String::with_capacity(2 + 2 * self.0.len());
        hex.push_str("\\x");
        for byte in &self.0 {
            hex.push(char::from(b"0123456789abcdef"[usize::from(byte >> 4)]));
            hex.push(char::from(b"0123456789abcdef"[usize::from(byte & 15)]));
        }
        out.text(&hex);
    }
}

impl Type<Postgres> for Bytes {
    fn type_info() -> PgTypeInfo {
        <Vec<u8> as Type<Postgres>>::type_info()
    }
}

impl<'r> Decode<'r, Postgres> for Bytes {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        <Vec<u8> as Decode<'r, Postgres>>::decode(value).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nul_becomes_the_character_for_what_cannot_be_shown() {
        assert_eq!(storable("a\0b"), "a\u{fffd}b");
        assert!(matches!(storable("ab"), Cow::Borrowed("ab")));
        assert_eq!(TextArray(vec!["a\0".into()]).literal(), "{\"a\u{fffd}\"}");
        let json = Json(serde_json::json!({"a\0": ["\\u0000", "\\\0", "ä\0"]}));
        let read: serde_json::Value = serde_json::from_str(&json.text()).unwrap();
        assert_eq!(read, serde_json::json!({"a\u{fffd}": ["\\u0000", "\\\u{fffd}", "ä\u{fffd}"]}));
    }

    #[test]
    fn array_literals_escape_what_ends_them() {
        let tags = TextArray(vec!["a\"b".into(), "c\\d".into(), "e,{f}".into(), String::new()]);
        assert_eq!(tags.literal(), r#"{"a\"b","c\\d","e,{f}",""}"#);
        assert_eq!(TextArray::default().literal(), "{}");
    }
}
