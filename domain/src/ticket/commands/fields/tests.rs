use serde_json::json;
use utoipa::PartialSchema;

use super::*;
use crate::identity::Role;
use crate::personal::Personal;
use crate::ticket::commands::testing::*;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/permissions.md");
const BEGIN: &str = "<!-- The table is made from domain/src/ticket/commands/fields.rs. -->\n";
const END: &str = "<!-- The end of the table. -->\n";

/// The names of a schema's properties.
pub(super) fn properties<B: PartialSchema>() -> Vec<String> {
    let schema = serde_json::to_value(B::schema()).unwrap();
    schema["properties"].as_object().map(|fields| fields.keys().cloned().collect()).unwrap_or_default()
}

#[test]
fn every_field_of_every_command_has_a_row() {
    for (rows, mut documented) in bodies() {
        let mut rows: Vec<_> = rows.iter().map(|(field, _)| (*field).to_owned()).collect();
        rows.sort();
        documented.sort();
        assert_eq!(rows, documented);
    }
    for kind in TicketCommand::KINDS {
        let rows = TicketCommand::taken_from(kind);
        assert!(!rows.is_empty() || *kind == "read_message", "{kind}");
    }
}

/// A field named in the table is one that its command reads: the others are refused as unknown.
#[test]
fn every_row_is_a_field() {
    for kind in TicketCommand::KINDS {
        for (pointer, _) in TicketCommand::taken_from(kind) {
            let mut names = pointer.trim_start_matches('/').split('/').rev();
            let first = names.next().unwrap();
            let mut body = json!({ first: "\u{0}" });
            for name in names {
                body = if name == "*" { json!([body]) } else { json!({ name: body }) };
            }
            let read = TicketCommand::read(kind, Some(message(1)), body).unwrap();
            let error = read.err().map(|error| error.to_string()).unwrap_or_default();
            assert!(!error.contains("unknown field"), "{kind} {pointer}: {error}");
        }
    }
}

fn carla() -> crate::identity::Principal {
    let mut carla = customer();
    carla.name = Some("Carla".to_owned());
    carla.email = Some("carla@x.example".to_owned());
    carla
}

fn open(field: Value) -> Open {
    let mut whole = json!({"subject": "No toner", "description": "Second floor."});
    whole.as_object_mut().unwrap().extend(field.as_object().unwrap().clone());
    serde_json::from_value(whole).unwrap()
}

fn refused(
    actor: &crate::identity::Principal,
    command: impl Into<TicketCommand>,
) -> Vec<(String, &'static str)> {
    match given_for(command.into()).when_by(actor) {
        Err(TicketError::FieldsNotPermitted(errors)) => {
            errors.into_iter().map(|error| (error.pointer, error.code)).collect()
        }
        Ok(_) => Vec::new(),
        Err(other) => panic!("refused for another reason: {other}"),
    }
}

/// A command on a ticket that it can be on.
struct On(TicketCommand);

fn given_for(command: TicketCommand) -> On {
    On(command)
}

impl On {
    fn when_by(
        self,
        actor: &crate::identity::Principal,
    ) -> Result<Vec<crate::ticket::TicketEvent>, TicketError> {
        let ticket = match self.0 {
            TicketCommand::Open(_) => ticket_of([]),
            _ => ticket_of([opened()]),
        };
        decide_with(&settings(), &ticket, actor, self.0)
    }
}

#[test]
fn what_customers_say_of_what_is_not_theirs_is_refused_by_name() {
    for (field, pointer) in [
        (json!({"requester": {"id": "carla", "name": "The CEO"}}), "/requester/name"),
        (json!({"requester": {"id": "carla", "email": "ceo@x.example"}}), "/requester/email"),
        (json!({"source": "email"}), "/source"),
        (json!({"source": "phone"}), "/source"),
        (json!({"source": "import"}), "/source"),
        (json!({"source": "webhook"}), "/source"),
        (json!({"source": "manual"}), "/source"),
        (json!({"tags": ["vip"]}), "/tags"),
        (json!({"channel_metadata": {"spf": "pass"}}), "/channel_metadata"),
    ] {
        let expected = vec![(pointer.to_owned(), "not_permitted")];
        assert_eq!(refused(&carla(), open(field.clone())), expected, "{field}");
        let admin = with_roles("carla", &["client_admin"]);
        assert_eq!(refused(&admin, open(field.clone())), expected, "{field}");
        assert_eq!(refused(&agent(), open(field.clone())), [], "{field}");
    }
    let all = json!({"source": "phone", "tags": ["vip"], "channel_metadata": {}});
    let pointers: Vec<_> = refused(&carla(), open(all)).into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(pointers, ["/source", "/tags", "/channel_metadata"]);
}

#[test]
fn what_is_theirs_to_say_is_taken() {
    for field in [
        json!({"priority": "critical", "category": "hardware", "request_type": "incident"}),
        json!({"custom_fields": {"room": "2.14"}}),
        json!({"source": "portal"}),
        json!({"source": "chat", "tags": []}),
        json!({"requester": {}}),
        json!({"requester": {"id": "carla", "name": "Carla", "email": "carla@x.example"}}),
    ] {
        assert_eq!(refused(&carla(), open(field.clone())), [], "{field}");
    }
    // A token without a name says none.
    let named = open(json!({"requester": {"id": "carla", "name": "Carla"}}));
    assert_eq!(refused(&customer(), named), [("/requester/name".to_owned(), "not_permitted")]);
}

#[test]
fn a_reply_says_of_a_ticket_what_its_author_may_change() {
    let reply = |canned: Option<&str>, status: Option<&str>| Reply {
        body: Personal::new("Hello".to_owned()),
        canned_response: canned.map(str::to_owned),
        status: status.map(str::to_owned),
        ..Reply::default()
    };
    let canned = ("/canned_response".to_owned(), "not_permitted");
    let status = ("/status".to_owned(), "not_permitted");
    assert_eq!(refused(&customer(), reply(Some("/hi"), Some("open"))), [canned.clone(), status]);
    let admin = with_roles("carl", &["client_admin"]);
    assert_eq!(refused(&admin, reply(Some("/hi"), Some("open"))), [canned]);
    assert_eq!(refused(&agent(), reply(Some("/hi"), Some("open"))), []);
}

/// Which roles each row lets say a field, as a reader of the page would look it up.
fn table() -> String {
    let mut lines = vec!["| command | field | taken from |".to_owned(), "|---|---|---|".to_owned()];
    for kind in TicketCommand::KINDS {
        for (pointer, from) in TicketCommand::taken_from(kind) {
            let who = match from {
                Everybody => "whoever may give the command".to_owned(),
                Staff => "staff".to_owned(),
                StaffOrToken => "staff; of others only what their token says".to_owned(),
                StaffOrOwnChannel => {
                    let own: Vec<_> =
                        OWN_CHANNELS.iter().map(|source| format!("`{}`", source.as_str())).collect();
                    format!("staff; of others {}", own.join(", "))
                }
                WhoeverMay(operation) => {
                    let roles = Role::BUILT_IN
                        .iter()
                        .filter(|role| with_roles("u", &[role.name]).may(operation).is_ok());
                    let roles: Vec<_> = roles.map(|role| role.name).collect();
                    format!("whoever has `{}`: {}", operation.permission(), roles.join(", "))
                }
            };
            lines.push(format!("| {kind} | `{pointer}` | {who} |"));
        }
    }
    lines.join("\n") + "\n"
}

#[test]
fn the_page_has_the_table() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let current = format!("{before}{BEGIN}{}{END}{after}", table());
    if std::env::var_os("DOCKET_WRITE_CONTRACTS").is_some() {
        std::fs::write(PAGE, &current).unwrap();
    }
    let page = std::fs::read_to_string(PAGE).unwrap();
    assert!(
        page == current,
        "run the tests once with DOCKET_WRITE_CONTRACTS=1 and commit docs/permissions.md"
    );
}
