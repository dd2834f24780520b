//! GetTopic and GetSchema.

use std::future::Future;
use std::pin::Pin;

use tonic::server::UnaryService;
use tonic::{Request, Response, Status};

use super::door::{Caller, Door};
use super::errors::{Failure, SCHEMA_UNKNOWN, TOPIC_FORBIDDEN, TOPIC_MISSING, TOPIC_UNKNOWN};
use super::messages::{SchemaInfo, SchemaRequest, TopicInfo, TopicRequest};
use crate::org::events::{Topic, TopicRefused};

/// The answer of a unary method.
pub(super) type Answering<T> =
    Pin<Box<dyn Future<Output = Result<Response<T>, Status>> + Send + 'static>>;

pub(super) struct GetTopic(pub Door);

pub(super) struct GetSchema(pub Door);

impl UnaryService<TopicRequest> for GetTopic {
    type Response = TopicInfo;
    type Future = Answering<TopicInfo>;

    fn call(&mut self, request: Request<TopicRequest>) -> Self::Future {
        let caller = self.0.enter("GetTopic", request.metadata());
        let asked = request.into_inner();
        Box::pin(std::future::ready(
            caller.and_then(|caller| topic_info(&caller, asked)),
        ))
    }
}

impl UnaryService<SchemaRequest> for GetSchema {
    type Response = SchemaInfo;
    type Future = Answering<SchemaInfo>;

    fn call(&mut self, request: Request<SchemaRequest>) -> Self::Future {
        let caller = self.0.enter("GetSchema", request.metadata());
        let asked = request.into_inner();
        Box::pin(std::future::ready(
            caller.and_then(|caller| schema_info(&caller, asked)),
        ))
    }
}

fn topic_info(caller: &Caller, asked: TopicRequest) -> Result<Response<TopicInfo>, Status> {
    let topic = find(caller, &asked.topic_name)?;
    Ok(Response::new(TopicInfo {
        topic_name: asked.topic_name,
        tenant_guid: format!("core/prod/{}", caller.org().id()),
        can_publish: matches!(topic, Topic::Platform(_)),
        can_subscribe: true,
        schema_id: caller.org().topic_schema(&topic),
        rpc_id: caller.rpc_id.clone(),
    }))
}

fn schema_info(caller: &Caller, asked: SchemaRequest) -> Result<Response<SchemaInfo>, Status> {
    let json = caller.org().event_schema(&asked.schema_id);
    let schema_json = json.ok_or_else(|| caller.fails(SCHEMA_UNKNOWN))?;
    Ok(Response::new(SchemaInfo {
        schema_json,
        schema_id: asked.schema_id,
        rpc_id: caller.rpc_id.clone(),
    }))
}

/// The topic of this name, as the caller may know it.
pub(super) fn find(caller: &Caller, name: &str) -> Result<Topic, Status> {
    if name.is_empty() {
        return Err(caller.fails(TOPIC_MISSING));
    }
    let topic = caller.org().event_topic(&caller.user, name);
    topic.map_err(|refused| caller.fails(failure(refused)))
}

fn failure(refused: TopicRefused) -> Failure {
    match refused {
        TopicRefused::Unknown => TOPIC_UNKNOWN,
        TopicRefused::NoAccess => TOPIC_FORBIDDEN,
    }
}
