//! `docket token`: a token of the development issuer, and nothing else on standard output.

use std::path::Path;

use domain::identity::Role;
use domain::ids::{OrganizationId, TenantId, UserId};
use service_kit::auth::{Claims, DevIssuer};
use service_kit::clock::SystemClock;

use crate::cli::TokenArgs;
use crate::data_dir::DataDir;
use crate::failure::{Failure, Outcome, While};
use crate::instance::Instance;
use crate::{database, tenants};

pub(crate) async fn run(data_dir: &Path, args: TokenArgs) -> Outcome {
    let dir = DataDir::open(data_dir)?;
    let tenant = tenants::id_of(&args.tenant);
    if !tenants::is_remembered(&dir, tenant) {
        find_in_database(&dir, &args.tenant).await?;
    }
    println!("{}", mint(&dir, tenant, args)?);
    Ok(())
}

/// A tenant that was created over HTTP is in the database alone.
async fn find_in_database(dir: &DataDir, key: &str) -> Outcome {
    let Some(instance) = Instance::running(dir)? else { return Err(tenants::unknown(key)) };
    let pool = database::connect(&instance.database_url, None, 1).await?;
    tenants::find(&pool, key).await.map(drop)
}

fn mint(dir: &DataDir, tenant: TenantId, args: TokenArgs) -> Result<String, Failure> {
    for role in &args.roles {
        if Role::named(role).is_none() {
            let known: Vec<&str> = Role::BUILT_IN.iter().map(|role| role.name).collect();
            return Err(Failure::said(format!("there is no role {role:?}; there are {}", known.join(", "))));
        }
    }
    let user = UserId::new(args.sub).while_doing("--sub is no user id")?;
    let organization = args.org.map(OrganizationId::new).transpose().while_doing("--org is no id")?;
    let claims = Claims {
        org: organization,
        name: args.name,
        email: args.email,
        ..Claims::new(user, tenant, args.roles)
    };
    let issuer = DevIssuer::open(&dir.issuer_dir()).while_doing("the development issuer cannot be used")?;
    issuer.mint(&claims, args.ttl, &SystemClock).while_doing("the token cannot be signed")
}
