//! The accounts of a nats-server, as its configuration has them: Docket's own, and one for each consumer.

use std::fmt::Write;
use std::time::Duration;

use serde::Serialize;

use super::durables::MAX_EXPIRES;
use super::registry::Registered;
use super::{DOMAIN, INBOX};

/// The account that Docket's own user and the stream are in.
pub(crate) const OWNER: &str = "DOCKET";
/// What is done to one's own consumer by a request that is answered once: look how it stands; remove it, for
/// it to be made anew.
const ASKED: [&str; 2] = ["CONSUMER.INFO", "CONSUMER.DELETE"];
/// The next events, which come one by one.
const PULLED: &str = "CONSUMER.MSG.NEXT";
/// So long the server keeps, for each request for events, where its answers go. By itself it would for two
/// minutes, which is memory for whoever asks in a hurry.
const ANSWERED_WITHIN: Duration = MAX_EXPIRES.saturating_add(Duration::from_secs(5));

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
        text.push_str(&account(consumer));
    }
    text.push_str("}\n");
    text
}

/// What is to be put into the configuration of a server of one's own.
#[derive(Serialize)]
pub(crate) struct Block {
    /// Among the exports of the account that Docket's user is in, which is to be called `DOCKET`.
    pub(crate) exports: String,
    /// Beside that account.
    pub(crate) accounts: String,
}

impl Block {
    pub(crate) fn of(consumer: &Registered) -> Self {
        Self { exports: exports(consumer), accounts: account(consumer) }
    }
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
        line(format!(
            "service: \"$JS.API.{PULLED}.{stream}.{name}\", response_type: stream, threshold: \"{}s\"",
            ANSWERED_WITHIN.as_secs()
        ));
        line(format!("service: \"$JS.ACK.{stream}.{name}.>\""));
        line(format!("stream: {:?}", durable.subject));
    }
    lines
}

/// A consumer's account: what it imports, and its one user.
fn account(consumer: &Registered) -> String {
    let (stream, name) = (consumer.stream(), consumer.name());
    let (mut publish, mut subscribe) = (Vec::new(), vec![format!("{INBOX}.>")]);
    let mut imports = String::new();
    for durable in consumer.durables() {
        for request in ASKED.into_iter().chain([PULLED]) {
            let request = format!("{request}.{stream}.{}", durable.name);
            let to = format!("$JS.{DOMAIN}.API.{request}");
            let _ = writeln!(
                imports,
                "      {{ service: {{ account: {OWNER:?}, subject: \"$JS.API.{request}\" }}, to: {to:?} }}"
            );
            publish.push(to);
        }
        let ack = format!("$JS.ACK.{stream}.{}.>", durable.name);
        let _ = writeln!(imports, "      {{ service: {{ account: {OWNER:?}, subject: {ack:?} }} }}");
        publish.push(ack);
        let _ =
            writeln!(imports, "      {{ stream: {{ account: {OWNER:?}, subject: {:?} }} }}", durable.subject);
        subscribe.push(durable.subject);
    }
    format!(
        "  {name:?} {{\n    users: [{{\n      user: {name:?}, password: {:?}\n      permissions: {{\n        \
         publish: {{ allow: {publish:?} }}\n        subscribe: {{ allow: {subscribe:?} }}\n      }}\n    }}]\n    \
         imports: [\n{imports}    ]\n  }}\n",
        consumer.password_hash
    )
}

#[cfg(test)]
mod tests {
    use domain::ids::TenantId;

    use super::*;

    fn of(purpose: &str, tenant: &str) -> Registered {
        Registered {
            purpose: purpose.parse().unwrap(),
            tenant: TenantId::of_key(tenant),
            tenant_key: tenant.to_owned(),
            cell: "main".to_owned(),
            only: Vec::new(),
            password_hash: "$2a$04$hash".to_owned(),
        }
    }

    /// What one may publish and hear names its own durable or its tenant, its inbox, and nothing else.
    #[test]
    fn an_account_names_its_own_alone() {
        let consumer = of("warehouse", "desk");
        let (name, tenant) = (consumer.name(), consumer.tenant.to_string());
        let own = |line: &str| line.contains(&name) || line.contains(&tenant) || line.contains("_INBOX.>");
        let lines: Vec<String> = account(&consumer).lines().map(str::to_owned).collect();
        let naming: Vec<&String> = lines.iter().filter(|line| line.contains(['.', '$'])).collect();
        assert!(naming.len() > 5 && naming.iter().all(|line| own(line)), "{lines:#?}");
        assert!(!lines.iter().any(|line| line.contains("CREATE") || line.contains("STREAM.")), "{lines:#?}");
        assert!(exports(&consumer).lines().all(|line| line.contains(&format!("accounts: [\"{name}\"]"))));
    }

    #[test]
    fn accounts_open_and_close_as_often() {
        let user = User { name: "docket", password: "secret" };
        let text = file(&user, &user, &[of("warehouse", "desk"), of("warehouse", "other")]);
        for (open, close) in [('{', '}'), ('[', ']')] {
            assert_eq!(text.matches(open).count(), text.matches(close).count(), "{text}");
        }
    }
}
