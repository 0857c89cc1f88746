//! Input whose form is made to cost more than its length: each generator makes some bytes of it, about as
//! many as it is asked for.

use serde_json::{Map, Value, json};

/// A generator of texts.
pub(crate) type Text = (&'static str, fn(usize) -> String);
/// A generator of JSON.
pub(crate) type Json = (&'static str, fn(usize) -> Value);

fn filled(piece: &str, bytes: usize) -> String {
    piece.repeat(bytes / piece.len() + 1)
}

fn numbered(bytes: usize, piece: fn(usize) -> String) -> String {
    let mut text = String::with_capacity(bytes + 64);
    for number in 0.. {
        if text.len() >= bytes {
            break;
        }
        text.push_str(&piece(number));
    }
    text
}

/// An iCalendar file of this content.
fn calendar(content: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n{content}END:VCALENDAR\r\n")
}

fn event(content: &str) -> String {
    format!("BEGIN:VEVENT\r\nUID:x\r\n{content}\r\nEND:VEVENT\r\n")
}

/// Texts that cost a reader of any kind, readers of markup, and readers of iCalendar.
pub(crate) const TEXTS: &[Text] = &[
    ("letters", |n| filled("x", n)),
    ("spaces", |n| filled(" ", n)),
    ("nothing to see", |n| filled("\u{200b}", n)),
    ("marks on one letter", |n| format!("a{}", filled("\u{301}", n))),
    ("four bytes each", |n| filled("👩\u{200d}🚒", n)),
    ("quotes", |n| filled("\"'", n)),
    ("backslashes", |n| filled("\\", n)),
    ("commas", |n| filled("a,", n)),
    ("digits", |n| filled("9", n)),
    ("dashes", |n| filled("2026-", n)),
    ("lines", |n| filled("\r\n", n)),
    ("escapes of pointers", |n| filled("~1/", n)),
    ("less than", |n| filled("<", n)),
    ("ampersands", |n| filled("&", n)),
    ("references", |n| filled("&amp;&notin;", n)),
    ("long reference", |n| format!("&{}", filled("n", n))),
    ("elements within", |n| filled("<div>", n)),
    ("quotations within", |n| filled("<blockquote><p>", n)),
    ("tables within", |n| filled("<table><tr><td>", n)),
    ("formatting left open", |n| {
        let elements = numbered(n / 2, |number| format!("<b id={number}>"));
        format!("<p>{elements}{}", filled("<p>x", n / 2))
    }),
    ("a little left open", |n| {
        format!("<p>{}{}", "<i><b><u><s><em><a href=x>".repeat(20), filled("<p>x", n))
    }),
    ("a long attribute left open", |n| {
        format!("<p><font color={}>{}", filled("x", n / 2), filled("<p>x", n / 2))
    }),
    ("formatting crossed", |n| filled("<b><p></b><i></p>", n)),
    ("links within links", |n| filled("<a><table>", n)),
    ("one link each", |n| filled("<a>", n)),
    ("nobr", |n| filled("<nobr>x", n)),
    ("buttons", |n| filled("<button><form>", n)),
    ("options", |n| filled("<select><option>", n)),
    ("selected", |n| {
        format!("<select><button><selectedcontent></button>{}", filled("<option>x</option>", n))
    }),
    ("cells out of place", |n| format!("<table>{}", filled("<b></b>x<tr>", n))),
    ("text out of place", |n| format!("<table>{}", filled("x<tr>", n))),
    ("lists", |n| filled("<li><dd>", n)),
    ("headings", |n| filled("<h1><h2>", n)),
    ("templates", |n| filled("<template>", n)),
    ("foreign", |n| filled("<svg><math><mi>", n)),
    ("foreign and back", |n| filled("<svg><desc><p>", n)),
    ("ends of nothing", |n| filled("</p></b></br>", n)),
    ("attributes", |n| format!("<p {}>x", numbered(n, |number| format!("a{number} ")))),
    ("attributes of formatting", |n| {
        filled(&format!("<b {}>", numbered(200, |number| format!("a{number} "))), n)
    }),
    ("attributes of the root", |n| numbered(n, |number| format!("<html a{number}>"))),
    ("a tag that doesn't end", |n| format!("<p {}", filled("a=\"\"", n))),
    ("a comment that doesn't end", |n| format!("<!--{}", filled("- ", n))),
    ("comments", |n| filled("<!---->", n)),
    ("plain text", |n| format!("<plaintext>{}", filled("<b>", n))),
    ("scripts", |n| filled("<script></script>", n)),
    ("addresses", |n| filled("<img src=http://a.example/?a=b&c=d>", n)),
    ("no calendar", |n| filled("BEGIN:VEVENT\r\n", n)),
    ("events", |n| calendar(&filled(&event("DTSTART;VALUE=DATE:20260101"), n))),
    ("years", |n| {
        calendar(&numbered(n, |number| {
            event(&format!("DTSTART;VALUE=DATE:{}0101\r\nDURATION:P366D", 1900 + number % 250))
        }))
    }),
    ("the same year", |n| calendar(&filled(&event("DTSTART;VALUE=DATE:20260101\r\nDURATION:P366D"), n))),
    ("each day for ever", |n| {
        calendar(&filled(&event("DTSTART;VALUE=DATE:19000101\r\nRRULE:FREQ=DAILY"), n))
    }),
    ("never", |n| {
        calendar(&filled(
            &event("DTSTART;VALUE=DATE:00010101\r\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"),
            n,
        ))
    }),
    ("once in ten thousand years", |n| {
        calendar(&filled(&event("DTSTART;VALUE=DATE:19700101\r\nRRULE:FREQ=YEARLY;INTERVAL=10000"), n))
    }),
    ("many rules of one", |n| {
        calendar(&event(&format!("DTSTART;VALUE=DATE:20260101\r\n{}", filled("RRULE:FREQ=YEARLY\r\n", n))))
    }),
    ("a rule of all", |n| {
        calendar(&event(&format!(
            "DTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=YEARLY;BYYEARDAY={}1",
            filled("1,-1,366,", n)
        )))
    }),
    ("exceptions", |n| {
        let dates = numbered(n, |number| format!("2026{:02}{:02},", number % 12 + 1, number % 28 + 1));
        calendar(&event(&format!(
            "DTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=DAILY;COUNT=300\r\nEXDATE:{dates}"
        )))
    }),
    ("more dates", |n| {
        let dates = numbered(n, |number| {
            format!("{}{:02}{:02},", 1900 + number / 336, number / 28 % 12 + 1, number % 28 + 1)
        });
        calendar(&event(&format!("DTSTART;VALUE=DATE:20260101\r\nRDATE:{dates}")))
    }),
    ("in place of others", |n| {
        let moved = numbered(n, |number| {
            let date = format!("2026{:02}{:02}", number / 28 % 12 + 1, number % 28 + 1);
            event(&format!("RECURRENCE-ID:{date}\r\nDTSTART;VALUE=DATE:{date}"))
        });
        calendar(&(moved + &event("DTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=DAILY;COUNT=300")))
    }),
    ("a long name each day", |n| {
        let name = filled("x", n);
        calendar(&format!(
            "BEGIN:VEVENT\r\nUID:{name}\r\nSUMMARY:{name}\r\nDTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=DAILY;COUNT=4000\r\nEND:VEVENT\r\n"
        ))
    }),
    ("folded", |n| {
        calendar(&event(&format!("SUMMARY:{}\r\nDTSTART;VALUE=DATE:20260101", filled("\r\n x", n))))
    }),
    ("parameters", |n| calendar(&event(&format!("DTSTART{}:20260101", filled(";A=\"b\"", n))))),
    ("parts within parts", |n| calendar(&filled("BEGIN:VTODO\r\n", n))),
    ("errors", |n| calendar(&filled("BEGIN:VEVENT\r\nDTSTART:?\r\nEND:VEVENT\r\n", n))),
];

fn nested(bytes: usize, wrap: fn(Value) -> Value, per: usize) -> Value {
    // Deeper than any reader of JSON goes is refused by all of them, so this is as deep as one goes.
    (0..(bytes / per).min(120)).fold(json!(1), |inner, _| wrap(inner))
}

fn object(bytes: usize, per: usize, member: fn(usize) -> (String, Value)) -> Value {
    Value::Object((0..=bytes / per).map(member).collect::<Map<_, _>>())
}

fn array(bytes: usize, per: usize, element: fn(usize) -> Value) -> Value {
    (0..=bytes / per).map(element).collect()
}

/// JSON of every shape.
pub(crate) const SHAPES: &[Json] = &[
    ("arrays within", |n| nested(n, |inner| json!([inner]), 2)),
    ("objects within", |n| nested(n, |inner| json!({"a": inner}), 6)),
    ("names", |n| object(n, 14, |number| (format!("k{number}"), json!(number)))),
    ("long name", |n| json!({filled("k", n): 1})),
    ("objects in an object", |n| object(n, 20, |number| (format!("k{number}"), json!({"a": 1})))),
    ("numbers", |n| array(n, 6, |number| json!(number))),
    ("texts", |n| array(n, 10, |number| json!(format!("t{number}")))),
    ("the same texts", |n| array(n, 4, |_| json!("t"))),
    ("blank texts", |n| array(n, 4, |_| json!(" "))),
    ("arrays in an array", |n| array(n, 3, |_| json!([]))),
    ("objects in an array", |n| array(n, 8, |_| json!({"a": 1}))),
    ("long text", |n| json!(filled("x", n))),
    ("escapes", |n| json!(filled("\u{1}\"\\", n))),
    ("big number", |_| json!(u64::MAX)),
];
