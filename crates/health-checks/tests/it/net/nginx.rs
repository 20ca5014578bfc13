//! nginx as one process, on a free port.

use std::path::Path;
use std::process::Command;

use crate::authority::Identity;
use crate::server::Server;

/// Serves what is within `location`s at the port, and at the socket `x.sock` of its directory.
pub(crate) fn plain(locations: &'static str) -> Server {
    start(move |directory, port| {
        let socket = directory.join("x.sock");
        // One that was killed leaves its socket behind.
        let _ = std::fs::remove_file(&socket);
        format!(
            "listen 127.0.0.1:{port}; listen unix:{}; {locations}",
            socket.display()
        )
    })
}

/// The same with TLS, at the port alone.
pub(crate) fn secure(identity: &Identity, locations: &'static str) -> Server {
    let pem = pem(identity);
    start_secure(locations, move |_| pem.clone())
}

/// The same with the certificate before and after its renewal, which comes with a restart.
pub(crate) fn renewed(before: &Identity, after: &Identity, locations: &'static str) -> Server {
    let (before, after) = (pem(before), pem(after));
    start_secure(locations, move |directory| {
        // What it wrote shows that it ran before.
        let ran = directory.join("nginx.conf").exists();
        if ran { after.clone() } else { before.clone() }
    })
}

fn pem(identity: &Identity) -> String {
    format!("{}{}", identity.certificate, identity.key)
}

fn start_secure(locations: &'static str, pem: impl Fn(&Path) -> String + Send + 'static) -> Server {
    start(move |directory, port| {
        let path = directory.join("identity.pem");
        std::fs::write(&path, pem(directory)).unwrap();
        let path = path.display();
        format!(
            "listen 127.0.0.1:{port} ssl; ssl_certificate {path}; ssl_certificate_key {path}; {locations}"
        )
    })
}

fn start(server: impl Fn(&Path, u16) -> String + Send + 'static) -> Server {
    Server::start(move |directory, port| {
        let server = server(directory, port);
        // One process, so that a signal reaches all of it; nothing outside of its directory.
        let configuration = format!(
            "daemon off; master_process off; pid nginx.pid; error_log stderr;
             events {{ worker_connections 64; }}
             http {{ access_log off; client_body_temp_path t1; proxy_temp_path t2;
                     fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
                     keepalive_requests 1000000; server {{ {server} }} }}"
        );
        let path = directory.join("nginx.conf");
        std::fs::write(&path, configuration).unwrap();
        let mut command = Command::new("/usr/sbin/nginx");
        command.arg("-p").arg(directory).arg("-c").arg(path);
        command
    })
}
