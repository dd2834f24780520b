//! The Pub/Sub API: gRPC over HTTP/2 for subscribers and publishers of events. One port serves all
//! orgs of the world; a call's metadata says which org it means.

mod door;
mod errors;
mod managed;
mod messages;
mod publish;
mod stream;
mod subscribe;
mod topics;

use crate::simulator::Simulator;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::post;
use door::Door;
use http::{Request, Response};
use messages::{
    FetchRequest, FetchResponse, ManagedFetchRequest, ManagedFetchResponse, PublishRequest,
    PublishResponse, SchemaInfo, SchemaRequest, TopicInfo, TopicRequest,
};
use tonic::server::Grpc;
use tonic_prost::ProstCodec;

/// Bytes that one request may have.
const REQUEST_BYTES_MAX: usize = 4 * 1024 * 1024;

impl Simulator {
    /// The Pub/Sub API of all orgs, for an HTTP/2 port of its own.
    pub fn pubsub_router(&self) -> Router {
        router(self.clone())
    }
}

/// Every method of the service.
fn router(simulator: Simulator) -> Router {
    Router::new()
        .route("/eventbus.v1.PubSub/Subscribe", post(subscribe))
        .route("/eventbus.v1.PubSub/GetSchema", post(get_schema))
        .route("/eventbus.v1.PubSub/GetTopic", post(get_topic))
        .route("/eventbus.v1.PubSub/Publish", post(publish))
        .route("/eventbus.v1.PubSub/PublishStream", post(publish_stream))
        .route(
            "/eventbus.v1.PubSub/ManagedSubscribe",
            post(managed_subscribe),
        )
        .fallback(unknown)
        .with_state(Door::new(simulator))
}

async fn subscribe(State(door): State<Door>, request: Request<Body>) -> Response<Body> {
    let codec = ProstCodec::<FetchResponse, FetchRequest>::default();
    let service = subscribe::Subscribe(door);
    let response = grpc(codec).streaming(service, request).await;
    response.map(Body::new)
}

async fn get_schema(State(door): State<Door>, request: Request<Body>) -> Response<Body> {
    let codec = ProstCodec::<SchemaInfo, SchemaRequest>::default();
    let response = grpc(codec).unary(topics::GetSchema(door), request).await;
    response.map(Body::new)
}

async fn get_topic(State(door): State<Door>, request: Request<Body>) -> Response<Body> {
    let codec = ProstCodec::<TopicInfo, TopicRequest>::default();
    let response = grpc(codec).unary(topics::GetTopic(door), request).await;
    response.map(Body::new)
}

async fn publish(State(door): State<Door>, request: Request<Body>) -> Response<Body> {
    let codec = ProstCodec::<PublishResponse, PublishRequest>::default();
    let response = grpc(codec).unary(publish::Publish(door), request).await;
    response.map(Body::new)
}

async fn publish_stream(State(door): State<Door>, request: Request<Body>) -> Response<Body> {
    let codec = ProstCodec::<PublishResponse, PublishRequest>::default();
    let service = publish::PublishStream(door);
    let response = grpc(codec).streaming(service, request).await;
    response.map(Body::new)
}

async fn managed_subscribe(State(door): State<Door>, request: Request<Body>) -> Response<Body> {
    let codec = ProstCodec::<ManagedFetchResponse, ManagedFetchRequest>::default();
    let service = managed::ManagedSubscribe(door);
    let response = grpc(codec).streaming(service, request).await;
    response.map(Body::new)
}

async fn unknown() -> Response<Body> {
    let status = tonic::Status::unimplemented("the Pub/Sub API has no such method");
    status.into_http::<tonic::body::Body>().map(Body::new)
}

fn grpc<C: tonic::codec::Codec>(codec: C) -> Grpc<C> {
    Grpc::new(codec).max_decoding_message_size(REQUEST_BYTES_MAX)
}
