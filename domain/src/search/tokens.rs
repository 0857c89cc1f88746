//! Where words begin and end, and what they are made of.

use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation as _;

use super::fold::fold;

/// The longest token, in characters; of a longer one this much counts, in texts and in questions.
const LONGEST: usize = 100;

/// What stands in a text as one thing, and may be found as a whole or by its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    /// The smallest parts, folded, in order. In scripts without spaces, pairs of characters.
    pub(super) parts: Vec<String>,
    /// All of it, folded, if it has several parts and isn't of such a script.
    pub(super) whole: Option<String>,
    /// The last character of a run without spaces, to be found by itself.
    pub(super) last: Option<char>,
    /// It is a single character of such a script.
    pub(super) single: bool,
}

/// What stands between spaces: an address, a path, a URL, or a plain word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Chunk {
    pub(super) words: Vec<Word>,
    /// All of it, folded, if it is several words.
    pub(super) whole: Option<String>,
}

/// The chunks of a text.
pub(super) fn chunks(text: &str) -> Vec<Chunk> {
    let text: String = text.nfkc().collect();
    text.split(separates).map(chunk).filter(|chunk| !chunk.words.is_empty()).collect()
}

/// What is never inside of a name, an address or a path. Zero-width spaces stand between words.
fn separates(letter: char) -> bool {
    letter.is_whitespace()
        || letter.is_control()
        || matches!(
            letter,
            '<' | '>' | '(' | ')' | '[' | ']' | '{' | '}' | '"' | '|' | ',' | ';' | '\u{200b}'
        )
}

fn chunk(text: &str) -> Chunk {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let spaceless = is_spaceless(first);
        let end = rest.find(|letter| is_spaceless(letter) != spaceless).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        if spaceless {
            words.extend(pairs(run));
        } else {
            words.extend(run.unicode_words().filter_map(word));
        }
        rest = after;
    }
    let trimmed = text.trim_matches(|letter: char| !letter.is_alphanumeric());
    let several = words.len() > 1 && !text.chars().any(is_spaceless) && trimmed.chars().count() <= LONGEST;
    Chunk { words, whole: several.then(|| fold(trimmed)) }
}

fn word(text: &str) -> Option<Word> {
    let parts: Vec<String> = text
        .split(|letter: char| letter.is_ascii_punctuation() || matches!(letter, '’' | '·' | '‧' | '‿'))
        .flat_map(humps)
        .map(|part| cut(fold(part)))
        .filter(|part| !part.is_empty())
        .collect();
    let whole = (parts.len() > 1).then(|| cut(fold(text)));
    (!parts.is_empty()).then_some(Word { parts, whole, ..Word::default() })
}

/// The parts of `camelCase` and `HTTPServer`.
fn humps(text: &str) -> Vec<&str> {
    let letters: Vec<(usize, char)> = text.char_indices().collect();
    let mut parts = Vec::new();
    let mut start = 0;
    for index in 1..letters.len() {
        let (place, this) = letters[index];
        let (_, before) = letters[index - 1];
        let next_is_lower = letters.get(index + 1).is_some_and(|(_, next)| next.is_lowercase());
        let begins =
            this.is_uppercase() && (before.is_lowercase() || (before.is_uppercase() && next_is_lower));
        if begins {
            parts.push(&text[start..place]);
            start = place;
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Pairs of neighbours: a run of three characters is two of them.
fn pairs(run: &str) -> Option<Word> {
    let letters: Vec<char> = fold(run).chars().filter(|letter| !letter.is_ascii_punctuation()).collect();
    let last = *letters.last()?;
    let parts = match letters.as_slice() {
        [one] => vec![one.to_string()],
        several => several.windows(2).map(|pair| pair.iter().collect()).collect(),
    };
    Some(Word { parts, whole: None, last: Some(last), single: letters.len() == 1 })
}

/// Chinese, Japanese, Korean, Thai, Lao, Khmer and Burmese.
fn is_spaceless(letter: char) -> bool {
    matches!(letter,
        '\u{e01}'..='\u{e7f}' | '\u{e80}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1100}'..='\u{11ff}'
        | '\u{1780}'..='\u{17ff}' | '\u{19e0}'..='\u{19ff}' | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}'
        | '\u{3105}'..='\u{312f}' | '\u{31a0}'..='\u{31bf}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{a9e0}'..='\u{a9ff}' | '\u{aa60}'..='\u{aa7f}' | '\u{ac00}'..='\u{d7ff}'
        | '\u{f900}'..='\u{faff}' | '\u{1b000}'..='\u{1b16f}' | '\u{20000}'..='\u{3ffff}')
}

fn cut(mut token: String) -> String {
    if let Some((end, _)) = token.char_indices().nth(LONGEST) {
        token.truncate(end);
    }
    token
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wholes and parts, in the order in which they stand.
    fn all(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        for chunk in chunks(text) {
            all.extend(chunk.whole);
            for word in chunk.words {
                all.extend(word.whole);
                all.extend(word.parts);
            }
        }
        all
    }

    #[test]
    fn names_and_paths_are_found_whole_and_by_their_parts() {
        for (text, tokens) in [
            ("Drucker, streikt!", &["drucker", "streikt"][..]),
            ("<b>toner</b>", &["b", "toner", "/b", "b"][1..2]),
            (
                "John.Doe@example.com",
                &["john.doe@example.com", "john.doe", "john", "doe", "example.com", "example", "com"],
            ),
            ("user_name", &["user_name", "user", "name"]),
            ("parseHTTPRequest", &["parsehttprequest", "parse", "http", "request"]),
            ("TKT-00000001", &["tkt-00000001", "tkt", "00000001"]),
            ("/var/log/app.log", &["var/log/app.log", "var", "log", "app.log", "app", "log"]),
            ("don’t", &["don't", "don", "t"]),
            ("3.5", &["3.5", "3", "5"]),
            ("हिन्दी", &["हिन्दी"]),
        ] {
            let found = all(text);
            assert!(tokens.iter().all(|token| found.iter().any(|one| one == token)), "{text}: {found:?}");
        }
        assert_eq!(all("-- ... !"), Vec::<String>::new());
    }

    #[test]
    fn scripts_without_spaces_are_pairs() {
        assert_eq!(all("接続に失敗"), ["接続", "続に", "に失", "失敗"]);
        assert_eq!(all("Docker安装failed"), ["docker", "安装", "failed"]);
        assert_eq!(all("로그인"), ["로그", "그인"]);
        assert_eq!(all("水"), ["水"]);
        assert_eq!(all("ไม่ได้").len(), 5);
    }

    #[test]
    fn work_and_tokens_stay_within_the_text() {
        let count = |text: &str| all(text).iter().map(|token| token.len() + 1).sum::<usize>();
        for unit in ["a.", "aB", "x/", "a_b:c@", "日", "e\u{301}", "<", "İ", "\u{fdfa}", "ก\u{e33}"] {
            let (one, four) = (unit.repeat(500), unit.repeat(2_000));
            assert!(count(&four) <= 5 * count(&one) + 100, "{unit}: {} {}", count(&one), count(&four));
            assert!(count(&one) <= 20 * one.len() + 10, "{unit}: {} of {}", count(&one), one.len());
        }
    }
}
