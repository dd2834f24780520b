//! Who one is, and what one sees.

use crate::answer::Answer;
use crate::api::conversations::ConversationCounts;
use crate::api::me::{InboxName, Me, Organisation, OwnStaff};
use crate::api::names::StaffName;
use crate::api::sync::Connection;
use crate::problem::Result;
use crate::state::WebState;
use axum::Extension;
use axum::extract::State;
use tieline_access::SignedIn;
use tieline_storage::{carrier_account, connection, conversation, inbox, setting, staff};

pub(crate) async fn show(
    State(state): State<WebState>,
    Extension(me): Extension<SignedIn>,
) -> Result<Answer<Me>> {
    let mut reader = state.store.reader().await?;
    let organisation: Option<String> =
        setting::get(&mut reader, setting::ORGANISATION_NAME).await?;
    let scope = me.principal.scope();
    let senders = carrier_account::senders(&mut reader).await?;
    let inboxes = inbox::all(&mut reader)
        .await?
        .into_iter()
        .filter(|inbox| scope.sees_inbox(inbox.id))
        .map(|inbox| InboxName {
            id: inbox.id,
            name: inbox.name,
            channel: inbox.channel,
            address: (senders.iter())
                .find(|it| it.inbox_id == Some(inbox.id))
                .map(|it| it.address.clone()),
        })
        .collect();
    let staff_list = staff::all(&mut reader)
        .await?
        .into_iter()
        .filter(|staff| staff.active)
        .map(|staff| StaffName {
            id: staff.id,
            name: staff.name,
        })
        .collect();
    let counts = conversation::count_views(&mut reader, &scope).await?;
    let connections = connection::all(&mut reader).await?;
    Ok(Answer(Me {
        staff: OwnStaff {
            id: me.staff.id,
            name: me.staff.name,
            email: me.staff.email,
            role: me.staff.role,
        },
        organisation: Organisation {
            name: organisation.unwrap_or_else(|| "Tieline".to_owned()),
        },
        inboxes,
        staff_list,
        connection: connections.first().map(Connection::of),
        counts: ConversationCounts::of(&counts),
        demo: state.demo.clone(),
    }))
}
