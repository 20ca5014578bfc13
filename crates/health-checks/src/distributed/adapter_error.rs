//! What a service's own part says when it fails. It classifies nothing.

/// Why a part of the service failed.
///
/// It is private: it goes to the log, as an outcome's error, and never into a
/// public message. Any error converts with `?`, and a text with `.into()`.
pub type AdapterError = Box<dyn std::error::Error + Send + Sync>;
