//! Whether a connection speaks TLS, which the client does not tell.
//!
//! Whom it trusts, the connector that the service gives decides.

use std::any::TypeId;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{NoTls, Socket};

/// Notes whether TLS was begun on a connection. A handshake that fails ends it.
#[derive(Clone, Debug, Default)]
pub(super) struct Begun(Arc<AtomicBool>);

impl Begun {
    /// The value of the detail `tls`: what the service's connector proves is not known here.
    pub(super) fn as_str(&self) -> &'static str {
        if self.0.load(Ordering::Relaxed) {
            "as configured"
        } else {
            "none"
        }
    }
}

/// Whether a connector is the one that knows no TLS.
pub(super) fn is_none<T: 'static>() -> bool {
    TypeId::of::<T>() == TypeId::of::<NoTls>()
}

/// A connector that is watched.
pub(super) struct Watched<T> {
    pub(super) tls: T,
    pub(super) begun: Begun,
}

impl<T: MakeTlsConnect<Socket>> MakeTlsConnect<Socket> for Watched<T> {
    type Stream = T::Stream;
    type TlsConnect = Watched<T::TlsConnect>;
    type Error = T::Error;

    fn make_tls_connect(&mut self, domain: &str) -> Result<Self::TlsConnect, T::Error> {
        Ok(Watched {
            tls: self.tls.make_tls_connect(domain)?,
            begun: self.begun.clone(),
        })
    }
}

impl<C: TlsConnect<Socket>> TlsConnect<Socket> for Watched<C> {
    type Stream = C::Stream;
    type Error = C::Error;
    type Future = C::Future;

    fn connect(self, stream: Socket) -> Self::Future {
        self.begun.0.store(true, Ordering::Relaxed);
        self.tls.connect(stream)
    }
}
