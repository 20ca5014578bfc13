//! Where a server may be, taken out of the configuration of the client, which would look names
//! up in the runtime's blocking pool.
//!
//! It connects to none of them.

use std::io;
use std::net::IpAddr;

use tokio_postgres::Config;
use tokio_postgres::config::Host;

use crate::invalid::InvalidCheck;
use crate::lookup::Lookup;

/// Of PostgreSQL, and of the client.
const PORT: u16 = 5432;

/// One of the places that a configuration names.
#[derive(Debug)]
pub(super) struct Place {
    /// A TLS certificate is verified for it.
    host: Option<Host>,
    address: Option<IpAddr>,
    port: u16,
    lookup: Lookup,
}

impl Place {
    /// All that `config` names, in its order; as the client reads it.
    pub(super) fn all(name: &'static str, config: &Config) -> Result<Vec<Self>, InvalidCheck> {
        let refused = |problem| Err(InvalidCheck::new(name, problem));
        let (hosts, addresses) = (config.get_hosts(), config.get_hostaddrs());
        let ports = config.get_ports();
        let count = hosts.len().max(addresses.len());
        if count == 0 {
            return refused(
                "cannot connect to nowhere; give a host, or the directory of a Unix socket",
            );
        }
        if !hosts.is_empty() && !addresses.is_empty() && hosts.len() != addresses.len() {
            return refused("has not as many hostaddr as host; give one for each, or none");
        }
        if ports.len() > 1 && ports.len() != count {
            return refused("has not as many ports as hosts; give one for each, or one for all");
        }
        let place = |index| Self {
            host: hosts.get(index).cloned(),
            address: addresses.get(index).copied(),
            port: ports.get(index).or(ports.first()).copied().unwrap_or(PORT),
            lookup: Lookup::default(),
        };
        Ok((0..count).map(place).collect())
    }

    /// Configurations that need no resolver: `bare` with this place, once for each of its
    /// addresses. Cancel safe.
    pub(super) async fn configs(&self, bare: &Config) -> io::Result<Vec<Config>> {
        let mut placed = bare.clone();
        placed.port(self.port);
        let addresses = match (&self.host, self.address) {
            (host, Some(address)) => {
                if let Some(Host::Tcp(name)) = host {
                    placed.host(name);
                }
                vec![address]
            }
            (Some(Host::Tcp(name)), None) => {
                placed.host(name);
                let found = self.lookup.addresses(name, self.port).await?;
                found.iter().map(std::net::SocketAddr::ip).collect()
            }
            #[cfg(unix)]
            (Some(Host::Unix(path)), None) => {
                placed.host_path(path);
                return Ok(vec![placed]);
            }
            (None, None) => Vec::new(),
        };
        let at = |address| {
            let mut placed = placed.clone();
            placed.hostaddr(address);
            placed
        };
        Ok(addresses.into_iter().map(at).collect())
    }
}

/// `config` without any place.
pub(super) fn bare(config: &Config) -> Config {
    let mut bare = Config::new();
    if let Some(user) = config.get_user() {
        bare.user(user);
    }
    if let Some(password) = config.get_password() {
        bare.password(password);
    }
    if let Some(dbname) = config.get_dbname() {
        bare.dbname(dbname);
    }
    if let Some(options) = config.get_options() {
        bare.options(options);
    }
    if let Some(name) = config.get_application_name() {
        bare.application_name(name);
    }
    if let Some(timeout) = config.get_connect_timeout() {
        bare.connect_timeout(*timeout);
    }
    if let Some(timeout) = config.get_tcp_user_timeout() {
        bare.tcp_user_timeout(*timeout);
    }
    if let Some(interval) = config.get_keepalives_interval() {
        bare.keepalives_interval(interval);
    }
    if let Some(retries) = config.get_keepalives_retries() {
        bare.keepalives_retries(retries);
    }
    bare.ssl_mode(config.get_ssl_mode())
        .ssl_negotiation(config.get_ssl_negotiation())
        .keepalives(config.get_keepalives())
        .keepalives_idle(config.get_keepalives_idle())
        .target_session_attrs(config.get_target_session_attrs())
        .channel_binding(config.get_channel_binding())
        .load_balance_hosts(config.get_load_balance_hosts());
    bare
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        text.parse().unwrap()
    }

    #[test]
    fn all_but_the_places_is_kept() {
        let all = "user=alice password=sw0rdfish dbname=shop options='-c x=y' application_name=a \
            sslmode=require sslnegotiation=direct connect_timeout=3 tcp_user_timeout=4 \
            keepalives=0 keepalives_idle=5 keepalives_interval=6 keepalives_retries=7 \
            target_session_attrs=read-write channel_binding=disable load_balance_hosts=random";
        for text in [all, "", "user=alice"] {
            let mut rebuilt = bare(&config(&format!("host=db01 hostaddr=::1 port=1 {text}")));
            assert_eq!(rebuilt, config(text), "{text}");
            rebuilt.host("db01");
            assert_eq!(rebuilt, config(&format!("host=db01 {text}")));
        }
    }

    #[tokio::test]
    async fn a_place_needs_no_resolver_any_more() {
        for (text, placed) in [
            (
                "host=127.0.0.1",
                vec!["host=127.0.0.1 hostaddr=127.0.0.1 port=5432"],
            ),
            ("hostaddr=::1 port=1", vec!["hostaddr=::1 port=1"]),
            (
                "host=db01,db02 hostaddr=::1,::2 port=1",
                vec![
                    "host=db01 hostaddr=::1 port=1",
                    "host=db02 hostaddr=::2 port=1",
                ],
            ),
            (
                "host=/run/a,::1 port=1,2",
                vec!["host=/run/a port=1", "host=::1 hostaddr=::1 port=2"],
            ),
        ] {
            let config = config(text);
            let mut configs = Vec::new();
            for place in Place::all("postgres", &config).unwrap() {
                configs.extend(place.configs(&bare(&config)).await.unwrap());
            }
            let placed: Vec<Config> = placed.into_iter().map(self::config).collect();
            assert_eq!(configs, placed, "{text}");
        }
    }

    #[tokio::test]
    async fn a_name_keeps_its_name_and_gets_its_addresses() {
        let config = config("host=localhost port=1");
        let places = Place::all("postgres", &config).unwrap();
        let configs = places.first().unwrap().configs(&bare(&config)).await;
        for config in configs.unwrap() {
            assert_eq!(config.get_hosts(), [Host::Tcp("localhost".to_owned())]);
            assert!(config.get_hostaddrs().iter().all(IpAddr::is_loopback));
            assert_eq!(config.get_hostaddrs().len(), 1);
        }
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        for (text, words) in [
            ("user=alice", "nowhere"),
            ("host=a,b hostaddr=::1", "hostaddr"),
            ("host=a,b,c port=1,2", "ports"),
        ] {
            let refused = Place::all("postgres", &config(text)).unwrap_err();
            assert!(refused.to_string().contains(words), "{text}: {refused}");
        }
    }
}
