//! Files that came with messages, over the API: read by whoever may read the message.

use crate::answer::File;
use crate::extract::Path;
use crate::problem::{Code, Problem, Result};
use crate::state::WebState;
use axum::Extension;
use axum::extract::State;
use tieline_domain::access::Caller;
use tieline_domain::attachment::{AttachmentState, file_name, served_as};
use tieline_domain::id::AttachmentId;
use tieline_storage::{StorageError, attachment};

pub(crate) async fn read(
    State(state): State<WebState>,
    Extension(me): Extension<Caller>,
    Path(id): Path<AttachmentId>,
) -> Result<File> {
    let scope = me.principal.scope();
    let found = attachment::get(&mut *state.store.reader().await?, &scope, id).await?;
    if found.state == AttachmentState::Gone {
        return Err(StorageError::NotFound("attachment any more").into());
    }
    let bytes = state.attachments.get(id).await.map_err(|error| {
        tracing::error!(attachment.id = %id, error = %error, "the bytes of an attachment cannot be read");
        Problem::new(Code::Internal, "the file cannot be read").fix("Try again later.")
    })?;
    Ok(File {
        name: file_name(&found.name),
        media_type: served_as(&found.media_type),
        bytes: bytes.ok_or(StorageError::NotFound("attachment any more"))?,
    })
}
