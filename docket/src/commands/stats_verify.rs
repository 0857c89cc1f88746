//! `docket stats verify`: whether the statistics are what the log says. Writes nothing.

use crate::print::say;
use projection_service::recount;

use crate::database;
use crate::failure::{Failure, Outcome, While};
use crate::instance::Target;
use crate::settings::Settings;

pub(crate) async fn run(settings: &Settings, json: bool) -> Outcome {
    let target = Target::of(settings)?;
    let pool = database::connect(&target.database_url, 1).await?;
    let found = recount(&pool).await.while_doing("the log cannot be counted anew")?;
    if json {
        let text = serde_json::to_string_pretty(&found).while_doing("the report cannot be written")?;
        say!("{text}");
    } else {
        say!(
            "{} tickets counted anew, {} figures compared at position {}: {} differ",
            found.tickets,
            found.figures,
            found.position,
            found.differing
        );
        for one in &found.differences {
            say!("{}: kept {:?}, the log gives {:?}", one.figure, one.kept, one.recounted);
        }
    }
    match found.differing {
        0 => Ok(()),
        differing => Err(Failure::said(format!(
            "{differing} figures differ from the log: see `docket parked list`, then `docket rebuild stats`"
        ))),
    }
}
