//! The index's form of a text.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::tokens::chunks;

/// How much of a text is searched, in characters.
const SEARCHED: usize = 100_000;
/// As much as a `tsvector` surely takes, of its MiB: tokens, places and what comes with each.
const MOST_BYTES: usize = 900_000;
/// What Postgres keeps of places: the last that there is, and how many of a token.
const LAST_PLACE: usize = 16_383;
const MOST_PLACES: usize = 255;

/// Where a text stands in a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// The subject.
    A,
    /// The description, and the number.
    B,
    /// A message.
    C,
    /// Who asked.
    D,
}

impl Weight {
    fn letter(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            // What nothing is written after.
            Self::D => "",
        }
    }
}

/// What a text is found by, as Postgres reads a `tsvector`. Bounded, whatever the text is: of one that is
/// longer or has more different words than fit, what comes first is found.
pub fn index(text: &str, weight: Weight) -> String {
    let text = text.char_indices().nth(SEARCHED).map_or(text, |(end, _)| &text[..end]);
    let mut tokens = Tokens::default();
    let mut place = 1;
    for chunk in chunks(text) {
        if let Some(whole) = chunk.whole {
            tokens.put(whole, place);
        }
        for word in chunk.words {
            if let Some(whole) = word.whole {
                tokens.put(whole, place);
            }
            for part in word.parts {
                tokens.put(part, place);
                place += 1;
            }
            if let Some(last) = word.last.filter(|_| !word.single) {
                tokens.put(last.to_string(), place - 1);
            }
        }
    }
    tokens.written(weight)
}

#[derive(Default)]
struct Tokens {
    places: BTreeMap<String, Vec<usize>>,
    bytes: usize,
}

impl Tokens {
    fn put(&mut self, token: String, place: usize) {
        let place = place.min(LAST_PLACE);
        let known = self.places.get_mut(&token);
        let cost = if known.is_some() { 2 } else { token.len() + 8 };
        if self.bytes + cost > MOST_BYTES {
            return;
        }
        match known {
            Some(places) if places.len() >= MOST_PLACES || places.last() == Some(&place) => return,
            Some(places) => places.push(place),
            None => drop(self.places.insert(token, vec![place])),
        }
        self.bytes += cost;
    }

    fn written(self, weight: Weight) -> String {
        let mut text = String::with_capacity(self.bytes + self.places.len() * 8);
        for (token, places) in self.places {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&quoted(&token));
            for (index, place) in places.into_iter().enumerate() {
                let separator = if index == 0 { ':' } else { ',' };
                let _ = write!(text, "{separator}{place}{}", weight.letter());
            }
        }
        text
    }
}

/// A token as both `tsvector` and `tsquery` take it.
pub(super) fn quoted(token: &str) -> String {
    format!("'{}'", token.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_with_their_places() {
        assert_eq!(index("Toner, Toner leer", Weight::A), "'leer':3A 'toner':1A,2A");
        assert_eq!(index("it's", Weight::D), "'it':1 'it''s':1 's':2");
        assert_eq!(index(r"a\b", Weight::C), r"'a':1C 'a\\b':1C 'b':2C");
        assert_eq!(index("失敗した", Weight::B), "'した':3B 'た':3B '失敗':1B '敗し':2B");
        assert_eq!(index(" <> ", Weight::B), "");
    }

    #[test]
    fn no_text_makes_more_than_fits() {
        let han: String =
            (0x4e00..0x4e00 + 20_000).chain(0x20000..0x20000 + 80_000).filter_map(char::from_u32).collect();
        let hex = |most: u32| (0..most).map(|number| format!("{number:x}")).collect::<Vec<_>>();
        let (words, dotted) = (hex(100_000).join(" "), hex(50_000).join("."));
        let bytes = |text: &str| {
            let written = index(text, Weight::A);
            // Of each token its letters and its places, as Postgres keeps them.
            written.split(' ').map(|one| one.len() + 4).sum::<usize>()
        };
        for text in [han, words, dotted, "\u{fdfa}".repeat(20_000)] {
            assert!(bytes(&text) < 2_000_000, "{}", bytes(&text));
        }
    }
}
