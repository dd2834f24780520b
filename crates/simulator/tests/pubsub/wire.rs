//! The messages that these tests send and read, with the numbers of the public proto file, and
//! gRPC's frames around them.

use axum::body::Body;
use bytes::{BufMut as _, Bytes, BytesMut};
use http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use prost::Message;
use tokio::sync::mpsc;
use tower::ServiceExt as _;

#[derive(Clone, PartialEq, Message)]
pub struct ProducerEvent {
    #[prost(string, tag = "1")]
    pub id: String,
    #[prost(string, tag = "2")]
    pub schema_id: String,
    #[prost(bytes = "vec", tag = "3")]
    pub payload: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub struct ConsumerEvent {
    #[prost(message, required, tag = "1")]
    pub event: ProducerEvent,
    #[prost(bytes = "vec", tag = "2")]
    pub replay_id: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub struct TopicRequest {
    #[prost(string, tag = "1")]
    pub topic_name: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct TopicInfo {
    #[prost(string, tag = "1")]
    pub topic_name: String,
    #[prost(string, tag = "2")]
    pub tenant_guid: String,
    #[prost(bool, tag = "3")]
    pub can_publish: bool,
    #[prost(bool, tag = "4")]
    pub can_subscribe: bool,
    #[prost(string, tag = "5")]
    pub schema_id: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct SchemaRequest {
    #[prost(string, tag = "1")]
    pub schema_id: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct SchemaInfo {
    #[prost(string, tag = "1")]
    pub schema_json: String,
    #[prost(string, tag = "2")]
    pub schema_id: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct FetchRequest {
    #[prost(string, tag = "1")]
    pub topic_name: String,
    #[prost(int32, tag = "2")]
    pub replay_preset: i32,
    #[prost(bytes = "vec", tag = "3")]
    pub replay_id: Vec<u8>,
    #[prost(int32, tag = "4")]
    pub num_requested: i32,
}

#[derive(Clone, PartialEq, Message)]
pub struct FetchResponse {
    #[prost(message, repeated, tag = "1")]
    pub events: Vec<ConsumerEvent>,
    #[prost(bytes = "vec", tag = "2")]
    pub latest_replay_id: Vec<u8>,
    #[prost(string, tag = "3")]
    pub rpc_id: String,
    #[prost(int32, tag = "4")]
    pub pending_num_requested: i32,
}

#[derive(Clone, PartialEq, Message)]
pub struct ManagedFetchRequest {
    #[prost(string, tag = "1")]
    pub subscription_id: String,
    #[prost(string, tag = "2")]
    pub developer_name: String,
    #[prost(int32, tag = "3")]
    pub num_requested: i32,
    #[prost(message, optional, tag = "5")]
    pub commit: Option<Commit>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Commit {
    #[prost(string, tag = "1")]
    pub commit_request_id: String,
    #[prost(bytes = "vec", tag = "2")]
    pub replay_id: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub struct ManagedFetchResponse {
    #[prost(message, repeated, tag = "1")]
    pub events: Vec<ConsumerEvent>,
    #[prost(bytes = "vec", tag = "2")]
    pub latest_replay_id: Vec<u8>,
    #[prost(message, optional, tag = "5")]
    pub commit: Option<Committed>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Committed {
    #[prost(string, tag = "1")]
    pub commit_request_id: String,
    #[prost(message, optional, tag = "3")]
    pub error: Option<Error>,
}

#[derive(Clone, PartialEq, Message)]
pub struct PublishRequest {
    #[prost(string, tag = "1")]
    pub topic_name: String,
    #[prost(message, repeated, tag = "2")]
    pub events: Vec<ProducerEvent>,
}

#[derive(Clone, PartialEq, Message)]
pub struct PublishResponse {
    #[prost(message, repeated, tag = "1")]
    pub results: Vec<PublishResult>,
}

#[derive(Clone, PartialEq, Message)]
pub struct PublishResult {
    #[prost(bytes = "vec", tag = "1")]
    pub replay_id: Vec<u8>,
    #[prost(message, optional, tag = "2")]
    pub error: Option<Error>,
    #[prost(string, tag = "3")]
    pub correlation_key: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct Error {
    #[prost(int32, tag = "1")]
    pub code: i32,
    #[prost(string, tag = "2")]
    pub msg: String,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    pub code: u32,
    pub error_code: String,
    pub message: String,
}

/// An open call: what is sent goes in, what comes back is read frame by frame.
pub struct Line {
    requests: Option<mpsc::UnboundedSender<Bytes>>,
    body: Body,
    head: HeaderMap,
    read: BytesMut,
}

impl Line {
    pub async fn open(router: axum::Router, method: &str, metadata: &[(&str, &str)]) -> Self {
        let (requests, mut receiver) = mpsc::unbounded_channel::<Bytes>();
        let frames = futures_util::stream::poll_fn(move |context| {
            receiver
                .poll_recv(context)
                .map(|b| b.map(Ok::<_, std::io::Error>))
        });
        let mut request = Request::builder()
            .method("POST")
            .uri(format!("http://pubsub.test/eventbus.v1.PubSub/{method}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        for (name, value) in metadata {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from_stream(frames)).unwrap();
        let call = tokio::spawn(router.oneshot(request));
        Self {
            requests: Some(requests),
            body: Body::empty(),
            head: HeaderMap::new(),
            read: BytesMut::new(),
        }
        .begun(call)
        .await
    }

    /// Unary calls answer only after the request; their line is opened by `ask`.
    async fn begun(
        mut self,
        call: tokio::task::JoinHandle<Result<axum::response::Response, std::convert::Infallible>>,
    ) -> Self {
        let response = call.await.unwrap().unwrap();
        let (head, body) = response.into_parts();
        self.head = head.headers;
        self.body = body;
        self
    }

    pub fn send(&self, message: &impl Message) {
        self.requests
            .as_ref()
            .unwrap()
            .send(frame(message))
            .unwrap();
    }

    /// The next message, or how the call ended.
    pub async fn next<T: Message + Default>(&mut self) -> Result<T, Ended> {
        loop {
            if self.read.len() >= 5 {
                let length = u32::from_be_bytes(self.read[1..5].try_into().unwrap()) as usize;
                if self.read.len() >= 5 + length {
                    let bytes = self.read.split_to(5 + length);
                    return Ok(T::decode(&bytes[5..]).unwrap());
                }
            }
            match self.body.frame().await {
                Some(frame) => match frame.unwrap().into_data() {
                    Ok(data) => self.read.put(data),
                    Err(frame) => return Err(ended(&frame.into_trailers().unwrap())),
                },
                None => return Err(ended(&self.head)),
            }
        }
    }
}

/// One request, one answer.
pub async fn ask<T: Message + Default>(
    router: axum::Router,
    method: &str,
    metadata: &[(&str, &str)],
    message: &impl Message,
) -> Result<T, Ended> {
    let mut request = Request::builder()
        .method("POST")
        .uri(format!("http://pubsub.test/eventbus.v1.PubSub/{method}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    for (name, value) in metadata {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(frame(message))).unwrap();
    let response = router.oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let mut line = Line {
        requests: None,
        body,
        head: head.headers,
        read: BytesMut::new(),
    };
    line.next().await
}

fn frame(message: &impl Message) -> Bytes {
    let mut bytes = BytesMut::new();
    bytes.put_u8(0);
    bytes.put_u32(message.encoded_len() as u32);
    message.encode(&mut bytes).unwrap();
    bytes.freeze()
}

fn ended(trailers: &HeaderMap) -> Ended {
    let text = |name: &str| {
        let value = trailers.get(name).map(|v| v.to_str().unwrap().to_owned());
        value.unwrap_or_default()
    };
    Ended {
        code: text("grpc-status").parse().unwrap(),
        error_code: text("error-code"),
        message: text("grpc-message"),
    }
}
