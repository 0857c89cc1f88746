//! Take holidays over from an iCalendar file.

use domain::identity::Operation;
use domain::input::FieldError;
use domain::sla::SlaCommand;
use domain::sla::commands::{ImportHolidays, ImportHolidaysBody};

use crate::http::configuration::{Configures, Said};

impl Configures for ImportHolidays {
    const OPERATION: Operation = Operation::ImportHolidays;
    const SUMMARY: &'static str =
        "Add the holidays of an iCalendar file; dates that are there stay, and what can't be taken is named";
    const QUERY: &'static [(&'static str, &'static str)] = &[(
        "strict",
        "`true`: one event that can't be taken refuses the whole, as the field of that name says",
    )];
    type Body = ImportHolidaysBody;
    type Schema = ImportHolidaysBody;

    fn command(said: Said, mut body: ImportHolidaysBody) -> Result<SlaCommand, FieldError> {
        let query = said.query.as_deref().unwrap_or_default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=').unwrap_or((pair, "true")) {
                ("strict", "true" | "1") => body.strict = true,
                ("strict", "false" | "0") => {}
                ("strict", _) => {
                    let detail = "strict is true or false".to_owned();
                    return Err(FieldError { pointer: "/strict".to_owned(), code: "wrong_type", detail });
                }
                _ => {}
            }
        }
        Ok(Self::new(said.key, body, said.now).into())
    }
}
