//! Markup made safe.
//!
//! By `ammonia`: it parses as a browser does (html5ever) and writes out only what is on a list.
//! Refusing what looks dangerous without such a parser has been got around time and again, and
//! what e-mail brings can't be refused anyway. What would take it more time or memory than a message is
//! worth is found out first, by the same rules, without making anything (`measure`).

mod measure;

use std::io::{self, Read};
use std::sync::LazyLock;

use ammonia::Builder;

use self::measure::measure;

/// Made once: building it fills its tables, which costs more than cleaning a message.
static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::default();
    builder
        .link_rel(Some("noopener noreferrer nofollow"))
        .url_schemes(["http", "https", "mailto", "tel", "cid"].into_iter().collect());
    builder
});

/// Why markup isn't made safe: it would take too much. What is to be changed is in its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Excess {
    /// Too many elements are open at once.
    #[error(
        "too many elements are open at once: nest less deep, and close formatting such as <b>, <font> and <a> \
         where its text ends"
    )]
    Depth,
    /// Too many elements, most of them made again for formatting that stays open.
    #[error(
        "it has too many elements: close formatting such as <b>, <font> and <a> where its text ends, as it is \
         made again in each paragraph after it, or send less markup"
    )]
    Nodes,
    /// It would become many times longer.
    #[error(
        "it would become many times longer: close formatting such as <b>, <font> and <a> where its text ends"
    )]
    Size,
    /// It would take too much work.
    #[error(
        "it is too intricate: close elements in the order in which they were opened, put nothing between the rows \
         of tables, and send what isn't text, such as thousands of `&`, as a file"
    )]
    Work,
    /// One tag with far too many attributes.
    #[error("a tag has too many attributes, or a comment is too long")]
    Attributes,
    /// Whoever asked had it stopped.
    #[error("there was no time for it")]
    Stopped,
}

/// The same markup without anything that runs, loads code or leaves its place. `stop` is asked again and
/// again whether to go on.
pub(super) fn made_safe(html: &str, stop: &dyn Fn() -> bool) -> Result<String, Excess> {
    measure(html, stop)?;
    let pieces = Pieces { rest: html.as_bytes(), stop };
    // Nothing else than being stopped ends the reading of what is in memory.
    CLEANER.clean_from_reader(pieces).map(|safe| safe.to_string()).map_err(|_| Excess::Stopped)
}

/// How much of a text the parser gets at once, in bytes: what it looks at twice, such as an `&` that begins
/// no reference, costs it by what else it has at that moment.
const PIECE: usize = 256;

/// A text in pieces, as long as nobody says to stop.
struct Pieces<'a> {
    rest: &'a [u8],
    stop: &'a dyn Fn() -> bool,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if (self.stop)() {
            return Err(io::Error::other(Excess::Stopped));
        }
        let most = buffer.len().min(PIECE);
        self.rest.read(&mut buffer[..most])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn safe(html: &str) -> Result<String, Excess> {
        made_safe(html, &|| false)
    }

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
            assert_eq!(safe(dirty).as_deref(), Ok(clean), "{dirty}");
        }
    }

    #[test]
    fn what_would_multiply_is_refused() {
        let refusal = |html: &str| safe(html).err();
        let left_open = |elements: usize, paragraphs: usize| {
            let elements = (0..elements).fold(String::new(), |all, id| all + &format!("<b id={id}>"));
            format!("<p>{elements}{}", "<p>x".repeat(paragraphs))
        };
        assert_eq!(refusal(&left_open(3_300, 6_700)), Some(Excess::Depth));
        assert_eq!(refusal(&left_open(200, 6_700)), Some(Excess::Nodes));
        assert_eq!(refusal(&left_open(3, 1_000)), None);
        let long = format!("<p><font color={}>", "x".repeat(2_000));
        assert_eq!(refusal(&(long + &"<p>x".repeat(1_000))), Some(Excess::Size));
        assert_eq!(refusal(&"<div>".repeat(1_000)), Some(Excess::Depth));
        assert_eq!(refusal(&format!("<p {}>", "a ".repeat(20_000))), Some(Excess::Attributes));
        assert_eq!(refusal(&format!("<table>{}", "<b></b>x<tr>".repeat(5_000))), Some(Excess::Work));
        assert_eq!(refusal(&"&".repeat(30_000)), Some(Excess::Work));
        assert_eq!(refusal(&format!("<p title='{}'>", "&".repeat(30_000))), Some(Excess::Work));
        assert_eq!(made_safe("x", &|| true), Err(Excess::Stopped));
    }

    #[test]
    fn mail_is_taken_as_people_write_it() {
        let quoted = (0..40).map(|_| "<blockquote type=\"cite\"><div>").collect::<String>()
            + "Hi"
            + &"</div></blockquote>".repeat(40);
        let cells =
            "<tr><td style=\"width:10pt\"><p class=MsoNormal><span lang=DE>x&nbsp;y</span></p></td></tr>";
        let table = format!("<table border=0>{}</table>", cells.repeat(1_000));
        let office =
            format!("<!--[if mso]><xml>{}</xml><![endif]-->Hi", "<w:Lsd Locked=\"false\"/> ".repeat(400));
        let open = format!("<font face=Arial>{}", "<p>text</p>".repeat(500));
        let picture = format!("<img src=\"data:image/png;base64,{}\">x", "iVBO/Rw0KGgo+".repeat(5_000));
        let entities = "&lt;code&gt; &amp; ".repeat(3_000);
        let spaces = "a&nbsp;&nbsp;b ".repeat(2_000);
        for html in [quoted, table, office, open, picture, entities, spaces] {
            assert!(safe(&html).is_ok(), "{:?}: {}", safe(&html).err(), &html[..60]);
        }
    }
}
