//! The accounts of a nats-server, as its configuration has them: Docket's own, and one for each consumer.

use std::fmt::Write;

use super::registry::Registered;
use super::{DOMAIN, INBOX};

/// The account that Docket's own user and the stream are in.
pub(crate) const OWNER: &str = "DOCKET";
/// What is done to one's own consumer by a request that is answered once: look how it stands; remove it, for
/// it to be made anew.
const ASKED: [&str; 2] = ["CONSUMER.INFO", "CONSUMER.DELETE"];
/// The next events, which come one by one.
const PULLED: &str = "CONSUMER.MSG.NEXT";

/// A user with the password that stands there.
pub(crate) struct User<'a> {
    pub(crate) name: &'a str,
    pub(crate) password: &'a str,
}

/// The accounts of a private server. `mark` is a user that may do nothing: who can connect as it knows that
/// the server has read this text.
pub(crate) fn file(owner: &User<'_>, mark: &User<'_>, consumers: &[Registered]) -> String {
    let mut text = format!(
        "accounts {{\n  {OWNER} {{\n    jetstream: enabled\n    users: [\n      \
         {{ user: {:?}, password: {:?} }}\n      {{ user: {:?}, password: {:?}, permissions: {{ publish: {{ deny: [\">\"] }}, \
         subscribe: {{ deny: [\">\"] }} }} }}\n    ]\n    exports: [\n",
        owner.name, owner.password, mark.name, mark.password
    );
    for consumer in consumers {
        text.push_str(&exports(consumer));
    }
    text.push_str("    ]\n  }\n");
    for consumer in consumers {
        text.push_str(&account(consumer, OWNER));
    }
    text.push_str("}\n");
    text
}

/// What is to be put into the configuration of a server of one's own.
pub(crate) fn block(consumer: &Registered) -> String {
    format!(
        "# Into the exports of the account that Docket's user is in (here {OWNER}):\n{}\
         # Beside it, into accounts:\n{}",
        exports(consumer),
        account(consumer, OWNER)
    )
}

/// What Docket's account lets this consumer's have.
fn exports(consumer: &Registered) -> String {
    let (stream, to) = (consumer.stream(), consumer.name());
    let mut lines = String::new();
    let mut line = |what: String| {
        // Writing to a String doesn't fail.
        let _ = writeln!(lines, "      {{ {what}, accounts: [{to:?}] }}");
    };
    for durable in consumer.durables() {
        let name = &durable.name;
        for request in ASKED {
            line(format!("service: \"$JS.API.{request}.{stream}.{name}\""));
        }
        line(format!("service: \"$JS.API.{PULLED}.{stream}.{name}\", response_type: stream"));
        line(format!("service: \"$JS.ACK.{stream}.{name}.>\""));
        line(format!("stream: {:?}", durable.subject));
    }
    lines
}

/// A consumer's account: what it imports, and its one user.
fn account(consumer: &Registered, owner: &str) -> String {
    let (stream, name) = (consumer.stream(), consumer.name());
    let (mut publish, mut subscribe) = (Vec::new(), vec![format!("{INBOX}.>")]);
    let mut imports = String::new();
    for durable in consumer.durables() {
        for request in ASKED.into_iter().chain([PULLED]) {
            let request = format!("{request}.{stream}.{}", durable.name);
            let to = format!("$JS.{DOMAIN}.API.{request}");
            let _ = writeln!(
                imports,
                "      {{ service: {{ account: {owner:?}, subject: \"$JS.API.{request}\" }}, to: {to:?} }}"
            );
            publish.push(to);
        }
        let ack = format!("$JS.ACK.{stream}.{}.>", durable.name);
        let _ = writeln!(imports, "      {{ service: {{ account: {owner:?}, subject: {ack:?} }} }}");
        publish.push(ack);
        let _ =
            writeln!(imports, "      {{ stream: {{ account: {owner:?}, subject: {:?} }} }}", durable.subject);
        subscribe.push(durable.subject);
    }
    format!(
        "  {name:?} {{\n    users: [{{\n      user: {name:?}, password: {:?}\n      permissions: {{\n        \
         publish: {{ allow: {publish:?} }}\n        subscribe: {{ allow: {subscribe:?} }}\n      }}\n    }}]\n    \
         imports: [\n{imports}    ]\n  }}\n",
        consumer.password_hash
    )
}
