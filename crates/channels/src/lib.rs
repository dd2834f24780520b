//! The ways by which messages leave and come in. A folder per carrier, the same file names in each:
//! `signature`, `inbound`, `status`, `outbound`, `find`; [`Carrier`] chooses between them.
//!
//! All I/O goes through an injected [`Transport`].

pub mod carrier;
pub mod error;
pub mod form;
pub mod text;
pub mod twilio;

pub use carrier::Carrier;
pub use error::{CarrierError, FormError};
pub use text::{CarrierText, InboundText, OutboundText, Sought};

use bytes::Bytes;
use http::{Request, Response};
use tower::util::BoxCloneSyncService;

/// Whatever the transport says went wrong.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Carries requests out: a real HTTP client, or in tests a router in the same process.
pub type Transport = BoxCloneSyncService<Request<Bytes>, Response<Bytes>, BoxError>;
