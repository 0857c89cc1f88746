//! Whether a later version of an event still says what the one before it said.
//!
//! A new version is for consumers who read the one before, and for the past, which is shown in its
//! form. So a field that is there stays, with the type it had, as certain as it was; a new one is
//! optional, since older events lack it and no upcaster may invent it; a list of values may grow.
//! What can't be said that way is a new type of event.
//!
//! The same tells whether what is stored may be published as it stands: who reads it misses and misreads nothing
//! by going by the public schema.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// What says nothing about which payloads fit.
const ANNOTATIONS: &[&str] =
    &["description", "title", "default", "examples", "x-personal", "$schema", "$id", "$defs"];

/// What somebody who reads `old` would miss or misread in `new`, a sentence each.
pub(crate) fn breaks(old: &Value, new: &Value) -> Vec<String> {
    let mut comparison = Comparison { old, new, seen: BTreeSet::new(), found: Vec::new() };
    comparison.compare("", old, new);
    comparison.found
}

struct Comparison<'a> {
    old: &'a Value,
    new: &'a Value,
    /// References that were followed already, so that a type within itself ends.
    seen: BTreeSet<(String, String)>,
    found: Vec<String>,
}

impl<'a> Comparison<'a> {
    fn say(&mut self, at: &str, what: &str) {
        let at = if at.is_empty() { "/" } else { at };
        self.found.push(format!("{at} {what}"));
    }

    fn compare(&mut self, at: &str, old: &'a Value, new: &'a Value) {
        let references = (reference(old), reference(new));
        if let (Some(one), Some(other)) = references
            && !self.seen.insert((one.to_owned(), other.to_owned()))
        {
            return;
        }
        let (old, new) = (resolve(self.old, old), resolve(self.new, new));
        let (Value::Object(old), Value::Object(new)) = (old, new) else {
            if old != new {
                self.say(at, "has another type");
            }
            return;
        };
        if old.contains_key("x-personal") && !new.contains_key("x-personal") {
            self.say(at, "was marked as personal data and isn't any more");
        }
        if let (Some(before), Some(now)) = (values(old), values(new)) {
            for gone in before.difference(&now) {
                self.say(at, &format!("can't be {gone} any more"));
            }
            return;
        }
        self.fields(at, old, new);
        let keywords: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for keyword in keywords {
            match (keyword.as_str(), old.get(keyword), new.get(keyword)) {
                ("properties" | "required", ..) => {}
                (annotation, ..) if ANNOTATIONS.contains(&annotation) => {}
                ("anyOf" | "oneOf", Some(before), now) => self.alternatives(at, before, now),
                ("items" | "additionalProperties", Some(before @ Value::Object(_)), Some(now)) => {
                    self.compare(&format!("{at}/*"), before, now);
                }
                ("prefixItems", Some(Value::Array(before)), Some(Value::Array(now)))
                    if before.len() == now.len() =>
                {
                    for (place, (before, now)) in before.iter().zip(now).enumerate() {
                        self.compare(&format!("{at}/{place}"), before, now);
                    }
                }
                (_, before, now) if before.map(set) != now.map(set) => {
                    self.say(at, &format!("has another `{keyword}`"));
                }
                _ => {}
            }
        }
    }

    fn fields(&mut self, at: &str, old: &'a Map<String, Value>, new: &'a Map<String, Value>) {
        let none = Map::new();
        let (had, has) = (required(old), required(new));
        let before = old.get("properties").and_then(Value::as_object);
        let now = new.get("properties").and_then(Value::as_object);
        for (name, field) in before.into_iter().flatten() {
            let at = format!("{at}/{name}");
            match now.and_then(|now| now.get(name)) {
                None => self.say(&at, "is gone"),
                Some(present) => {
                    if had.contains(name.as_str()) && !has.contains(name.as_str()) {
                        self.say(&at, "was always there and may be missing now");
                    }
                    if has.contains(name.as_str()) && !had.contains(name.as_str()) {
                        self.say(&at, "is required now, and older events may lack it");
                    }
                    self.compare(&at, field, present);
                }
            }
        }
        for name in now.unwrap_or(&none).keys() {
            if before.is_none_or(|before| !before.contains_key(name)) && has.contains(name.as_str()) {
                self.say(&format!("{at}/{name}"), "is new and required, and older events lack it");
            }
        }
    }

    /// Each of the old alternatives must be among the new ones; further ones are fine, but for nothing at all.
    fn alternatives(&mut self, at: &str, old: &'a Value, new: Option<&'a Value>) {
        let list = |value: &'a Value| value.as_array().map(Vec::as_slice).unwrap_or_default();
        let (before, now) = (list(old), new.map(list).unwrap_or_default());
        for alternative in before {
            let fits = |other: &'a Value| {
                let seen = self.seen.clone();
                let mut tried = Comparison { seen, found: Vec::new(), ..*self };
                tried.compare(at, alternative, other);
                tried.found.is_empty()
            };
            if !now.iter().any(fits) {
                self.say(at, "lacks one of the forms that it could have");
            }
        }
        let nothing = |list: &[Value]| list.iter().any(|one| one["type"] == "null");
        if nothing(now) && !nothing(before) {
            self.say(at, "may be null now");
        }
    }
}

fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref").and_then(Value::as_str)
}

fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let target = reference(schema).and_then(|text| root.pointer(text.strip_prefix('#')?));
    target.unwrap_or(schema)
}

fn required(schema: &Map<String, Value>) -> BTreeSet<&str> {
    schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The order of a list of types says nothing.
fn set(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Array(elements) => elements.iter().map(Value::to_string).collect(),
        other => BTreeSet::from([other.to_string()]),
    }
}

/// The values that a schema lists, in whichever way, if listing is what it does.
fn values(schema: &Map<String, Value>) -> Option<BTreeSet<String>> {
    if let Some(value) = schema.get("const") {
        return Some(BTreeSet::from([value.to_string()]));
    }
    if let Some(list) = schema.get("enum") {
        return Some(set(list));
    }
    let mut all = BTreeSet::new();
    for one in schema.get("oneOf")?.as_array()? {
        all.extend(values(one.as_object()?)?);
    }
    Some(all)
}

#[test]
fn what_breaks_a_consumer_is_named() {
    use serde_json::json;
    let event = |properties: Value, required: Value| json!({"type": "object", "properties": properties, "required": required});
    let text = json!({"type": "string"});
    let old = event(json!({"level": text, "reason": {"type": ["string", "null"]}}), json!(["level"]));
    for (new, says) in [
        (event(json!({"level": text}), json!(["level"])), "/reason is gone"),
        (
            event(
                json!({"level": {"type": "integer"}, "reason": {"type": ["null", "string"]}}),
                json!(["level"]),
            ),
            "/level has another `type`",
        ),
        (event(json!({"level": text, "reason": text}), json!(["level"])), "/reason has another `type`"),
        (
            event(json!({"level": text, "reason": {"type": ["string", "null"]}}), json!([])),
            "/level was always there and may be missing now",
        ),
        (
            event(json!({"level": text, "reason": {"type": ["string", "null"]}}), json!(["level", "reason"])),
            "/reason is required now, and older events may lack it",
        ),
        (
            event(
                json!({"level": text, "reason": {"type": ["string", "null"]}, "team": text}),
                json!(["level", "team"]),
            ),
            "/team is new and required, and older events lack it",
        ),
        (
            event(
                json!({"level": {"type": "string", "maxLength": 9}, "reason": {"type": ["string", "null"]}}),
                json!(["level"]),
            ),
            "/level has another `maxLength`",
        ),
    ] {
        assert_eq!(breaks(&old, &new), [says]);
    }
    let wider = event(
        json!({"level": {"type": "string", "description": "How high."}, "reason": {"type": ["null", "string"]},
               "team": text}),
        json!(["level"]),
    );
    assert_eq!(breaks(&old, &wider), Vec::<String>::new());
}

#[test]
fn values_and_forms_may_be_added_and_stay() {
    use serde_json::json;
    let listed = |values: Value| json!({"enum": values, "type": "string"});
    let told = json!({"oneOf": [{"const": "email"}, {"const": "phone"}, {"const": "sms"}]});
    assert!(breaks(&listed(json!(["email", "phone"])), &listed(json!(["phone", "sms", "email"]))).is_empty());
    assert!(breaks(&listed(json!(["email", "phone"])), &told).is_empty());
    assert_eq!(breaks(&told, &listed(json!(["email", "sms"]))), ["/ can't be \"phone\" any more"]);

    let within = |form: Value, defs: Value| json!({"properties": {"to": form}, "$defs": defs});
    let optional = |name: &str| json!({"anyOf": [{"$ref": format!("#/$defs/{name}")}, {"type": "null"}]});
    let (a, b) = (json!({"A": {"type": "string"}}), json!({"B": {"type": "integer"}}));
    let renamed = json!({"Z": {"type": "string"}});
    assert!(breaks(&within(optional("A"), a.clone()), &within(optional("Z"), renamed)).is_empty());
    assert_eq!(
        breaks(&within(optional("A"), a), &within(optional("B"), b)),
        ["/to lacks one of the forms that it could have"]
    );
    let pair =
        |defs: Value| json!({"prefixItems": [{"$ref": "#/$defs/A"}, {"type": "integer"}], "$defs": defs});
    let (few, more) =
        (json!({"A": {"enum": ["email", "sms"]}}), json!({"A": {"enum": ["email", "phone", "sms"]}}));
    assert!(breaks(&pair(few.clone()), &pair(more.clone())).is_empty());
    assert_eq!(breaks(&pair(more), &pair(few)), ["/0 can't be \"phone\" any more"]);
    let map = |value: &str| json!({"additionalProperties": {"type": value}});
    assert_eq!(breaks(&map("string"), &map("integer")), ["/* has another `type`"]);
    assert_eq!(breaks(&map("string"), &json!({})), ["/ has another `additionalProperties`"]);
    let one_of = json!({"oneOf": [{"type": "string"}]});
    assert_eq!(breaks(&json!({}), &one_of), ["/ has another `oneOf`"]);

    let open = json!({"anyOf": [{"type": "string"}]});
    assert_eq!(
        breaks(&open, &json!({"anyOf": [{"type": "string"}, {"type": "null"}]})),
        ["/ may be null now"]
    );
    let marked = json!({"type": "string", "x-personal": true});
    assert!(breaks(&json!({"type": "string"}), &marked).is_empty());
    assert_eq!(
        breaks(&marked, &json!({"type": "string"})),
        ["/ was marked as personal data and isn't any more"]
    );
}
