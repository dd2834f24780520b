//! Publish and PublishStream: each event is looked at by itself and has its own result.

use std::time::Duration;

use tonic::server::{StreamingService, UnaryService};
use tonic::{Request, Response, Status, Streaming};

use super::door::{Caller, Door};
use super::errors::{NOT_SIGNED_IN, PUBLISH_FORBIDDEN, REFRESH_INVALID, TOPIC_CHANGED};
use super::messages::{
    Error, ErrorCode, ProducerEvent, PublishRequest, PublishResponse, PublishResult,
};
use super::stream::{Answers, Sender, answered};
use super::topics::{Answering, find};
use crate::org::events::{PublishRefused, Topic, replay};

pub(super) struct Publish(pub Door);

pub(super) struct PublishStream(pub Door);

impl UnaryService<PublishRequest> for Publish {
    type Response = PublishResponse;
    type Future = Answering<PublishResponse>;

    fn call(&mut self, request: Request<PublishRequest>) -> Self::Future {
        let caller = self.0.enter("Publish", request.metadata());
        let asked = request.into_inner();
        Box::pin(std::future::ready(
            caller.and_then(|caller| publish(&caller, &asked).map(Response::new)),
        ))
    }
}

impl StreamingService<PublishRequest> for PublishStream {
    type Response = PublishResponse;
    type ResponseStream = Answers<PublishResponse>;
    type Future = Answering<Self::ResponseStream>;

    fn call(&mut self, request: Request<Streaming<PublishRequest>>) -> Self::Future {
        let caller = self.0.enter("PublishStream", request.metadata());
        let requests = request.into_inner();
        answered(caller, |caller, sender| async move {
            run(caller, requests, &sender).await
        })
    }
}

/// A stream on which nothing is published for a while is closed.
async fn run(
    mut caller: Caller,
    mut requests: Streaming<PublishRequest>,
    sender: &Sender<PublishResponse>,
) -> Result<(), Status> {
    let mut topic = String::new();
    loop {
        let idle = Duration::from_millis(caller.org().event_settings().idle_close_ms);
        let request = match tokio::time::timeout(idle, requests.message()).await {
            Ok(request) => request?,
            Err(_) => return Ok(()),
        };
        let Some(mut asked) = request else {
            return Ok(());
        };
        if !asked.auth_refresh.is_empty() && !caller.refresh(&asked.auth_refresh) {
            return Err(caller.fails(REFRESH_INVALID));
        }
        if !caller.session_lives() {
            return Err(caller.fails(NOT_SIGNED_IN));
        }
        if topic.is_empty() {
            topic.clone_from(&asked.topic_name);
        }
        if !asked.topic_name.is_empty() && asked.topic_name != topic {
            return Err(caller.fails(TOPIC_CHANGED));
        }
        asked.topic_name.clone_from(&topic);
        let response = publish(&caller, &asked)?;
        if sender.send(Ok(response)).await.is_err() {
            return Ok(());
        }
    }
}

fn publish(caller: &Caller, asked: &PublishRequest) -> Result<PublishResponse, Status> {
    let topic = find(caller, &asked.topic_name)?;
    let Topic::Platform(name) = &topic else {
        return Err(caller.fails(PUBLISH_FORBIDDEN));
    };
    let results = asked.events.iter();
    let results = results.map(|event| publish_one(caller, name, event));
    Ok(PublishResponse {
        results: results.collect(),
        schema_id: caller.org().topic_schema(&topic),
        rpc_id: caller.rpc_id.clone(),
    })
}

fn publish_one(caller: &Caller, name: &str, event: &ProducerEvent) -> PublishResult {
    let labels = (event.id.as_str(), event.schema_id.as_str());
    let outcome = caller.org().publish_event(name, labels, &event.payload);
    let (replay_id, error) = match outcome {
        Ok(replay) => (replay::to_bytes(replay), None),
        Err(refused) => (Vec::new(), Some(error(refused))),
    };
    PublishResult {
        replay_id,
        error,
        correlation_key: event.id.clone(),
    }
}

fn error(refused: PublishRefused) -> Error {
    let msg = match refused {
        PublishRefused::UnknownEvent => "The event does not exist in this org.",
        PublishRefused::UnknownSchema => "The schema ID is not that of the event.",
        PublishRefused::Unreadable => "The payload does not match the schema.",
        PublishRefused::TooLarge => "The event is larger than 1 MB.",
    };
    Error {
        code: ErrorCode::Publish.into(),
        msg: msg.to_owned(),
    }
}
