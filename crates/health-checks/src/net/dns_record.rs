//! The types of DNS records that can be asked for.

use domain::base::iana::Rtype;

/// A type of DNS record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DnsRecord {
    /// IPv4 addresses; the default.
    #[default]
    A,
    /// IPv6 addresses.
    Aaaa,
    /// The name that this one is an alias of.
    Cname,
    /// Mail servers, as in `10 mail.example.com.`
    Mx,
    /// Name servers.
    Ns,
    /// The name of an address.
    Ptr,
    /// The state of the zone.
    Soa,
    /// The servers of a service, as in `0 5 5060 sip.example.com.`
    Srv,
    /// Texts, in quotes.
    Txt,
}

impl DnsRecord {
    pub(super) fn rtype(self) -> Rtype {
        match self {
            Self::A => Rtype::A,
            Self::Aaaa => Rtype::AAAA,
            Self::Cname => Rtype::CNAME,
            Self::Mx => Rtype::MX,
            Self::Ns => Rtype::NS,
            Self::Ptr => Rtype::PTR,
            Self::Soa => Rtype::SOA,
            Self::Srv => Rtype::SRV,
            Self::Txt => Rtype::TXT,
        }
    }
}
