//! What a cell holds, for forms that keep the kinds of things apart.

use chrono::{DateTime, Utc};

/// The kind of things in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A whole number.
    Whole,
    /// A number.
    Number,
    /// True or false.
    Truth,
    /// A moment.
    Time,
    /// Several texts.
    Texts,
    /// JSON of any shape.
    Json,
}

/// What is in a cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Datum {
    /// Nothing.
    Nothing,
    /// A text.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// A number.
    Number(f64),
    /// True or false.
    Truth(bool),
    /// A moment.
    Time(DateTime<Utc>),
    /// Several texts.
    Texts(Vec<String>),
    /// JSON, written out.
    Json(String),
}
