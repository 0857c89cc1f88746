//! What is looked for.

use super::index::quoted;
use super::tokens::{Chunk, Word, chunks};

/// The most different terms of a question, and the most tokens of all of them.
const MOST_TERMS: usize = 32;
const MOST_TOKENS: usize = 200;
/// The fewest letters of a prefix: a shorter one is the beginning of too many words.
const SHORTEST_PREFIX: usize = 2;

/// Why a question isn't taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidQuery {
    /// It would cost too much.
    #[error("it takes {MOST_TERMS} different words and phrases, of {MOST_TOKENS} words in all, at most")]
    TooMany,
    /// A prefix is too short.
    #[error("before * there should be {SHORTEST_PREFIX} letters at least")]
    ShortPrefix,
}

/// Words, `"a phrase"`, `begin*`, `-without`, `this or that`. Each term as Postgres reads a `tsquery`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Each has to be found, each perhaps in another text of the ticket. No term is there twice.
    pub wanted: Vec<String>,
    /// None may be found.
    pub unwanted: Vec<String>,
}

impl Query {
    /// Reads what people type. What has no words in it finds nothing.
    pub fn parse(text: &str) -> Result<Self, InvalidQuery> {
        let mut query = Self::default();
        let mut left = MOST_TOKENS;
        let mut joining = false;
        for piece in pieces(text) {
            if !piece.phrase && piece.text.eq_ignore_ascii_case("or") && !query.wanted.is_empty() {
                joining = true;
                continue;
            }
            let Some(term) = piece.term(&mut left)? else { continue };
            if piece.without {
                put(&mut query.unwanted, term);
            } else if let Some(before) = query.wanted.last_mut().filter(|_| joining) {
                if *before != term {
                    *before = format!("({before} | {term})");
                }
            } else {
                put(&mut query.wanted, term);
            }
            joining = false;
        }
        if query.wanted.len() + query.unwanted.len() > MOST_TERMS {
            return Err(InvalidQuery::TooMany);
        }
        Ok(query)
    }
}

fn put(terms: &mut Vec<String>, term: String) {
    // After `or` the last term is the one that is added to, so a repeated one goes to the end.
    if let Some(place) = terms.iter().position(|known| *known == term) {
        terms.remove(place);
    }
    terms.push(term);
}

/// What stands between spaces, or between quotes.
#[derive(Debug)]
struct Piece<'a> {
    text: &'a str,
    phrase: bool,
    without: bool,
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let bare = rest.trim_start_matches('-');
        let without = bare.len() < rest.len();
        let piece = if let Some(quoted) = bare.strip_prefix('"') {
            let (inner, after) = quoted.split_once('"').unwrap_or((quoted, ""));
            rest = after;
            Piece { text: inner, phrase: true, without }
        } else {
            let end = bare.find(|letter: char| letter.is_whitespace() || letter == '"').unwrap_or(bare.len());
            let (word, after) = bare.split_at(end);
            rest = after;
            Piece { text: word, phrase: false, without }
        };
        pieces.push(piece);
        rest = rest.trim_start();
    }
    pieces
}

impl Piece<'_> {
    /// The `tsquery` of it; none if there is no word in it.
    fn term(&self, left: &mut usize) -> Result<Option<String>, InvalidQuery> {
        let prefix = !self.phrase && self.text.ends_with('*');
        let chunks = chunks(self.text);
        let tokens: usize = chunks.iter().flat_map(|chunk| &chunk.words).map(|word| word.parts.len()).sum();
        *left = left.checked_sub(tokens).ok_or(InvalidQuery::TooMany)?;
        let mut words = Vec::with_capacity(tokens);
        let last = chunks.iter().map(|chunk| chunk.words.len()).sum::<usize>();
        for (index, word) in chunks.iter().flat_map(|chunk| &chunk.words).enumerate() {
            words.push(of_word(word, prefix && index + 1 == last)?);
        }
        let together = match words.as_slice() {
            [] => return Ok(None),
            [one] => one.clone(),
            several => format!("({})", several.join(" <-> ")),
        };
        // An address or a path is a token of its own; that is found wherever it stands, even at the end
        // of a text whose places Postgres doesn't keep.
        match chunks.as_slice() {
            [Chunk { whole: Some(whole), .. }] => {
                Ok(Some(format!("({} | {together})", token(whole, prefix))))
            }
            _ => Ok(Some(together)),
        }
    }
}

fn of_word(word: &Word, prefix: bool) -> Result<String, InvalidQuery> {
    let Some((last, before)) = word.parts.split_last() else { return Ok(String::new()) };
    if prefix && word.last.is_none() && before.is_empty() && last.chars().count() < SHORTEST_PREFIX {
        return Err(InvalidQuery::ShortPrefix);
    }
    // A single character is found as the beginning of a pair as well.
    let mut parts: Vec<_> = before.iter().map(|part| token(part, false)).collect();
    parts.push(token(last, prefix && word.last.is_none() || word.single));
    let together = match parts.as_slice() {
        [one] => one.clone(),
        several => format!("({})", several.join(" <-> ")),
    };
    Ok(match &word.whole {
        Some(whole) => format!("({} | {together})", token(whole, prefix)),
        None => together,
    })
}

fn token(text: &str, prefix: bool) -> String {
    format!("{}{}", quoted(text), if prefix { ":*" } else { "" })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wanted(text: &str) -> Vec<String> {
        Query::parse(text).unwrap().wanted
    }

    #[test]
    fn words_phrases_prefixes_and_what_is_not_wanted() {
        assert_eq!(wanted("Toner leer"), ["'toner'", "'leer'"]);
        assert_eq!(wanted("\"Toner leer\""), ["('toner' <-> 'leer')"]);
        assert_eq!(wanted("Ton*"), ["'ton':*"]);
        assert_eq!(wanted("a or b or c d"), ["(('a' | 'b') | 'c')", "'d'"]);
        assert_eq!(wanted("or a or"), ["'or'", "'a'"]);
        let query = Query::parse("drucker -rechnung --\"sehr alt\"").unwrap();
        assert_eq!(query.unwanted, ["'rechnung'", "('sehr' <-> 'alt')"]);
        assert_eq!(wanted("TKT-17"), ["('tkt-17' | ('tkt' <-> '17'))"]);
        assert_eq!(wanted("example.com"), ["('example.com' | ('example' <-> 'com'))"]);
        assert_eq!(wanted("失敗した"), ["('失敗' <-> '敗し' <-> 'した')"]);
        assert_eq!(wanted("水"), ["'水':*"]);
        assert_eq!(wanted("it's"), ["('it''s' | ('it' <-> 's'))"]);
    }

    #[test]
    fn nothing_is_asked_by_signs_alone() {
        for text in ["", "\"", "-", "':* & | !(", "-drucker", "<->", "*"] {
            assert_eq!(wanted(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn what_is_asked_twice_is_asked_once() {
        assert_eq!(wanted(&"the ".repeat(124)), ["'the'"]);
        assert_eq!(wanted("The the THE"), ["'the'"]);
    }

    #[test]
    fn what_would_cost_too_much_is_refused() {
        let many = (0..33).map(|number| format!("word{number}")).collect::<Vec<_>>().join(" ");
        assert_eq!(Query::parse(&many).unwrap_err(), InvalidQuery::TooMany);
        let phrase = format!("\"{}\"", "a ".repeat(201));
        assert_eq!(Query::parse(&phrase).unwrap_err(), InvalidQuery::TooMany);
        assert_eq!(Query::parse("t*").unwrap_err(), InvalidQuery::ShortPrefix);
        Query::parse("日*").unwrap();
    }

    proptest! {
        #[test]
        fn every_text_is_read_or_refused(text in "\\PC{0,200}") {
            if let Ok(query) = Query::parse(&text) {
                prop_assert!(query.wanted.len() + query.unwanted.len() <= MOST_TERMS);
            }
        }

        #[test]
        fn a_word_is_found_by_itself_however_it_is_written(text in "[\\p{L}\\p{M}\\p{N}@._/-]{1,30}") {
            let upper = Query::parse(&text.to_uppercase()).unwrap();
            let lower = Query::parse(&text.to_lowercase()).unwrap();
            // Humps are parts of what is written in both cases alone, and neither is.
            prop_assert_eq!(upper.unwanted.len(), lower.unwanted.len());
        }
    }
}
