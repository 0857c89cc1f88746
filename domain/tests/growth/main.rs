//! Nothing that comes from outside costs more than its length: for every body of every operation, every
//! text in it and every shape of JSON at each of its places, hostile input at n, 2n and 4n takes memory and
//! time within a constant times n, and under a bound.
//!
//! The operations and their fields are those of the committed OpenAPI document, so the next field is tried
//! without anybody remembering to.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "these are tests; clippy.toml spares #[test] alone"
)]

mod bodies;
mod cost;
mod decide;
mod hostile;

use serde_json::Value;

use bodies::{operations, places, with};
use cost::grows;
use decide::Desk;
use hostile::{SHAPES, TEXTS};

/// How much of something there is at first, in bytes: four times that is what a body may have.
const N: usize = 200_000;
/// The same of a text: four times that is longer than any message may be.
const TEXT: usize = 50_000;

/// The same for one field among others.
const FIELD: usize = 2_000;

#[track_caller]
fn none(faults: Vec<String>) {
    assert!(faults.is_empty(), "{} grow faster than they may:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn markup_grows_no_faster_than_it_is_long() {
    let faults = TEXTS.iter().filter_map(|(name, make)| {
        let made = |bytes| {
            let text = make(bytes);
            let length = text.len();
            (text, length)
        };
        grows(name, TEXT, made, |text| {
            let length = text.len();
            let markup = domain::input::Markup::from(text.as_str()).made_safe(&|| false);
            let mut check = domain::input::Check::new();
            let safe =
                check.html("/html", Some(&markup), usize::MAX / 4).map_or(0, |safe| safe.expose().len());
            assert!(safe <= 16 * length + 4_096, "{name}: {length} bytes became {safe}");
        })
    });
    none(faults.collect());
}

#[test]
fn files_of_holidays_grow_no_faster_than_they_are_long() {
    let until = chrono::NaiveDate::from_ymd_opt(2046, 12, 31).unwrap();
    let faults = TEXTS.iter().filter_map(|(name, make)| {
        let made = |bytes| {
            let text = make(bytes);
            let length = text.len();
            (text, length)
        };
        grows(name, TEXT, made, |text| {
            if let Ok(imported) = domain::sla::calendar::holidays(&text, until, &|| false) {
                assert!(imported.holidays.len() <= 5_000, "{name}");
            }
        })
    });
    none(faults.collect());
}

/// Where the limit of a text is looked at first, a short one shows what the long one would: so the sizes
/// are those of a limit too.
#[test]
fn every_text_of_every_body_grows_no_faster_than_it_is_long() {
    let desk = Desk::new();
    let mut faults = Vec::new();
    let mut tried = 0;
    for (operation, body) in operations() {
        for place in places(&body).0 {
            for (name, make) in TEXTS {
                // What is made of markup and of files is looked at above, at full length.
                let made = |bytes| {
                    let text = make(bytes);
                    let length = text.len();
                    (with(&body, &place, Value::String(text)), length)
                };
                faults.extend(grows(&format!("{operation}{place}: {name}"), FIELD, made, |body| {
                    desk.decide(&operation, body);
                }));
                tried += 1;
            }
        }
    }
    assert!(tried > 2_000, "{tried} texts are fewer than there are");
    none(faults);
}

#[test]
fn every_shape_at_every_place_grows_no_faster_than_it_is_long() {
    let desk = Desk::new();
    let mut faults = Vec::new();
    for (operation, body) in operations() {
        for place in places(&body).1 {
            for (name, make) in SHAPES {
                let made = |bytes| (with(&body, &place, make(bytes)), bytes);
                faults.extend(grows(&format!("{operation}{place}: {name}"), FIELD, made, |body| {
                    desk.decide(&operation, body);
                }));
            }
        }
    }
    none(faults);
}

/// Many of what may be there many times: a list times a list shows only where both are long.
#[test]
fn every_list_of_every_body_grows_no_faster_than_it_is_long() {
    let desk = Desk::new();
    let mut faults = Vec::new();
    for (operation, body) in operations() {
        for place in places(&body).1 {
            let Some(Value::Array(elements)) = body.pointer(&place) else { continue };
            let Some(element) = elements.first().cloned() else { continue };
            let length = element.to_string().len() + 1;
            for each_of_its_own in [false, true] {
                let made = |bytes: usize| {
                    let elements = (0..=bytes / length).map(|number| {
                        if each_of_its_own { numbered(&element, number) } else { element.clone() }
                    });
                    (with(&body, &place, elements.collect()), bytes)
                };
                let what = format!("{operation}{place}: many, each of its own: {each_of_its_own}");
                faults.extend(grows(&what, N, made, |body| desk.decide(&operation, body)));
            }
        }
    }
    none(faults);
}

/// The same with its texts of its own.
fn numbered(value: &Value, number: usize) -> Value {
    match value {
        Value::String(text) => Value::String(format!("{text}{number}")),
        Value::Object(members) => {
            members.iter().map(|(name, member)| (name.clone(), numbered(member, number))).collect()
        }
        other => other.clone(),
    }
}
