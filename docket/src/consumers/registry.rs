//! `consumers.json`: the consumers that an operator of this data directory made.

use std::fmt;
use std::str::FromStr;

use domain::ids::TenantId;
use domain::stream::public::CONTRACTS;
use event_store::subjects;
use serde::{Deserialize, Serialize};

use crate::data_dir::{DataDir, DataDirError, Lock};
use crate::failure::Failure;

/// In the data directory.
const FILE: &str = "consumers.json";

/// What a consumer is for: its key within a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Purpose(String);

impl FromStr for Purpose {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let edge = |c: Option<char>| c.is_some_and(|c| c != '-');
        let good = text.len() <= 32 && text.chars().all(plain);
        if good && edge(text.chars().next()) && edge(text.chars().next_back()) {
            Ok(Self(text.to_owned()))
        } else {
            Err("takes 1 to 32 of a-z, 0-9 and -, with no - at either end")
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A consumer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Registered {
    pub(crate) purpose: Purpose,
    pub(crate) tenant: TenantId,
    /// As the operator named it.
    pub(crate) tenant_key: String,
    pub(crate) cell: String,
    /// Of these types alone; of all, if there are none.
    pub(crate) only: Vec<String>,
    /// As bcrypt has it.
    pub(crate) password_hash: String,
}

/// A durable consumer of the stream, and what it delivers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Durable {
    pub(crate) name: String,
    pub(crate) subject: String,
}

impl Registered {
    /// The name of its user, its account, and its durable.
    pub(crate) fn name(&self) -> String {
        format!("{}-{}", self.purpose, self.tenant)
    }

    pub(crate) fn stream(&self) -> String {
        subjects::stream(&self.cell)
    }

    /// One; or one for each type, since nats-server 2.9 knows one filter a consumer.
    pub(crate) fn durables(&self) -> Vec<Durable> {
        let tenant = format!("docket.{}.events.{}", self.cell, self.tenant);
        if self.only.is_empty() {
            return vec![Durable { name: self.name(), subject: format!("{tenant}.>") }];
        }
        let of_type = |name: &String| Durable {
            name: format!("{}-{name}", self.name()),
            subject: format!("{tenant}.*.*.{name}"),
        };
        self.only.iter().map(of_type).collect()
    }

    fn is(&self, purpose: &Purpose, tenant: TenantId) -> bool {
        self.purpose == *purpose && self.tenant == tenant
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Registry(Vec<Registered>);

impl Registry {
    /// As it is now.
    pub(crate) fn read(dir: &DataDir) -> Result<Self, DataDirError> {
        Ok(Self(dir.read_json(FILE)?.unwrap_or_default()))
    }

    /// As it is now, and until the lock is dropped nobody else changes it.
    pub(crate) fn read_to_change(dir: &DataDir) -> Result<(Self, Lock), DataDirError> {
        let lock = dir.lock_for("consumers")?;
        Ok((Self::read(dir)?, lock))
    }

    pub(crate) fn save(&self, dir: &DataDir) -> Result<(), DataDirError> {
        dir.write_json(FILE, &self.0)
    }

    pub(crate) fn all(&self) -> &[Registered] {
        &self.0
    }

    /// Takes up another; fails where it is there, or is to be told of types that aren't.
    pub(crate) fn add(&mut self, mut new: Registered) -> Result<(), Failure> {
        let (purpose, tenant) = (&new.purpose, &new.tenant_key);
        if self.0.iter().any(|each| each.is(purpose, new.tenant)) {
            return Err(Failure::said(format!(
                "tenant {tenant:?} has a consumer {purpose} already: \
                 `docket consumer revoke {purpose} --tenant {tenant}` first"
            )));
        }
        new.only.sort();
        new.only.dedup();
        if let Some(unknown) = new.only.iter().find(|name| !is_type(name)) {
            return Err(Failure::said(format!(
                "there are no events of type {unknown:?}: --only takes {}",
                CONTRACTS.iter().map(|contract| contract.name).collect::<Vec<_>>().join(", ")
            )));
        }
        self.0.push(new);
        Ok(())
    }

    /// Takes one out.
    pub(crate) fn remove(&mut self, purpose: &Purpose, tenant: TenantId) -> Option<Registered> {
        let place = self.0.iter().position(|each| each.is(purpose, tenant))?;
        Some(self.0.remove(place))
    }
}

/// Whether events of this type are published.
fn is_type(name: &str) -> bool {
    CONTRACTS.iter().any(|contract| contract.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warehouse(only: &[&str]) -> Registered {
        Registered {
            purpose: "warehouse".parse().unwrap(),
            tenant: TenantId::of_key("desk"),
            tenant_key: "desk".to_owned(),
            cell: "main".to_owned(),
            only: only.iter().map(|&name| name.to_owned()).collect(),
            password_hash: "$2a$04$x".to_owned(),
        }
    }

    #[test]
    fn a_purpose_is_a_key() {
        for good in ["a", "warehouse", "bi-2"] {
            assert!(good.parse::<Purpose>().is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a.b", "a*", "a b", "ä", &"a".repeat(33)] {
            assert!(bad.parse::<Purpose>().is_err(), "{bad}");
        }
    }

    #[test]
    fn subjects_are_the_tenants_alone() {
        let tenant = TenantId::of_key("desk");
        let all = warehouse(&[]).durables();
        assert_eq!(all[0].name, format!("warehouse-{tenant}"));
        assert_eq!(all[0].subject, format!("docket.main.events.{tenant}.>"));
        let two = warehouse(&["TicketOpened", "TicketResolved"]).durables();
        assert_eq!(two[1].name, format!("warehouse-{tenant}-TicketResolved"));
        assert_eq!(two[1].subject, format!("docket.main.events.{tenant}.*.*.TicketResolved"));
    }

    #[test]
    fn one_of_a_purpose_in_a_tenant_and_types_that_are() {
        let mut registry = Registry::default();
        registry.add(warehouse(&["TicketOpened", "TicketOpened"])).unwrap();
        assert_eq!(registry.all()[0].only, ["TicketOpened"]);
        assert!(registry.add(warehouse(&[])).unwrap_err().line().contains("revoke warehouse"));
        let tenant = TenantId::of_key("desk");
        assert!(registry.remove(&"warehouse".parse().unwrap(), tenant).is_some());
        assert!(registry.remove(&"warehouse".parse().unwrap(), tenant).is_none());
        assert!(registry.add(warehouse(&["TicketOpend"])).unwrap_err().line().contains("TicketOpend"));
    }

    #[test]
    fn every_type_that_is_published_can_be_followed() {
        for contract in CONTRACTS {
            let added = Registry::default().add(warehouse(&[contract.name]));
            assert!(added.is_ok(), "{}", contract.name);
        }
    }
}
