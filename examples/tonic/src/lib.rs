//! What `proto/flights.proto` says, as Rust, for the service and for its clients.

/// The messages, the client and the service.
pub mod proto {
    #![allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all)]
    tonic::include_proto!("flights");
}
