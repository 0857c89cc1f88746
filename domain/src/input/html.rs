//! Markup made safe.
//!
//! By `ammonia`: it parses as a browser does (html5ever) and writes out only what is on a list.
//! Refusing what looks dangerous without such a parser has been got around time and again, and
//! what e-mail brings can't be refused anyway.

use std::sync::LazyLock;

use ammonia::Builder;

/// Made once: building it fills its tables, which costs more than cleaning a message.
static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::default();
    builder
        .link_rel(Some("noopener noreferrer nofollow"))
        .url_schemes(["http", "https", "mailto", "tel", "cid"].into_iter().collect());
    builder
});

/// The same markup without anything that runs, loads code or leaves its place.
pub(super) fn made_safe(html: &str) -> String {
    CLEANER.clean(html).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_is_taken_out() {
        for (dirty, clean) in [
            ("<b>bold</b>", "<b>bold</b>"),
            ("<a href=\"javascript:alert(1)\">x</a>", "<a rel=\"noopener noreferrer nofollow\">x</a>"),
            ("<img src=x onerror=alert(1)>", "<img src=\"x\">"),
            ("<svg><script>alert(1)</script></svg>", ""),
            ("<style>*{display:none}</style>hi", "hi"),
            ("<iframe src=https://x.example></iframe>", ""),
        ] {
            assert_eq!(made_safe(dirty), clean, "{dirty}");
        }
    }
}
