//! Record an export.

use serde::Deserialize;

use super::Export;
use super::event::{DataExported, ExportEvent, Form, Parameter};
use crate::ids::Position;
use crate::input::{Check, FieldError, MAX_NAME};
use crate::personal::Personal;

/// The most parameters of an export.
const MOST_PARAMETERS: usize = 200;
/// The longest value of a parameter, in characters: as long as an address can be.
const MAX_VALUE: usize = 65_536;

/// That data is taken out as a file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordExport {
    /// What: `tickets`, `audit`, …
    pub what: String,
    /// In which form.
    pub form: Form,
    /// What was asked for.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// The position that the file reflects, if that is known.
    #[serde(default)]
    pub position: Option<Position>,
}

/// Why an export isn't recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// Fields are wrong.
    #[error("{} faults", .0.len())]
    Invalid(Vec<FieldError>),
}

impl RecordExport {
    /// Decides. What is recorded is recorded: once more is nothing to do.
    pub fn decide(&self, export: &Export) -> Result<Vec<ExportEvent>, ExportError> {
        let mut check = Check::new();
        let what = check.line("/what", &self.what, MAX_NAME);
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        if !what.bytes().all(plain) {
            check.fail("/what", "invalid", "a name of a list has letters a-z, digits, - and _");
        }
        if self.parameters.len() > MOST_PARAMETERS {
            check.fail("/parameters", "too_many", format!("{MOST_PARAMETERS} parameters at most"));
        }
        let parameters = (0..).zip(&self.parameters).take(MOST_PARAMETERS);
        let parameters = parameters.map(|(index, given)| parameter(&mut check, index, given)).collect();
        if self.position.is_some_and(|position| position < Position::START) {
            check.fail("/position", "out_of_range", "a position is 0 or more");
        }
        check.finish().map_err(ExportError::Invalid)?;
        if export.recorded {
            return Ok(vec![]);
        }
        Ok(vec![DataExported { what, form: self.form, parameters, position: self.position }.into()])
    }
}

/// Values stay as they were asked.
fn parameter(check: &mut Check, index: usize, given: &Parameter) -> Parameter {
    let at = |field| format!("/parameters/{index}/{field}");
    let name = check.line(&at("name"), &given.name, MAX_NAME);
    let value = given.value.expose();
    if !value.trim().is_empty() {
        check.text(&at("value"), value, MAX_VALUE);
    }
    Parameter { name, value: Personal::new(value.clone()) }
}

#[cfg(test)]
mod tests {
    use cqrs_es::test::TestFramework;

    use super::*;

    fn tickets(value: &str) -> RecordExport {
        let parameter = Parameter { name: "q".to_owned(), value: Personal::new(value.to_owned()) };
        RecordExport {
            what: "tickets".to_owned(),
            form: Form::Csv,
            parameters: vec![parameter],
            position: Some(Position(4711)),
        }
    }

    fn exported(command: &RecordExport) -> ExportEvent {
        let RecordExport { what, form, parameters, position } = command.clone();
        DataExported { what, form, parameters, position }.into()
    }

    #[test]
    fn what_was_asked_is_kept_as_it_was_asked() {
        let command = tickets(" Carla's\tprinter ");
        let expected = vec![exported(&command)];
        TestFramework::<Export>::with(())
            .given_no_previous_events()
            .when(command)
            .then_expect_events(expected);
    }

    #[test]
    fn an_export_is_recorded_once() {
        let given = vec![exported(&tickets("toner"))];
        TestFramework::<Export>::with(()).given(given).when(tickets("toner")).then_expect_events(vec![]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong =
            RecordExport { what: "all of it".to_owned(), position: Some(Position(-1)), ..tickets("a\0b") };
        let Err(ExportError::Invalid(errors)) = wrong.decide(&Export::default()) else {
            panic!("it is taken")
        };
        let named: Vec<_> = errors.iter().map(|error| (error.pointer.as_str(), error.code)).collect();
        assert_eq!(
            named,
            [
                ("/what", "invalid"),
                ("/parameters/0/value", "invalid_character"),
                ("/position", "out_of_range")
            ]
        );
        let none = RecordExport { what: String::new(), ..tickets("") };
        assert!(none.decide(&Export::default()).is_err());
        let many = vec![tickets("").parameters.remove(0); 201];
        let many = RecordExport { parameters: many, ..tickets("") };
        assert!(many.decide(&Export::default()).is_err());
    }
}
