//! `docket rebuild`: builds a read model anew beside the live one, and switches.

use crate::print::say;
use std::sync::Arc;

use domain::ticket::upcast::Upcasters;
use event_store::reader::LogReader;

use crate::database;
use crate::failure::{Outcome, While};
use crate::instance::Target;
use crate::settings::Settings;

pub(crate) async fn run(settings: &Settings, projection: &str) -> Outcome {
    let target = Target::of(settings)?;
    let pool = database::connect_patiently(&target.database_url).await?;
    let reader = LogReader::new(pool.clone());
    let upcasters = Arc::new(Upcasters::default());
    let rebuilt = projection_service::rebuild(&pool, &reader, &upcasters, projection).await;
    let rebuilt = rebuilt.while_doing("the read model was not rebuilt; the live one is as it was")?;
    say!(
        "{} is rebuilt as version {}, up to position {}, in {:.1} s; {} parked",
        rebuilt.projection,
        rebuilt.version,
        rebuilt.position,
        rebuilt.seconds,
        rebuilt.parked
    );
    Ok(())
}
