//! The lines of an iCalendar file (RFC 5545, 3.1), as files have them: with a byte order mark or without,
//! with any line ends, folded anywhere.

/// A property: `NAME;PARAMETER=VALUE:VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Property {
    /// In capitals.
    pub(super) name: String,
    /// The names in capitals, the values without their quotes.
    parameters: Vec<(String, String)>,
    pub(super) value: String,
    /// The line in the file that it begins on, from 1.
    pub(super) line: usize,
}

impl Property {
    /// The value of a parameter.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The value of a text (RFC 5545, 3.3.11).
    pub(super) fn text(&self) -> String {
        let mut text = String::with_capacity(self.value.len());
        let mut characters = self.value.chars();
        while let Some(character) = characters.next() {
            match (character, if character == '\\' { characters.next() } else { None }) {
                ('\\', Some('n' | 'N')) => text.push(' '),
                ('\\', Some(escaped)) => text.push(escaped),
                (character, _) => text.push(character),
            }
        }
        text
    }
}

/// A line that is no property: its number and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    pub(super) line: usize,
    pub(super) text: String,
}

/// The file's properties in their order.
pub(super) fn properties(text: &str) -> impl Iterator<Item = Result<Property, Unreadable>> {
    Unfolded { lines: lines(text), next: None }
        .map(|(line, text)| property(&text, line).ok_or(Unreadable { line, text }))
}

/// The lines with their numbers. CR LF, LF and CR each end one, in one file too.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let text = text.trim_start_matches('\u{FEFF}');
    // Each CR is an end, and an LF that follows one belongs to it.
    let mut rest = Some(text);
    let mut number = 0;
    std::iter::from_fn(move || {
        let text = rest?;
        number += 1;
        let Some(end) = text.find(['\r', '\n']) else {
            rest = None;
            return Some((number, text));
        };
        let (line, after) = text.split_at(end);
        rest = Some(after.strip_prefix("\r\n").unwrap_or(&after[1..]));
        Some((number, line))
    })
}

/// Puts folded lines together: one that begins with a space or a tab goes on the one before.
struct Unfolded<'a, I: Iterator<Item = (usize, &'a str)>> {
    lines: I,
    next: Option<(usize, &'a str)>,
}

impl<'a, I: Iterator<Item = (usize, &'a str)>> Iterator for Unfolded<'a, I> {
    type Item = (usize, String);

    fn next(&mut self) -> Option<(usize, String)> {
        let mut first = self.next.take();
        while first.is_none_or(|(_, line)| line.trim().is_empty()) {
            first = Some(self.lines.next()?);
        }
        let (number, line) = first?;
        let mut whole = line.to_owned();
        for (number, line) in self.lines.by_ref() {
            let Some(more) = line.strip_prefix([' ', '\t']) else {
                self.next = Some((number, line));
                break;
            };
            whole.push_str(more);
        }
        Some((number, whole))
    }
}

fn property(text: &str, line: usize) -> Option<Property> {
    let mut quoted = false;
    let mut parts: Vec<&str> = Vec::new();
    let mut from = 0;
    let mut value = None;
    for (at, character) in text.char_indices() {
        match character {
            '"' => quoted = !quoted,
            ';' | ':' if !quoted => {
                parts.push(&text[from..at]);
                from = at + 1;
                if character == ':' {
                    value = Some(&text[from..]);
                    break;
                }
            }
            _ => {}
        }
    }
    let value = value?;
    let mut parts = parts.into_iter();
    let name = parts.next()?.trim().to_ascii_uppercase();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.' || byte == b'_';
    if name.is_empty() || !name.bytes().all(plain) {
        return None;
    }
    let parameters = parts.filter_map(|part| {
        let (name, value) = part.split_once('=')?;
        Some((name.trim().to_ascii_uppercase(), value.trim().trim_matches('"').to_owned()))
    });
    Some(Property { name, parameters: parameters.collect(), value: value.to_owned(), line })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(usize, String, String)> {
        let read = properties(text).map(|property| property.unwrap());
        read.map(|property| (property.line, property.name, property.value)).collect()
    }

    #[test]
    fn lines_end_and_fold_in_every_way() {
        let some = |all: &[(usize, &str, &str)]| -> Vec<_> {
            all.iter().map(|(line, name, value)| (*line, (*name).to_owned(), (*value).to_owned())).collect()
        };
        let expected = some(&[(1, "A", "1"), (2, "B", "2"), (3, "C", "3")]);
        for text in ["A:1\r\nB:2\r\nC:3\r\n", "A:1\nB:2\nC:3", "A:1\rB:2\rC:3\r", "\u{feff}a:1\r\nB:2\nC:3\r"]
        {
            assert_eq!(read(text), expected, "{text:?}");
        }
        assert_eq!(
            read("A:1\r\n\r\nB:2\n 3\r\n\t4\r 5\nC:6\n"),
            some(&[(1, "A", "1"), (3, "B", "2345"), (7, "C", "6")])
        );
        assert_eq!(read("DTSTART;VALU\r\n E=DATE:2026\n"), some(&[(1, "DTSTART", "2026")]));
    }

    #[test]
    fn parameters_may_be_quoted_and_texts_escaped() {
        let property =
            properties("SUMMARY;X=\"a:b;c\";LANGUAGE=de:a\\, b\\nc\\\\:d").next().unwrap().unwrap();
        assert_eq!(property.parameter("X"), Some("a:b;c"));
        assert_eq!(property.parameter("LANGUAGE"), Some("de"));
        assert_eq!(property.text(), "a, b c\\:d");
        let unreadable = properties("A:1\nDear all").nth(1).unwrap();
        assert_eq!(unreadable, Err(Unreadable { line: 2, text: "Dear all".to_owned() }));
    }
}
