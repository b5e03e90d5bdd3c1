//! A session of a Spark Connect server, for one window.

use std::collections::HashMap;
use std::future::Future;
use std::io::Cursor;
use std::pin::pin;
use std::time::Duration;

use arrow::ipc::reader::StreamReader;
use prost::Message;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::{AsciiMetadataKey, AsciiMetadataValue, MetadataMap};
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic::{Extensions, Request};
use tonic_prost::ProstCodec;

use super::fault::{Fault, FaultKind};
use super::messages::{
    Command, ConfigOperation, ConfigRequest, CreateDataFrameView, DataSource, ExecutePlanRequest, ExecutePlanResponse,
    INTERRUPT_ALL, Ignored, InterruptRequest, KeyValue, Plan, PlanOf, Read, Relation, RelationOf,
    ReleaseSessionRequest, SetConfig, Sql, UserContext,
};
use super::remote::Remote;
use crate::access::{Access, Told};
use crate::dialect::Dialect;
use crate::session::{Session, TakeBatch, TakeSchema};
use crate::stop::Stop;

/// The largest message in bytes, as in Spark's own clients.
const MOST_BYTES: usize = 128 << 20;
/// How long a server may take to accept a connection.
const CONNECTING: Duration = Duration::from_secs(20);
/// How long to wait for the end of a session. A server that is gone has ended it, and a slow one drops it after a while.
const ENDING: Duration = Duration::from_secs(5);
const CONFIG: &str = "/spark.connect.SparkConnectService/Config";
const EXECUTE: &str = "/spark.connect.SparkConnectService/ExecutePlan";
const INTERRUPT: &str = "/spark.connect.SparkConnectService/Interrupt";
const RELEASE: &str = "/spark.connect.SparkConnectService/ReleaseSession";
const CLIENT: &str = concat!("modelwatch/", env!("CARGO_PKG_VERSION"));

/// The settings of each session, which fix how values are read, independent of the cluster's defaults.
const SETTINGS: [(&str, &str); 15] = [
    ("spark.sql.session.timeZone", "UTC"),
    ("spark.sql.ansi.enabled", "true"),
    ("spark.sql.legacy.exponentLiteralAsDecimal.enabled", "false"),
    // A row that can't be read is an error, and is never skipped silently.
    ("spark.sql.files.ignoreCorruptFiles", "false"),
    ("spark.sql.files.ignoreMissingFiles", "false"),
    ("spark.sql.parquet.binaryAsString", "false"),
    ("spark.sql.parquet.inferTimestampNTZ.enabled", "true"),
    ("spark.sql.parquet.datetimeRebaseModeInRead", "CORRECTED"),
    ("spark.sql.parquet.int96RebaseModeInRead", "CORRECTED"),
    ("spark.sql.legacy.parquet.nanosAsLong", "true"),
    ("spark.sql.execution.arrow.useLargeVarTypes", "false"),
    ("spark.sql.execution.arrow.compression.codec", "none"),
    // Answers have only few rows per column.
    ("spark.sql.shuffle.partitions", "8"),
    // Times are hardly ever one of a dictionary's, and looking them up costs several times what reading them costs.
    ("parquet.filter.dictionary.enabled", "false"),
    // A step of the search for a number's bin is computed once, not written out wherever it is used.
    ("spark.sql.optimizer.collapseProjectAlwaysInline", "false"),
];

/// A session with a Spark Connect server. It ends on drop.
pub(crate) struct SparkSession {
    runtime: Runtime,
    channel: Channel,
    metadata: MetadataMap,
    user: UserContext,
    id: String,
    told: Told,
    access: Access,
}

impl SparkSession {
    pub(crate) fn open(access: &Access, timeout: Duration) -> Result<Self, String> {
        let told = access.read(Dialect::Spark)?;
        let address = told
            .address()
            .ok_or_else(|| format!("{access} holds no address; put Spark's there, as sc://host:15002"))?;
        let remote = Remote::read(address, |name| std::env::var(name).ok());
        let remote = remote.map_err(|problem| format!("{access} can't be used: {problem}"))?;
        let told = told.with_secret(remote.token.as_deref());
        let metadata = metadata(&remote).map_err(|problem| format!("{access} can't be used: {problem}"))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("can't be asked: {error}"))?;
        let said = |fault: &Fault| said(fault, &told, access);
        let channel = runtime
            .block_on(connect(&remote, timeout))
            .map_err(|fault| said(&fault))?;
        let user = UserContext {
            user_id: remote.user.clone(),
            user_name: remote.user,
        };
        let session = Self {
            runtime,
            channel,
            metadata,
            user,
            id: uuid::Uuid::new_v4().to_string(),
            told,
            access: access.clone(),
        };
        session.set(&SETTINGS, timeout).map_err(|fault| session.said(&fault))?;
        Ok(session)
    }

    /// Describes a fault in one line, without a secret.
    pub(super) fn said(&self, fault: &Fault) -> String {
        said(fault, &self.told, &self.access)
    }

    fn set(&self, settings: &[(&str, &str)], timeout: Duration) -> Result<(), Fault> {
        let pairs = settings.iter().map(|(key, value)| KeyValue {
            key: (*key).to_owned(),
            value: Some((*value).to_owned()),
        });
        let request = ConfigRequest {
            session_id: self.id.clone(),
            user_context: Some(self.user.clone()),
            operation: Some(ConfigOperation {
                set: Some(SetConfig { pairs: pairs.collect() }),
            }),
            client_type: Some(CLIENT.into()),
        };
        self.runtime
            .block_on(async { tokio::time::timeout(timeout, self.unary(CONFIG, request)).await })
            .unwrap_or_else(|_| Err(Fault::other("it did not answer")))
    }

    /// Defines a view over these files.
    pub(super) fn view(&self, name: &str, paths: Vec<String>, stop: &Stop) -> Result<(), Fault> {
        let options = [
            ("mergeSchema", "false"),
            // Folder names are not columns.
            ("recursiveFileLookup", "true"),
            ("ignoreMissingFiles", "false"),
            ("ignoreCorruptFiles", "false"),
        ];
        let read = Read {
            data_source: Some(DataSource {
                format: Some("parquet".into()),
                options: HashMap::from(options.map(|(name, value)| (name.to_owned(), value.to_owned()))),
                paths: paths.into_iter().map(literal).collect(),
            }),
        };
        let view = CreateDataFrameView {
            input: Some(Relation {
                of: Some(RelationOf::Read(read)),
            }),
            name: name.to_owned(),
            replace: true,
        };
        let command = Command {
            create_dataframe_view: Some(view),
        };
        self.execute(PlanOf::Command(command), stop, &mut |_| (), &mut |_| Ok(()))
    }

    /// Makes names case-sensitive, as in Parquet.
    pub(super) fn tell_case_apart(&self, timeout: Duration) -> Result<(), Fault> {
        self.set(&[("spark.sql.caseSensitive", "true")], timeout)
    }

    pub(super) fn ask(&self, sql: &str, stop: &Stop, schema: TakeSchema<'_>, take: TakeBatch<'_>) -> Result<(), Fault> {
        let relation = Relation {
            of: Some(RelationOf::Sql(Sql { query: sql.to_owned() })),
        };
        self.execute(PlanOf::Root(relation), stop, schema, take)
    }

    fn execute(&self, plan: PlanOf, stop: &Stop, schema: TakeSchema<'_>, take: TakeBatch<'_>) -> Result<(), Fault> {
        let request = ExecutePlanRequest {
            session_id: self.id.clone(),
            user_context: Some(self.user.clone()),
            plan: Some(Plan { of: Some(plan) }),
            client_type: Some(CLIENT.into()),
        };
        let (cancel, cancelled) = oneshot::channel();
        stop.begin(move || {
            // The statement may have finished already.
            let _ = cancel.send(());
        })
        .map_err(Fault::other)?;
        let asked = self.runtime.block_on(async {
            let mut asking = pin!(self.stream(request, schema, take));
            tokio::select! {
                asked = &mut asking => return asked,
                Ok(()) = cancelled => {}
            }
            self.interrupt().await;
            // The server reports an error if a session ends before its statement.
            let _ = within(ENDING, asking).await;
            Err(Fault::other("it was cancelled"))
        });
        stop.end();
        asked
    }

    async fn stream(
        &self,
        request: ExecutePlanRequest,
        schema: TakeSchema<'_>,
        take: TakeBatch<'_>,
    ) -> Result<(), Fault> {
        let mut grpc = self.grpc().await?;
        let codec: ProstCodec<ExecutePlanRequest, ExecutePlanResponse> = ProstCodec::default();
        let answer = grpc
            .server_streaming(self.request(request), PathAndQuery::from_static(EXECUTE), codec)
            .await;
        let mut answer = answer.map_err(|status| Fault::of(&status))?.into_inner();
        let mut is_first = true;
        while let Some(part) = answer.message().await.map_err(|status| Fault::of(&status))? {
            let Some(batch) = part.arrow_batch else { continue };
            let odd = |error: arrow::error::ArrowError| Fault::other(format!("answers what is no Arrow: {error}"));
            let batches = StreamReader::try_new(Cursor::new(batch.data), None).map_err(odd)?;
            if std::mem::take(&mut is_first) {
                schema(&batches.schema());
            }
            for batch in batches {
                take(&batch.map_err(odd)?).map_err(Fault::other)?;
            }
        }
        Ok(())
    }

    async fn grpc(&self) -> Result<Grpc<Channel>, Fault> {
        let mut grpc = Grpc::new(self.channel.clone())
            .max_decoding_message_size(MOST_BYTES)
            .max_encoding_message_size(MOST_BYTES);
        grpc.ready().await.map_err(|error| Fault::unreachable(&error))?;
        Ok(grpc)
    }

    fn request<T>(&self, message: T) -> Request<T> {
        Request::from_parts(self.metadata.clone(), Extensions::default(), message)
    }

    async fn unary<T: Message + Send + Sync + 'static>(&self, method: &'static str, message: T) -> Result<(), Fault> {
        let mut grpc = self.grpc().await?;
        let codec: ProstCodec<T, Ignored> = ProstCodec::default();
        let answer = grpc
            .unary(self.request(message), PathAndQuery::from_static(method), codec)
            .await;
        answer.map_err(|status| Fault::of(&status))?;
        Ok(())
    }

    async fn interrupt(&self) {
        let request = InterruptRequest {
            session_id: self.id.clone(),
            user_context: Some(self.user.clone()),
            client_type: Some(CLIENT.into()),
            interrupt_type: INTERRUPT_ALL,
        };
        // If the server is gone, nothing runs there.
        let _ = within(ENDING, self.unary(INTERRUPT, request)).await;
    }
}

impl Session for SparkSession {
    /// Does nothing. A table's rows may change between two statements; the callers check for that where it matters.
    fn hold(&self) -> Result<(), String> {
        Ok(())
    }

    fn run(&self, sql: &str, stop: &Stop, schema: TakeSchema<'_>, take: TakeBatch<'_>) -> Result<(), String> {
        self.ask(sql, stop, schema, take).map_err(|fault| self.said(&fault))
    }
}

/// Ends the session, and with it all running statements.
impl Drop for SparkSession {
    fn drop(&mut self) {
        let request = ReleaseSessionRequest {
            session_id: self.id.clone(),
            user_context: Some(self.user.clone()),
            client_type: Some(CLIENT.into()),
        };
        // The server drops a session that was not ended after an hour.
        let _ = self
            .runtime
            .block_on(async { within(ENDING, self.unary(RELEASE, request)).await });
    }
}

/// Escapes a path, because Spark reads paths as patterns.
fn literal(path: String) -> String {
    let mut literal = String::with_capacity(path.len());
    for one in path.chars() {
        if "\\{}[]*?".contains(one) {
            literal.push('\\');
        }
        literal.push(one);
    }
    literal
}

async fn within(limit: Duration, asking: impl Future<Output = Result<(), Fault>>) -> Result<(), Fault> {
    let asked = tokio::time::timeout(limit, asking).await;
    asked.unwrap_or_else(|_| Err(Fault::other("it did not answer")))
}

fn said(fault: &Fault, told: &Told, access: &Access) -> String {
    let said = told.without_secrets(&fault.said);
    match fault.kind {
        FaultKind::Unreachable if said.contains("peer certificate") => {
            format!(
                "can't be reached, because its certificate is not trusted: {said}; trust the authority that signed it: add it to this \
                 machine's, or name its file in SSL_CERT_FILE"
            )
        }
        FaultKind::Unreachable => {
            format!("can't be reached, or no more: {said}; is Spark Connect up, and is {access} right?")
        }
        FaultKind::Refused => {
            format!("refuses who asks: {said}; put the right token into {access}, as sc://host:15002/;token=…")
        }
        FaultKind::NoFile | FaultKind::BrokenFile | FaultKind::Other => said,
    }
}

async fn connect(remote: &Remote, timeout: Duration) -> Result<Channel, Fault> {
    let unusable = |error: tonic::transport::Error| Fault::unreachable(&error);
    let mut endpoint = Endpoint::from_shared(remote.endpoint.clone())
        .map_err(unusable)?
        .connect_timeout(CONNECTING.min(timeout))
        .tcp_keepalive(Some(Duration::from_secs(30)))
        .user_agent(CLIENT)
        .map_err(unusable)?;
    if remote.uses_tls {
        let tls = ClientTlsConfig::new().with_native_roots();
        endpoint = endpoint.tls_config(tls).map_err(unusable)?;
    }
    endpoint.connect().await.map_err(unusable)
}

fn metadata(remote: &Remote) -> Result<MetadataMap, String> {
    let mut metadata = MetadataMap::new();
    let value = |value: &str| -> Result<AsciiMetadataValue, String> {
        value
            .parse()
            .map_err(|_| "a value of the address can't be sent as a header".to_owned())
    };
    for (name, text) in &remote.headers {
        let name: AsciiMetadataKey = name
            .parse()
            .map_err(|_| "a parameter's name of the address can't be sent as a header".to_owned())?;
        metadata.insert(name, value(text)?);
    }
    if let Some(token) = &remote.token {
        metadata.insert("authorization", value(&format!("Bearer {token}"))?);
    }
    Ok(metadata)
}
