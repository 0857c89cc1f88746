//! What comes from outside: texts, ids, markup and JSON values, checked before they are taken.

mod html;
mod json;
mod locate;
mod markup;
mod merge_patch;
mod visible;

pub use html::Excess;
pub use locate::{locate, pointer};
pub use markup::Markup;
pub use merge_patch::merged;
pub use visible::{is_blank, is_invisible};

use crate::ids::InvalidId;
use crate::personal::Personal;

/// The longest reason, in characters.
pub const MAX_REASON: usize = 2_000;
/// The longest key, name or other short value, in characters.
pub const MAX_NAME: usize = 255;

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Where: a JSON Pointer (RFC 6901) into the body.
    pub pointer: String,
    /// What, for programs; stable.
    pub code: &'static str,
    /// What, for people.
    pub detail: String,
}

/// Checks the fields of one command and gathers everything that is wrong with them, so that
/// the caller hears all of it at once. Values that come back from a failed check are empty;
/// [`Check::finish`] sees to it that they are not used.
#[derive(Debug, Default)]
pub struct Check {
    errors: Vec<FieldError>,
}

impl Check {
    /// Nothing checked yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes an error.
    pub fn fail(&mut self, pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) {
        self.errors.push(FieldError { pointer: pointer.into(), code, detail: detail.into() });
    }

    /// Everything was right, or all that was wrong.
    pub fn finish(self) -> Result<(), Vec<FieldError>> {
        if self.errors.is_empty() { Ok(()) } else { Err(self.errors) }
    }

    /// One line: trimmed, with something to see, `max` characters at most, no control characters.
    pub fn line(&mut self, pointer: &str, text: &str, max: usize) -> String {
        let text = text.trim();
        if is_blank(text) {
            self.fail(pointer, "required", "must not be empty");
        } else if self.fits(pointer, text, max) && text.contains(['\n', '\r', '\t']) {
            self.fail(pointer, "invalid_character", "no line breaks or tabs here");
        }
        text.to_owned()
    }

    /// A text of one or more lines: kept as it is, but not blank.
    pub fn text(&mut self, pointer: &str, text: &str, max: usize) -> String {
        if is_blank(text) {
            self.fail(pointer, "required", "must not be empty");
        } else {
            self.fits(pointer, text, max);
        }
        text.to_owned()
    }

    /// A line that may be left out; a blank one is left out.
    pub fn optional_line(&mut self, pointer: &str, text: Option<&String>, max: usize) -> Option<String> {
        let text = text?.trim();
        (!is_blank(text)).then(|| self.line(pointer, text, max))
    }

    /// A text that may be left out; a blank one is left out.
    pub fn optional_text(&mut self, pointer: &str, text: Option<&String>, max: usize) -> Option<String> {
        let text = text?;
        (!is_blank(text)).then(|| self.text(pointer, text, max))
    }

    /// The `reason` that most commands take.
    pub fn reason(&mut self, text: Option<&String>) -> Option<String> {
        self.optional_text("/reason", text, MAX_REASON)
    }

    /// An id that may be left out.
    pub fn optional_id<T>(&mut self, pointer: &str, text: Option<&String>) -> Option<T>
    where
        T: TryFrom<String, Error = InvalidId>,
    {
        let text = text?;
        match T::try_from(text.clone()) {
            Ok(_) if is_blank(text) => {
                self.fail(pointer, "invalid_character", "an id has characters that can be seen");
                None
            }
            Ok(id) => Some(id),
            Err(InvalidId::Length) => {
                self.fail(pointer, "invalid_length", InvalidId::Length.to_string());
                None
            }
            Err(InvalidId::ControlCharacter) => {
                self.fail(pointer, "invalid_character", InvalidId::ControlCharacter.to_string());
                None
            }
        }
    }

    /// Markup, made safe; markup of which nothing safe is left is left out. Made safe it may be twice as
    /// long as it may be itself: links and references grow.
    pub fn html(&mut self, pointer: &str, markup: Option<&Markup>, max: usize) -> Option<Personal<String>> {
        let markup = markup?;
        if is_blank(markup.given()) || !self.fits(pointer, markup.given(), max) {
            return None;
        }
        match markup.safe() {
            Ok(safe) if safe.expose().chars().count() > max.saturating_mul(2) => {
                self.fail(pointer, "too_long", format!("made safe, it has more than {} characters", 2 * max));
                None
            }
            Ok(safe) => Some(safe).filter(|safe| !is_blank(safe.expose())),
            Err(excess) => {
                self.fail(pointer, "too_complex", excess.to_string());
                None
            }
        }
    }

    /// Whether a text has characters, none of them forbidden, and not too many.
    fn fits(&mut self, pointer: &str, text: &str, max: usize) -> bool {
        if text.is_empty() {
            self.fail(pointer, "required", "must not be empty");
        } else if text.len() > max && text.chars().count() > max {
            self.fail(pointer, "too_long", format!("{max} characters at most"));
        } else if has_forbidden(text) {
            self.fail(pointer, "invalid_character", "no control characters here");
        } else {
            return true;
        }
        false
    }
}

/// Whether a text is a line that names something: 1 to [`MAX_NAME`] characters, not blank, none of them a
/// control character.
pub(crate) fn is_short_line(text: &str) -> bool {
    !is_blank(text) && text.chars().count() <= MAX_NAME && !text.chars().any(char::is_control)
}

/// Control characters other than line breaks and tabs. NUL among them, which Postgres refuses.
fn has_forbidden(text: &str) -> bool {
    text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(check: Check) -> Vec<(String, &'static str)> {
        let errors = check.finish().err().unwrap_or_default();
        errors.into_iter().map(|error| (error.pointer, error.code)).collect()
    }

    #[test]
    fn a_line_is_trimmed_and_bounded_in_characters() {
        let mut check = Check::new();
        assert_eq!(check.line("/a", "  Grüße ", 5), "Grüße");
        check.line("/b", "  ", 5);
        check.line("/c", "äöüäöü", 5);
        check.line("/d", "a\0b", 5);
        check.line("/e", "a\nb", 5);
        check.line("/f", "a\u{85}b", 5);
        check.line("/g", "\u{200b}\u{feff}", 5);
        assert_eq!(
            codes(check),
            [("/b", "required"), ("/c", "too_long")]
                .into_iter()
                .chain(["/d", "/e", "/f"].map(|pointer| (pointer, "invalid_character")))
                .chain([("/g", "required")])
                .map(|(pointer, code)| (pointer.to_owned(), code))
                .collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_text_keeps_its_lines() {
        let mut check = Check::new();
        assert_eq!(check.text("/a", " a\r\n\tb\n", 9), " a\r\n\tb\n");
        assert_eq!(check.optional_text("/b", Some(&" \n".to_owned()), 9), None);
        assert_eq!(check.optional_line("/b", Some(&"\u{2060}\u{3164}".to_owned()), 9), None);
        assert_eq!(check.finish(), Ok(()));
    }

    #[test]
    fn markup_is_made_safe() {
        let mut check = Check::new();
        let dirty = Markup::from("<p onclick=x()>Hi<script>alert(1)</script></p>");
        for markup in [dirty.clone(), dirty.made_safe(&|| false)] {
            let clean = check.html("/html", Some(&markup), 1_000).unwrap();
            assert_eq!(clean.expose(), "<p>Hi</p>");
        }
        let nothing = Markup::from("<script>alert(1)</script>");
        assert_eq!(check.html("/html", Some(&nothing), 1_000), None);
        assert_eq!(check.finish(), Ok(()));
    }

    #[test]
    fn markup_that_is_too_much_is_named() {
        let mut check = Check::new();
        let html = |text: &str| Markup::from(text);
        check.html("/long", Some(&html("<b>long</b>")), 10);
        check.html("/deep", Some(&html(&"<b>".repeat(600))), 10_000);
        check.html("/grown", Some(&html(&"<a>x</a>".repeat(100))), 800);
        let stopped = html("<b>x</b>").made_safe(&|| true);
        assert!(stopped.is_stopped());
        check.html("/stopped", Some(&stopped), 10);
        let said = [
            ("/long", "too_long"),
            ("/deep", "too_complex"),
            ("/grown", "too_long"),
            ("/stopped", "too_complex"),
        ];
        assert_eq!(codes(check), said.map(|(pointer, code)| (pointer.to_owned(), code)));
    }
}
