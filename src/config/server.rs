//! `[server]`: how the service listens, and how it stops.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::duration::span;
use super::kind::Address;
use super::section::section;
use super::size::bytes;

section! {
    /// How the service listens, and how it stops.
    pub struct ServerConfig in server {
        /// The IP address and port to listen on; port 0 takes any free one.
        ///
        /// The default is reachable from this machine alone. A container sets `0.0.0.0:8000`.
        pub listen: SocketAddr = SocketAddr::from((Ipv4Addr::LOCALHOST, 8000)), Address;

        /// How long requests in flight may take to finish once the service is told to stop; 1s to 10m.
        ///
        /// Keep it below what the supervisor waits before it kills (Kubernetes: 30 s).
        pub shutdown_timeout: Duration = Duration::from_secs(10), span(1000..=600_000);

        /// The largest request body that is read; a larger one is answered 413. 1KiB to 1GiB.
        ///
        /// In bytes where no unit is written. Bodies are held in memory.
        pub body_limit: usize = 1 << 20, bytes(1 << 10..=1 << 30);
    }
}
