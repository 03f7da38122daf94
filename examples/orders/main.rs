//! A shop's orders: an application built on Twinbase, with a column of every portable type.
//!
//! The same program, table and queries run on both engines:
//!
//! ```sh
//! cargo run --example orders
//! DATABASE_URL=postgresql://user@host/db cargo run --example orders
//! ```

mod orders;

use std::error::Error;

use orders::Orders;
use twinbase::config::{self, Config, LoadOptions};
use twinbase::service::{Application, stop_signal};
use twinbase::telemetry;

/// The application: what `main` serves and what a test starts.
pub(crate) fn application(config: Config) -> Application<Orders> {
    Application::new(config)
        .named("Orders", "1.0.0")
        .api(Orders)
        .migrations(twinbase::migrations!("examples/orders/migrations"))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let loaded = config::load(&LoadOptions::default())?;
    telemetry::init(&loaded.config.log)?;
    for warning in loaded.warnings {
        tracing::warn!("{warning}");
    }
    let application = application(loaded.config).build().await?;
    application.run_until(stop_signal()?).await?;
    Ok(())
}
