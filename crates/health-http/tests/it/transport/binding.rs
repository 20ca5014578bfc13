//! Binding, apart from serving: addresses, errors, adoption, Unix sockets.

use health_http::server::{BindError, Limits, Listener, LocalAddr, ServeError, Transport};

use super::harness::{Client, Probe, bind, block_on};

fn serve(listener: Listener) -> health_http::server::ServerHandle {
    Transport::new(listener, Probe::new(), Limits::default())
        .serve_on_own_thread()
        .unwrap()
}

#[test]
fn port_0_becomes_a_real_one() {
    let address = bind(&Limits::default()).local_addr().tcp().unwrap();
    assert_ne!(address.port(), 0);
    let named = Listener::bind("localhost:0", &Limits::default()).unwrap();
    assert!(named.local_addr().tcp().unwrap().ip().is_loopback());
}

#[test]
fn who_connects_before_serving_is_served_after() {
    let listener = bind(&Limits::default());
    let mut early = Client::connect(listener.local_addr().tcp().unwrap());
    early.request("/");
    let handle = serve(listener);
    assert_eq!(early.reply().status, 200);
    block_on(handle.close());
}

#[test]
fn errors_come_at_bind_and_name_the_address_and_the_remedy() {
    let limits = Limits::default();
    let taken = bind(&limits);
    let address = taken.local_addr().tcp().unwrap();
    let error = Listener::bind(address, &limits).unwrap_err();
    assert!(matches!(error, BindError::InUse { .. }));
    assert!(error.to_string().contains(&address.to_string()), "{error}");
    assert!(error.to_string().contains("port 0"), "{error}");

    let error = Listener::bind("192.0.2.1:0", &limits).unwrap_err();
    assert!(matches!(error, BindError::NotLocal { .. }), "{error}");
    let error = Listener::bind("8080", &limits).unwrap_err();
    assert!(matches!(error, BindError::Invalid { .. }), "{error}");
    let error = Listener::bind("no-such-host.invalid:80", &limits).unwrap_err();
    assert!(matches!(error, BindError::Unresolved { .. }), "{error}");
}

#[test]
fn a_bound_listener_is_adopted() {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let handle = serve(Listener::adopt_tcp(socket, &Limits::default()).unwrap());
    assert_eq!(handle.local_addr(), &LocalAddr::Tcp(address));
    assert_eq!(Client::connect(address).get("/").status, 200);
    block_on(handle.close());
}

#[test]
fn serving_outside_of_a_runtime_is_an_error() {
    let transport = Transport::new(bind(&Limits::default()), Probe::new(), Limits::default());
    assert!(matches!(transport.serve(), Err(ServeError::NoRuntime)));
}

#[cfg(unix)]
#[test]
fn a_unix_socket_is_served_and_its_file_removed() {
    use std::os::unix::net::UnixStream;

    let path = std::env::temp_dir().join(format!("health-http-{}.sock", std::process::id()));
    let address = format!("unix:{}", path.display());
    // Left by a server that died.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let handle = serve(Listener::bind(&address, &Limits::default()).unwrap());
    assert_eq!(handle.local_addr().to_string(), address);
    assert!(matches!(
        Listener::bind(&address, &Limits::default()),
        Err(BindError::InUse { .. })
    ));

    let mut client = Client::new(UnixStream::connect(&path).unwrap());
    for _ in 0..3 {
        assert_eq!(client.get("/").status, 200);
    }
    let mut queued = Client::new(UnixStream::connect(&path).unwrap());
    queued.request("/");
    block_on(handle.close());
    assert_eq!(queued.reply().status, 200);
    assert!(!path.exists());
}

#[cfg(unix)]
#[test]
fn an_adopted_unix_socket_keeps_its_file() {
    let path =
        std::env::temp_dir().join(format!("health-http-{}-adopted.sock", std::process::id()));
    let socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let handle = serve(Listener::adopt_unix(socket, &Limits::default()).unwrap());
    let mut client = Client::new(std::os::unix::net::UnixStream::connect(&path).unwrap());
    assert_eq!(client.get("/").status, 200);
    block_on(handle.close());
    assert!(path.exists());
    std::fs::remove_file(&path).unwrap();
}

/// Runs itself again with few descriptors, because the limit is the whole process's.
#[cfg(unix)]
#[test]
fn a_lack_of_descriptors_is_survived() {
    const INSIDE: &str = "HEALTH_HTTP_FEW_DESCRIPTORS";
    if std::env::var_os(INSIDE).is_none() {
        let name = std::thread::current().name().unwrap().to_owned();
        let status = std::process::Command::new("sh")
            .args(["-c", "ulimit -n 64 && exec \"$0\" \"$@\""])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", &name, "--test-threads=1"])
            .env(INSIDE, "1")
            .status()
            .unwrap();
        assert!(status.success());
        return;
    }
    let server = super::harness::start(Limits::default());
    let mut held = Vec::new();
    // Both ends are of this process: they run out together.
    while let Ok(socket) = std::net::TcpStream::connect(server.address) {
        held.push(socket);
    }
    super::harness::until("a failure of accept", || {
        held.truncate(held.len().saturating_sub(1));
        while let Ok(socket) = std::net::TcpStream::connect(server.address) {
            held.push(socket);
        }
        server.handle.counts().accept_failures > 0
    });
    held.truncate(held.len() - 4);
    server.assert_serves();
    server.close();
}
