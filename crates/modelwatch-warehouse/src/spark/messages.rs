//! Messages of Spark Connect, with only the fields that are needed.
//!
//! The protocol is `spark/connect/base.proto`, `relations.proto` and `commands.proto` of Apache Spark. A field that is missing
//! here has its default in a request and is skipped in an answer.

use std::collections::HashMap;

use prost::{Message, Oneof};

#[derive(Clone, PartialEq, Message)]
pub(super) struct UserContext {
    #[prost(string, tag = "1")]
    pub(super) user_id: String,
    #[prost(string, tag = "2")]
    pub(super) user_name: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ExecutePlanRequest {
    #[prost(string, tag = "1")]
    pub(super) session_id: String,
    #[prost(message, optional, tag = "2")]
    pub(super) user_context: Option<UserContext>,
    #[prost(message, optional, tag = "3")]
    pub(super) plan: Option<Plan>,
    #[prost(string, optional, tag = "4")]
    pub(super) client_type: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Plan {
    #[prost(oneof = "PlanOf", tags = "1, 2")]
    pub(super) of: Option<PlanOf>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum PlanOf {
    #[prost(message, tag = "1")]
    Root(Relation),
    #[prost(message, tag = "2")]
    Command(Command),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Relation {
    #[prost(oneof = "RelationOf", tags = "2, 10")]
    pub(super) of: Option<RelationOf>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum RelationOf {
    #[prost(message, tag = "2")]
    Read(Read),
    #[prost(message, tag = "10")]
    Sql(Sql),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Sql {
    #[prost(string, tag = "1")]
    pub(super) query: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Read {
    #[prost(message, optional, tag = "2")]
    pub(super) data_source: Option<DataSource>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct DataSource {
    #[prost(string, optional, tag = "1")]
    pub(super) format: Option<String>,
    #[prost(map = "string, string", tag = "3")]
    pub(super) options: HashMap<String, String>,
    #[prost(string, repeated, tag = "4")]
    pub(super) paths: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Command {
    #[prost(message, optional, tag = "3")]
    pub(super) create_dataframe_view: Option<CreateDataFrameView>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct CreateDataFrameView {
    #[prost(message, optional, tag = "1")]
    pub(super) input: Option<Relation>,
    #[prost(string, tag = "2")]
    pub(super) name: String,
    #[prost(bool, tag = "4")]
    pub(super) replace: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ExecutePlanResponse {
    #[prost(message, optional, tag = "2")]
    pub(super) arrow_batch: Option<ArrowBatch>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ArrowBatch {
    /// An Arrow IPC stream: the schema, then the rows.
    #[prost(bytes = "vec", tag = "2")]
    pub(super) data: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ConfigRequest {
    #[prost(string, tag = "1")]
    pub(super) session_id: String,
    #[prost(message, optional, tag = "2")]
    pub(super) user_context: Option<UserContext>,
    #[prost(message, optional, tag = "3")]
    pub(super) operation: Option<ConfigOperation>,
    #[prost(string, optional, tag = "4")]
    pub(super) client_type: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ConfigOperation {
    #[prost(message, optional, tag = "1")]
    pub(super) set: Option<SetConfig>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SetConfig {
    #[prost(message, repeated, tag = "1")]
    pub(super) pairs: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct KeyValue {
    #[prost(string, tag = "1")]
    pub(super) key: String,
    #[prost(string, optional, tag = "2")]
    pub(super) value: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct InterruptRequest {
    #[prost(string, tag = "1")]
    pub(super) session_id: String,
    #[prost(message, optional, tag = "2")]
    pub(super) user_context: Option<UserContext>,
    #[prost(string, optional, tag = "3")]
    pub(super) client_type: Option<String>,
    #[prost(int32, tag = "4")]
    pub(super) interrupt_type: i32,
}

/// Interrupts everything in the session.
pub(super) const INTERRUPT_ALL: i32 = 1;

#[derive(Clone, PartialEq, Message)]
pub(super) struct ReleaseSessionRequest {
    #[prost(string, tag = "1")]
    pub(super) session_id: String,
    #[prost(message, optional, tag = "2")]
    pub(super) user_context: Option<UserContext>,
    #[prost(string, optional, tag = "3")]
    pub(super) client_type: Option<String>,
}

/// An answer whose fields are not needed.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Ignored {}
