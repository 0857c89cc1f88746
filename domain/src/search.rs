//! Search: how a text becomes what is looked up, and how a question does. Both go the same way, so what is
//! written in one form is found by another; Postgres' own parsers see neither.
//!
//! A text is normalised (NFKC), taken apart at the boundaries of words (UAX 29), and folded: by case, as
//! Unicode says, and by accents. Words are taken apart further: `john.doe@example.com`, `C:\temp\a.log`,
//! `user_name` and `camelCase` are found as a whole and by their parts. Scripts that put no spaces between
//! words are indexed by pairs of characters.

mod fold;
mod index;
mod query;
mod tokens;

pub use fold::{caseless, fold};
pub use index::{Weight, index};
pub use query::{InvalidQuery, Query};
