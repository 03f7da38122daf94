//! A database that is made for a command on a PostgreSQL server, and dropped after it.

use anyhow::{Context as _, bail};
use sqlx::{AnyConnection, Connection as _};

use super::Context;
use crate::config::{Config, DatabaseConfig, DatabaseUrl, Engine};
use crate::database::Database;
use crate::types::Uuid;

/// Does something with an empty database on the server of `scratch`, or on one that is started for it.
pub(super) async fn on_postgres<T>(
    context: &Context,
    scratch: Option<&DatabaseUrl>,
    work: impl AsyncFnOnce(DatabaseUrl) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    match scratch {
        Some(url) => on_server(context, url, work).await,
        #[cfg(feature = "testing")]
        None => {
            let server =
                tokio::task::spawn_blocking(crate::testing::PostgresServer::start).await??;
            on_server(context, &server.url("postgres").parse()?, work).await
        }
        #[cfg(not(feature = "testing"))]
        None => bail!(
            "name a PostgreSQL server with --scratch URL (`migrate test` can leave PostgreSQL out with --engine sqlite): this \
             program was built without the feature `testing`, with which it starts a server by itself"
        ),
    }
}

async fn on_server<T>(
    context: &Context,
    url: &DatabaseUrl,
    work: impl AsyncFnOnce(DatabaseUrl) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let database = Scratch::create(url, &context.config).await?;
    let result = work(database.url().clone()).await;
    database.drop().await?;
    result
}

/// A database that is dropped with [`Scratch::drop`].
pub(super) struct Scratch {
    server: AnyConnection,
    name: String,
    url: DatabaseUrl,
}

impl Scratch {
    /// Makes an empty database on the server of `url`, which has to be another than the configured
    /// one.
    pub(super) async fn create(url: &DatabaseUrl, config: &Config) -> anyhow::Result<Self> {
        if url.engine() != Engine::Postgres {
            bail!("--scratch names a PostgreSQL server; SQLite needs none");
        }
        if url.expose() == config.database.target().expose() {
            bail!("--scratch is the configured database; name another database of that server");
        }
        let server = DatabaseConfig {
            url: Some(url.clone()),
            ..DatabaseConfig::default()
        };
        let mut server = Database::new(&server)?.connect().await?;
        let name = format!(
            "twinbase_scratch_{}",
            Uuid::now_v7().to_string().replace('-', "")
        );
        sqlx::query(sqlx::AssertSqlSafe(format!(
            "CREATE DATABASE {name} TEMPLATE template0"
        )))
        .execute(&mut server)
        .await
        .context("no scratch database can be made on the server of --scratch")?;
        let mut own = url::Url::parse(url.expose())?;
        own.set_path(&name);
        Ok(Self {
            server,
            name,
            url: own.as_str().parse()?,
        })
    }

    pub(super) fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Drops the database.
    pub(super) async fn drop(mut self) -> anyhow::Result<()> {
        let sql = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .execute(&mut self.server)
            .await
            .with_context(|| format!("the scratch database {} could not be dropped", self.name))?;
        self.server.close().await?;
        Ok(())
    }
}
