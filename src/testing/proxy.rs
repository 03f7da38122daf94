//! A network between a test and its server: slow, cut, or silent.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// The pieces that may be on their way in one direction.
const ON_THE_WAY: usize = 1024;

/// A TCP proxy on the loopback address, in front of one server. It ends when it is dropped.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use std::time::Duration;
/// use twinbase::testing::Proxy;
///
/// # let server = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// # let server = server.local_addr()?;
/// let proxy = Proxy::start(server).await;
/// proxy.delay(Duration::from_millis(2)); // a round trip takes 4 ms more
/// let url = proxy.url("postgres://postgres@10.0.0.1:5432/app");
/// assert_eq!(url, format!("postgres://postgres@{}/app", proxy.address()));
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    network: Arc<Network>,
    accepting: JoinHandle<()>,
}

/// What the connections of a proxy share.
#[derive(Debug)]
struct Network {
    server: SocketAddr,
    delay_micros: AtomicU64,
    /// Whether new connections are silent from the start.
    silent: AtomicBool,
    /// Whether what the server says is lost from now on.
    loses_answers: AtomicBool,
    round_trips: AtomicU64,
    connections: AtomicU64,
    orders: watch::Sender<Orders>,
}

/// What has been done to all connections that were open at the time.
#[derive(Debug, Clone, Copy, Default)]
struct Orders {
    cuts: u64,
    silences: u64,
}

impl Proxy {
    /// Starts one in front of this server.
    ///
    /// # Panics
    /// When the loopback address has no free port.
    pub async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let network = Arc::new(Network {
            server,
            delay_micros: AtomicU64::new(0),
            silent: AtomicBool::new(false),
            loses_answers: AtomicBool::new(false),
            round_trips: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            orders: watch::Sender::new(Orders::default()),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&network)));
        Self {
            address,
            network,
            accepting,
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of the server, as it is reached through the proxy.
    ///
    /// # Panics
    /// When it is no URL with a host.
    #[must_use]
    pub fn url(&self, server: &str) -> String {
        let mut url = url::Url::parse(server).expect("a URL");
        url.set_ip_host(self.address.ip())
            .expect("a URL with a host");
        url.set_port(Some(self.address.port()))
            .expect("a URL with a host");
        url.to_string()
    }

    /// Has what is sent from now on take this much longer, each way.
    pub fn delay(&self, delay: Duration) {
        let micros = u64::try_from(delay.as_micros()).unwrap_or(u64::MAX);
        self.network.delay_micros.store(micros, Ordering::SeqCst);
    }

    /// Closes every open connection, on both sides. New ones are taken.
    pub fn cut(&self) {
        self.network.orders.send_modify(|orders| orders.cuts += 1);
    }

    /// Half-open: what is sent on the open connections is swallowed, both ways and for good, and they
    /// stay open. So it is with new ones, until [`Proxy::speak`].
    pub fn silence(&self) {
        self.network.silent.store(true, Ordering::SeqCst);
        let silence = |orders: &mut Orders| orders.silences += 1;
        self.network.orders.send_modify(silence);
    }

    /// New connections reach the server again.
    pub fn speak(&self) {
        self.network.silent.store(false, Ordering::SeqCst);
    }

    /// Whether what the server says is lost from now on, while what it is told arrives.
    pub fn lose_answers(&self, lose: bool) {
        self.network.loses_answers.store(lose, Ordering::SeqCst);
    }

    /// How often a client has said something after the server had: each is a round trip, but for a
    /// connection's goodbye.
    #[must_use]
    pub fn round_trips(&self) -> u64 {
        self.network.round_trips.load(Ordering::SeqCst)
    }

    /// How many connections were made through it.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.network.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

async fn accept(listener: TcpListener, network: Arc<Network>) {
    while let Ok((client, _)) = listener.accept().await {
        network.connections.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(serve(client, Arc::clone(&network)));
    }
}

/// Serves one connection until one side closes it or it is cut.
async fn serve(client: TcpStream, network: Arc<Network>) {
    let mut orders = network.orders.subscribe();
    let before = *orders.borrow_and_update();
    let Ok(server) = TcpStream::connect(network.server).await else {
        return;
    };
    // Without it the kernel would hold small pieces back, and count as delay.
    if client.set_nodelay(true).is_err() || server.set_nodelay(true).is_err() {
        return;
    }
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let wire = Arc::new(Wire {
        silent: network.silent.load(Ordering::SeqCst),
        silences: before.silences,
        client_spoke: AtomicBool::new(false),
    });
    let there = carry(from_client, to_server, &network, &wire, true);
    let back = carry(from_server, to_client, &network, &wire, false);
    let cut = async {
        loop {
            let now = *orders.borrow_and_update();
            if now.cuts != before.cuts || orders.changed().await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = there => {}
        () = back => {}
        () = cut => {}
    }
}

/// What the two directions of a connection share.
#[derive(Debug)]
struct Wire {
    /// Whether it is silent from the start.
    silent: bool,
    /// The silences that were ordered before it.
    silences: u64,
    client_spoke: AtomicBool,
}

impl Wire {
    /// Whether what is sent now is swallowed. It is so from the order on, not once a task has seen that.
    fn is_silent(&self, network: &Network) -> bool {
        self.silent || network.orders.borrow().silences != self.silences
    }
}

async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    network: &Network,
    wire: &Wire,
    is_client: bool,
) {
    let (sender, mut arriving) = mpsc::channel::<(Instant, Vec<u8>)>(ON_THE_WAY);
    let take = async move {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            let spoke = wire.client_spoke.swap(is_client, Ordering::SeqCst);
            if is_client && !spoke {
                network.round_trips.fetch_add(1, Ordering::SeqCst);
            }
            let delay = Duration::from_micros(network.delay_micros.load(Ordering::SeqCst));
            let piece = (Instant::now() + delay, buffer[..length].to_vec());
            if sender.send(piece).await.is_err() {
                return;
            }
        }
    };
    let give = async move {
        while let Some((due, piece)) = arriving.recv().await {
            // The runtime's clock has milliseconds, and would round no delay up to one.
            if due > Instant::now() {
                tokio::time::sleep_until(due).await;
            }
            let lost = !is_client && network.loses_answers.load(Ordering::SeqCst);
            if lost || wire.is_silent(network) {
                continue;
            }
            if to.write_all(&piece).await.is_err() {
                return;
            }
        }
        // The other side's end, in its turn.
        if wire.is_silent(network) {
            std::future::pending::<()>().await;
        }
    };
    tokio::join!(take, give);
}
