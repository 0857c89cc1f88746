//! Text that is safe inside HTML.

use std::fmt::{self, Display, Write as _};

/// Shows a text so that none of it is taken for markup.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// The little of Markdown that descriptions have: paragraphs and `code`.
pub(super) fn prose(text: &str) -> String {
    let mut out = String::new();
    for paragraph in text.split("\n\n").map(str::trim).filter(|p| !p.is_empty()) {
        out.push_str("<p>");
        for (index, part) in paragraph.split('`').enumerate() {
            let escaped = Escaped(part);
            let _ =
                if index % 2 == 1 { write!(out, "<code>{escaped}</code>") } else { write!(out, "{escaped}") };
        }
        out.push_str("</p>");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_shown_not_made() {
        assert_eq!(Escaped("<a b='c'>&\"").to_string(), "&lt;a b=&#39;c&#39;&gt;&amp;&quot;");
        assert_eq!(prose("see `a<b`\n\nnext"), "<p>see <code>a&lt;b</code></p><p>next</p>");
    }
}
