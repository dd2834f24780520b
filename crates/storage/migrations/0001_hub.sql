-- One text for both databases: `uid` (the id of a thing of ours) and `bytes` are written in each one's own
-- word, `without rowid` is SQLite's alone. Times are epoch milliseconds, booleans 0 or 1, JSON is text; the
-- same words as in the API.

create table setting (
    key text not null primary key,
    value text not null,
    updated_at bigint not null
);

create table staff (
    id uid not null primary key,
    email text not null unique,
    name text not null,
    role text not null,
    reviewer bigint not null default 0,
    password_hash text,
    -- Who gave the password away, if it was somebody else than they.
    password_given_by text,
    active bigint not null default 1,
    created_at bigint not null,
    version bigint not null default 1
);

create table session (
    session_id uid not null primary key,
    token_hash bytes not null unique,
    principal_kind text not null,
    principal_id uid not null,
    opened_at bigint not null,
    last_seen_at bigint not null,
    expires_at bigint not null,
    ends_at bigint not null,
    address text,
    agent text,
    -- Who gave the link or the password away by which it was opened.
    given_by text
);
create index session_by_principal on session (principal_kind, principal_id);

create table sign_in_link (
    token_hash bytes not null primary key,
    staff_id uid not null unique references staff (id),
    expires_at bigint not null,
    given_by text
);

-- Sign-ins that failed lately, by the hash of what they are counted by.
create table sign_in_failure (
    key bytes not null primary key,
    failures bigint not null,
    last_at bigint not null
);
create index sign_in_failure_by_time on sign_in_failure (last_at);

-- Keys of programs. A row stays when its key is revoked: the audit names it.
create table api_key (
    id uid not null primary key,
    name text not null,
    token_hash bytes not null unique,
    rights text not null,
    all_inboxes bigint not null,
    created_by uid references staff (id),
    created_by_key uid references api_key (id),
    created_at bigint not null,
    last_used_at bigint,
    expires_at bigint,
    revoked_at bigint
);
create unique index api_key_by_name on api_key (name) where revoked_at is null;

create table audit (
    id uid not null primary key,
    at bigint not null,
    by_kind text not null,
    staff_id uid,
    api_key_id uid,
    address text,
    act text not null,
    target text not null,
    before text not null,
    after text not null
);

-- Keys of requests. An answer is personal data as its request was; it is gone after a day.
create table idempotency (
    principal text not null,
    key text not null,
    -- The user who asked, or on whose behalf a key did.
    staff_id uid,
    request_hash bytes not null,
    taken_at bigint not null,
    done_at bigint,
    answered_at bigint,
    status bigint,
    body text,
    -- What that user may see changed meanwhile: no answer is kept.
    forgotten bigint not null default 0,
    primary key (principal, key)
);
create index idempotency_by_age on idempotency (taken_at);
create index idempotency_by_staff on idempotency (staff_id);

-- People and addresses -------------------------------------------------------------------------

-- The fields that contacts have; those that come with Tieline are the first rows of a new database.
create table contact_field (
    id uid not null primary key,
    name text not null unique,
    label text not null,
    kind text not null,
    max_length bigint not null,
    options text not null,
    position bigint not null,
    section text not null,
    required bigint not null,
    read_only bigint not null
);

create table contact (
    id uid not null primary key,
    name text not null,
    sort_name text not null,
    fields text not null,
    field_times text not null,
    search_text text not null,
    -- By which rule and country its numbers were read.
    reading text not null,
    -- Phone fields that give no number.
    unreadable bigint not null,
    created_at bigint not null,
    updated_at bigint not null,
    deleted_at bigint,
    version bigint not null default 1
);
create index contact_by_name on contact (sort_name, id) where deleted_at is null;
create index contact_unreadable on contact (sort_name, id) where deleted_at is null and unreadable > 0;
create index contact_by_change on contact (updated_at, id) where deleted_at is null;
create index contact_by_reading on contact (reading, id);

create table contact_point (
    id uid not null primary key,
    channel text not null,
    address text not null,
    -- Since when a carrier says that no text reaches it.
    landline_since bigint,
    created_at bigint not null,
    unique (channel, address)
);

-- Which contacts answer to a point, by which of their fields, and from which text it was read; a point
-- may be shared.
create table contact_has_point (
    contact_id uid not null references contact (id),
    field text not null,
    point_id uid not null references contact_point (id),
    text text not null,
    primary key (contact_id, field)
) without rowid;
create index contact_has_point_by_point on contact_has_point (point_id);

-- What a text of a contact was read as when it was last read: now it gives no number, or the contact is
-- deleted. An opt-out follows from here to the number that it gives next.
create table contact_had_point (
    contact_id uid not null references contact (id),
    point_id uid not null references contact_point (id),
    text text not null,
    primary key (contact_id, point_id, text)
) without rowid;

create table consent_entry (
    id uid not null primary key,
    point_id uid not null references contact_point (id),
    scope text not null,
    act text not null,
    source text not null,
    message_id uid,
    at bigint not null
);
create index consent_entry_by_point on consent_entry (point_id, at);

create table consent (
    point_id uid not null references contact_point (id),
    scope text not null,
    state text not null,
    source text not null,
    at bigint not null,
    primary key (point_id, scope)
);

-- Conversations --------------------------------------------------------------------------------

create table inbox (
    id uid not null primary key,
    channel text not null,
    name text not null,
    country text not null,
    created_at bigint not null
);

-- An account at a carrier; `account` is the carrier's name for it. Its secret signs webhooks.
create table carrier_account (
    id uid not null primary key,
    carrier text not null,
    account text not null,
    url text not null,
    secret bytes not null,
    -- Until when the carrier asked to be left alone.
    held_until bigint,
    created_at bigint not null,
    unique (carrier, account)
);

-- A number or name that an account sends from; one without an inbox is not assigned.
create table sender (
    id uid not null primary key,
    account_id uid not null references carrier_account (id),
    inbox_id uid references inbox (id),
    address text not null,
    created_at bigint not null,
    unique (account_id, address)
);
create index sender_by_inbox on sender (inbox_id, created_at, id);

create table inbox_member (
    inbox_id uid not null references inbox (id),
    staff_id uid not null references staff (id),
    primary key (inbox_id, staff_id)
);

-- What a key reaches that does not reach all.
create table api_key_inbox (
    api_key_id uid not null references api_key (id),
    inbox_id uid not null references inbox (id),
    primary key (api_key_id, inbox_id)
);

create table conversation (
    id uid not null primary key,
    inbox_id uid not null references inbox (id),
    point_id uid not null references contact_point (id),
    -- Which of our numbers they know: the one that they wrote to last.
    sender_id uid references sender (id),
    contact_id uid references contact (id),
    tie text not null,
    tie_from bigint not null,
    status text not null,
    turn text not null,
    assigned_to uid references staff (id),
    last_seq bigint not null,
    last_kind text,
    last_author_kind text,
    last_author_id uid,
    last_author_reason text,
    last_text text,
    last_state text,
    last_at bigint not null,
    -- Messages of theirs; what a person has not read of them is counted from their read_mark.
    received bigint not null,
    merged_into uid references conversation (id),
    created_at bigint not null,
    version bigint not null default 1,
    unique (inbox_id, point_id)
);
create index conversation_by_turn on conversation (status, turn, last_at, id);
create index conversation_by_point on conversation (point_id);
create index conversation_by_contact on conversation (contact_id);
create index conversation_merged on conversation (merged_into) where merged_into is not null;
-- The counts of lists come from this one alone.
create index conversation_open on conversation (inbox_id, assigned_to, turn) where status = 'open';

-- How far a person has read; apart from all else, so that looking changes nothing.
create table read_mark (
    conversation_id uid not null references conversation (id),
    staff_id uid not null references staff (id),
    seq bigint not null,
    received bigint not null,
    primary key (conversation_id, staff_id)
) without rowid;

-- Who takes part: rows come from writing and from being given it, never from reading.
create table participant (
    conversation_id uid not null references conversation (id),
    kind text not null,
    principal_id uid not null,
    role text not null,
    sees_from text not null,
    since bigint not null,
    until bigint,
    primary key (conversation_id, kind, principal_id, role)
) without rowid;
create index participant_by_principal on participant (kind, principal_id);

create table message (
    id uid not null primary key,
    conversation_id uid not null references conversation (id),
    seq bigint not null,
    kind text not null,
    audience text not null,
    author_kind text not null,
    author_id uid,
    author_reason text,
    text text not null,
    -- Folded, with its numbers in one piece.
    search_text text not null,
    state text not null,
    state_at bigint not null,
    error_code text,
    error_detail text,
    segments bigint not null,
    -- Which of our numbers it went through.
    sender_id uid references sender (id),
    client_key text,
    at bigint not null,
    unique (conversation_id, seq)
);
create unique index message_by_client_key on message (conversation_id, client_key) where client_key is not null;

-- Files that came with messages; their bytes are in the store that `place` names.
create table attachment (
    id uid not null primary key,
    message_id uid not null references message (id),
    name text not null,
    media_type text not null,
    size_bytes bigint not null,
    sha256 bytes not null,
    place text not null,
    state text not null,
    created_at bigint not null
);
create index attachment_by_message on attachment (message_id);

-- Each time that a message was handed to a carrier. A report is of one attempt.
create table attempt (
    message_id uid not null references message (id),
    number bigint not null,
    account_id uid not null references carrier_account (id),
    provider_id text,
    state text not null,
    -- While it is open: when it began, at the latest and at the earliest.
    begun_at bigint not null,
    not_before bigint not null,
    primary key (message_id, number)
) without rowid;
create index attempt_open on attempt (state) where state in ('sending', 'uncertain');
create unique index attempt_by_provider on attempt (account_id, provider_id) where provider_id is not null;

-- Every text that a carrier was told we have; narrow, kept for ever.
create table receipt (
    account_id uid not null references carrier_account (id),
    provider_id text not null,
    message_id uid not null,
    primary key (provider_id, account_id)
) without rowid;

-- What a carrier signed for an account or number that no inbox has: kept as given, and shown.
create table unassigned_text (
    id uid not null primary key,
    account text not null,
    provider_id text not null,
    sender text not null,
    addressee text not null,
    text text not null,
    received_at bigint not null,
    unique (provider_id, account)
);
create index unassigned_text_by_time on unassigned_text (received_at, id);

-- The org --------------------------------------------------------------------------------------

create table connection (
    id uid not null primary key,
    name text not null,
    kind text not null,
    login_url text not null,
    instance_url text not null,
    org_id text not null,
    org_name text not null,
    user_id text not null,
    username text not null,
    grant_kind text not null,
    consumer_key text not null,
    secrets bytes not null,
    access_token bytes,
    token_version bigint not null default 0,
    state text not null,
    state_reason text,
    state_since bigint not null,
    daily_budget bigint not null,
    org_calls text,
    created_at bigint not null
);

create table api_usage (
    connection_id uid not null references connection (id),
    hour bigint not null,
    purpose text not null,
    calls bigint not null,
    primary key (connection_id, hour, purpose)
);

create table object_mapping (
    id uid not null primary key,
    connection_id uid not null references connection (id),
    object text not null,
    position bigint not null,
    enabled bigint not null,
    direction text not null,
    deletes text not null,
    auto_create bigint not null,
    read_until bigint,
    last_changed_at bigint,
    -- Records that the org had, when it was asked.
    org_records bigint,
    org_counted_at bigint,
    unique (connection_id, object)
);

create table field_mapping (
    object_mapping_id uid not null references object_mapping (id),
    field text not null,
    attribute text not null,
    direction text not null,
    policy text not null,
    position bigint not null,
    primary key (object_mapping_id, field)
);

create table link (
    id uid not null primary key,
    connection_id uid not null references connection (id),
    object text not null,
    record_id text not null,
    contact_id uid not null references contact (id),
    is_primary bigint not null,
    state text not null,
    base text,
    modified_at bigint not null,
    waiting_to_org bigint not null default 0,
    synced_at bigint not null,
    version bigint not null default 1,
    unique (connection_id, object, record_id)
);
create index link_by_contact on link (contact_id, connection_id, object);
create unique index link_primary on link (connection_id, contact_id) where is_primary = 1;
create index link_waiting on link (connection_id, object, id) where waiting_to_org = 1;
create index link_conflicts on link (connection_id, object) where state = 'conflict';

create table sync_run (
    id uid not null primary key,
    connection_id uid not null references connection (id),
    trigger text not null,
    staff_id uid references staff (id),
    state text not null,
    phase text not null,
    checkpoint text not null,
    counts text not null,
    progress_done bigint not null,
    progress_total bigint,
    api_calls bigint not null,
    api_calls_minimum bigint not null,
    error text,
    started_at bigint not null,
    finished_at bigint
);
create index sync_run_by_start on sync_run (connection_id, started_at, id);
create unique index sync_run_open on sync_run (connection_id) where finished_at is null;

-- The journal: what each run did, before and after, so that it can be shown and undone.
create table sync_change (
    run_id uid not null references sync_run (id),
    seq bigint not null,
    object text not null,
    record_id text,
    contact_id uid,
    direction text not null,
    act text not null,
    state text not null,
    before text,
    after text,
    error text,
    at bigint not null,
    primary key (run_id, seq)
) without rowid;

create table create_intent (
    id uid not null primary key,
    connection_id uid not null references connection (id),
    object text not null,
    contact_id uid,
    body text not null,
    state text not null,
    record_id text,
    -- While it is open: when its call began, at the latest and at the earliest.
    begun_at bigint not null,
    not_before bigint not null
);
create index create_intent_open on create_intent (connection_id, object) where state <> 'done';

-- One Task in the org per conversation and day, kept up to date while the day lasts. A row waits while
-- the org lacks some of it.
create table activity (
    connection_id uid not null references connection (id),
    conversation_id uid not null references conversation (id),
    day bigint not null,
    -- A day on which a conversation went from one person to another has a row of each; it begins with
    -- this message, and ends where the next begins.
    tie_from bigint not null,
    -- With whom; unknown until somebody is.
    contact_id uid references contact (id),
    record_id text,
    waiting bigint not null,
    news bigint not null,
    begun_at bigint,
    ended bigint not null,
    error text,
    updated_at bigint not null,
    primary key (conversation_id, connection_id, day, tie_from)
) without rowid;
create index activity_waiting on activity (connection_id, day, conversation_id, tie_from) where waiting = 1;
create index activity_by_record on activity (connection_id, record_id) where record_id is not null;

-- Work and news --------------------------------------------------------------------------------

-- The outbox: what a committed fact says must still be done or told outside.
create table job (
    id uid not null primary key,
    kind text not null,
    party text,
    key text,
    line text,
    line_number bigint,
    payload text not null,
    state text not null,
    run_at bigint not null,
    attempts bigint not null default 0,
    failures bigint not null default 0,
    lease_until bigint,
    fence bigint not null default 0,
    last_error text,
    created_at bigint not null
);
create index job_ready on job (run_at, id) where state = 'ready';
create index job_leased on job (lease_until) where state in ('leased', 'attempt_started', 'uncertain');
create index job_dead on job (id) where state = 'dead';
create index job_in_line on job (line, line_number) where line is not null and state in ('ready', 'leased', 'attempt_started');
create unique index job_waiting on job (key) where key is not null and state = 'ready';
create unique index job_held on job (key) where key is not null and state in ('leased', 'attempt_started');

create table stream_head (
    id bigint not null primary key,
    seq bigint not null
);
insert into stream_head (id, seq) values (1, 0);

create table event (
    seq bigint not null primary key,
    at bigint not null,
    body text not null
) without rowid;
