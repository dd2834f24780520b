//! Signing in as real clients do, and as a real org refuses.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{Method, Request, StatusCode};
use ring::digest::{SHA256, digest};
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value as Json, json};
use tieline_simulator::{ConnectedApp, SignInSettings};

use crate::support::{BASE_URL, NOON_MS, Reply, World, world, world_with};

const REDIRECT: &str = "http://127.0.0.1:9/done";
const PRIYA: &str = "priya.shah@acme.example";
const KEY: &str = include_str!("../../keys/pretend-app.pem");

fn encoded(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

async fn post(world: &World, path: &str, headers: &[(&str, &str)], body: String) -> Reply {
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("content-type", "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    world.send(request.body(body.into()).unwrap()).await
}

async fn get(world: &World, path: &str, authorization: Option<&str>) -> Reply {
    let mut request = Request::builder().uri(path);
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    world.send(request.body(Default::default()).unwrap()).await
}

/// The first app's key and secret before the other fields.
async fn token(world: &World, fields: &[(&str, &str)]) -> Reply {
    token_at(world, &[], fields).await
}

async fn token_at(world: &World, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Reply {
    let mut all = vec![
        ("client_id", world.access.consumer_key.as_str()),
        ("client_secret", world.access.consumer_secret.as_str()),
    ];
    all.retain(|(name, _)| !fields.iter().any(|(other, _)| other == name));
    all.extend(fields);
    post(world, "/services/oauth2/token", headers, encoded(&all)).await
}

async fn password(world: &World, username: &str, given: &str) -> Reply {
    let fields = [
        ("grant_type", "password"),
        ("username", username),
        ("password", given),
    ];
    token(world, &fields).await
}

/// Error and description of a refusal, which must be an object with status 400.
fn refusal(reply: &Reply) -> (String, String) {
    assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{}", reply.text());
    let json = reply.json();
    let text = |name: &str| json[name].as_str().unwrap().to_owned();
    (text("error"), text("error_description"))
}

fn grant_refused(description: &str) -> (String, String) {
    ("invalid_grant".to_owned(), description.to_owned())
}

/// Signs in on the consent page; where the browser is sent then.
async fn allow(world: &World, extra: &[(&str, &str)]) -> url::Url {
    let mut fields = vec![
        ("client_id", world.access.consumer_key.as_str()),
        ("redirect_uri", REDIRECT),
        ("response_type", "code"),
        ("state", "s t"),
        ("username", world.access.username.as_str()),
        ("password", world.access.password.as_str()),
        ("answer", "allow"),
    ];
    fields.retain(|(name, _)| !extra.iter().any(|(other, _)| other == name));
    fields.extend(extra);
    let reply = post(world, "/services/oauth2/authorize", &[], encoded(&fields)).await;
    assert_eq!(reply.status, StatusCode::FOUND, "{}", reply.text());
    reply.header("location").unwrap().parse().unwrap()
}

fn param(url: &url::Url, name: &str) -> Option<String> {
    let mut pairs = url.query_pairs();
    pairs.find(|(n, _)| n == name).map(|(_, v)| v.into_owned())
}

async fn code(world: &World, extra: &[(&str, &str)]) -> String {
    param(&allow(world, extra).await, "code").unwrap()
}

async fn redeem(world: &World, code: &str, extra: &[(&str, &str)]) -> Reply {
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT),
    ];
    fields.retain(|(name, _)| !extra.iter().any(|(other, _)| other == name));
    fields.extend(extra);
    token(world, &fields).await
}

async fn refresh(world: &World, refresh_token: &str) -> Reply {
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token),
        // jsforce sends the verifier with every later request as well.
        ("code_verifier", "left over"),
    ];
    token(world, &fields).await
}

fn text(reply: &Reply, name: &str) -> String {
    let json = reply.json();
    let found = json[name].as_str().map(str::to_owned);
    found.unwrap_or_else(|| panic!("{name} in {json}"))
}

fn jwt(claims: &Json) -> String {
    let der: String = KEY.lines().filter(|l| !l.starts_with('-')).collect();
    let pair = RsaKeyPair::from_pkcs8(&STANDARD.decode(der).unwrap()).unwrap();
    let part = |json: &Json| URL_SAFE_NO_PAD.encode(json.to_string());
    let signed = format!("{}.{}", part(&json!({"alg": "RS256"})), part(claims));
    let mut signature = vec![0; pair.public().modulus_len()];
    let random = ring::rand::SystemRandom::new();
    pair.sign(
        &RSA_PKCS1_SHA256,
        &random,
        signed.as_bytes(),
        &mut signature,
    )
    .unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

async fn assert_by(world: &World, exp: Json, aud: Json) -> Reply {
    let claims = json!({
        "iss": world.access.consumer_key, "sub": PRIYA, "aud": aud, "exp": exp,
    });
    let assertion = jwt(&claims);
    let fields = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("assertion", assertion.as_str()),
        ("redirect_uri", "ignored"),
    ];
    token(world, &fields).await
}

#[tokio::test]
async fn mistake_02_a_challenge_without_a_method_is_sha_256() {
    let world = world();
    let verifier = "a".repeat(64);
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
    let challenge = [("code_challenge", challenge.as_str())];
    let fresh = code(&world, &challenge).await;
    let good = redeem(&world, &fresh, &[("code_verifier", &verifier)]).await;
    assert_eq!(good.status, StatusCode::OK, "{}", good.text());
    let fresh = code(&world, &challenge).await;
    let missing = redeem(&world, &fresh, &[]).await;
    assert_eq!(refusal(&missing).0, "invalid_grant");
    let fresh = code(&world, &challenge).await;
    let wrong = redeem(&world, &fresh, &[("code_verifier", "other")]).await;
    assert_eq!(refusal(&wrong).0, "invalid_request");
    let plain = code(&world, &[("code_challenge", verifier.as_str())]).await;
    let plain = redeem(&world, &plain, &[("code_verifier", &verifier)]).await;
    assert_eq!(refusal(&plain).0, "invalid_request");
}

#[tokio::test]
async fn mistake_03_assertions_of_the_command_line_and_of_python_are_taken() {
    let world = world();
    let seconds = NOON_MS / 1_000 + 300;
    for exp in [
        json!(seconds),
        json!(seconds.to_string()),
        json!(seconds as f64 + 0.5),
        json!(NOON_MS + 300),
        json!(i64::MAX),
    ] {
        let reply = assert_by(&world, exp.clone(), json!("https://login.salesforce.com")).await;
        assert_eq!(reply.status, StatusCode::OK, "{exp} {}", reply.text());
        assert!(reply.json().get("refresh_token").is_none());
    }
    for aud in [
        json!("login.salesforce.com"),
        json!("https://test.salesforce.com/"),
        json!(BASE_URL),
        json!(format!("{BASE_URL}/services/oauth2/token")),
        json!([BASE_URL]),
    ] {
        let reply = assert_by(&world, json!(seconds), aud.clone()).await;
        assert_eq!(reply.status, StatusCode::OK, "{aud} {}", reply.text());
    }
    let stranger = assert_by(&world, json!(seconds), json!("https://elsewhere.example")).await;
    assert_eq!(
        refusal(&stranger),
        grant_refused("Audience validation failed")
    );
    let late = assert_by(&world, json!(seconds - 600), json!(BASE_URL)).await;
    assert_eq!(refusal(&late).0, "invalid_grant");
}

#[tokio::test]
async fn mistake_04_a_token_says_nothing_of_its_end_and_its_time_is_text() {
    let world = world();
    let reply = password(&world, PRIYA, &world.access.password).await;
    let json = reply.json();
    assert!(json.get("expires_in").is_none());
    assert_eq!(json["issued_at"], json!(NOON_MS.to_string()));
    assert_eq!(json["instance_url"], json!(BASE_URL));
    assert_eq!(json["token_type"], json!("Bearer"));
    assert_eq!(
        reply.header("content-type"),
        Some("application/json;charset=UTF-8")
    );
    let signed = format!("{}{}", text(&reply, "id"), text(&reply, "issued_at"));
    let key = ring::hmac::Key::new(
        ring::hmac::HMAC_SHA256,
        world.access.consumer_secret.as_bytes(),
    );
    let mac = ring::hmac::sign(&key, signed.as_bytes());
    assert_eq!(json["signature"], json!(STANDARD.encode(mac)));
}

#[tokio::test]
async fn mistake_05_a_refresh_gives_a_new_refresh_token_only_with_rotation() {
    let world = world();
    let first = redeem(&world, &code(&world, &[]).await, &[]).await;
    let first = text(&first, "refresh_token");
    let again = refresh(&world, &first).await;
    assert!(again.json().get("refresh_token").is_none());
    assert_eq!(refresh(&world, &first).await.status, StatusCode::OK);
    let app = world.simulator.apps()[0].clone();
    world.simulator.put_app(ConnectedApp {
        rotate_refresh_tokens: true,
        ..app
    });
    let rotated = refresh(&world, &first).await;
    let second = text(&rotated, "refresh_token");
    assert_ne!(first, second);
    let session = format!("Bearer {}", text(&rotated, "access_token"));
    let path = "/services/oauth2/userinfo";
    assert_eq!(
        get(&world, path, Some(&session)).await.status,
        StatusCode::OK
    );
    // A dead token that comes back ends everything that grew from the grant.
    let expired = grant_refused("expired access/refresh token");
    assert_eq!(refusal(&refresh(&world, &first).await), expired);
    assert_eq!(refusal(&refresh(&world, &second).await), expired);
    let after = get(&world, path, Some(&session)).await;
    assert_eq!(after.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn mistake_06_a_session_is_named_by_bearer_oauth_or_on_identity_by_the_query() {
    let world = world();
    let token = &world.access.access_token;
    for scheme in ["Bearer", "OAuth"] {
        let value = format!("{scheme} {token}");
        let reply = get(&world, "/services/data/v62.0/limits", Some(&value)).await;
        assert_eq!(reply.status, StatusCode::OK, "{scheme}");
    }
    let (org, user) = (world.simulator.org().id(), world.call().user);
    let id = format!("/id/{org}/{user}");
    let path = format!(
        "{id}?format=json&version=62.0&oauth_token={}",
        token.replace('!', "%21")
    );
    let reply = get(&world, &path, None).await;
    assert_eq!(reply.json()["user_id"], json!(user.to_string()));
    let query = reply.json()["urls"]["query"].clone();
    assert_eq!(
        query,
        json!(format!("{BASE_URL}/services/data/v62.0/query/"))
    );
    let reply = get(&world, &id, Some(&format!("Bearer {token}"))).await;
    let query = reply.json()["urls"]["query"].clone();
    assert_eq!(
        query,
        json!(format!("{BASE_URL}/services/data/v{{version}}/query/"))
    );
}

#[tokio::test]
async fn mistake_08_the_identity_url_refuses_in_plain_text_with_403() {
    let world = world();
    let (org, user) = (world.simulator.org().id(), world.call().user);
    let id = format!("/id/{org}/{user}");
    let good = format!("Bearer {}", world.access.access_token);
    for (path, authorization, word) in [
        (id.as_str(), Some("Bearer 00D!nonsense"), "Bad_OAuth_Token"),
        (id.as_str(), None, "Missing_OAuth_Token"),
        (
            "/services/oauth2/userinfo",
            Some("Bearer x"),
            "Bad_OAuth_Token",
        ),
        (
            "/id/00D000000000001EAA/005000000000001AAA",
            Some(good.as_str()),
            "Wrong_Org",
        ),
    ] {
        let reply = get(&world, path, authorization).await;
        assert_eq!(
            (reply.status, reply.text().as_str()),
            (StatusCode::FORBIDDEN, word)
        );
    }
}

#[tokio::test]
async fn a_code_works_once_for_a_quarter_of_an_hour_and_one_address() {
    let world = world();
    let used = code(&world, &[]).await;
    assert_eq!(redeem(&world, &used, &[]).await.status, StatusCode::OK);
    let twice = redeem(&world, &used, &[]).await;
    assert_eq!(refusal(&twice), grant_refused("invalid authorization code"));
    let elsewhere = code(&world, &[]).await;
    let other = [("redirect_uri", "http://127.0.0.1:9/other")];
    let elsewhere = redeem(&world, &elsewhere, &other).await;
    assert_eq!(refusal(&elsewhere).0, "redirect_uri_mismatch");
    let late = code(&world, &[]).await;
    world.clock.advance(15 * 60_000);
    let late = redeem(&world, &late, &[]).await;
    assert_eq!(refusal(&late), grant_refused("expired authorization code"));
}

#[tokio::test]
async fn codes_go_only_where_the_app_is_registered() {
    let world = world();
    let key = world.access.consumer_key.clone();
    let ask = async |uri: &str, more: &str| {
        let uri = encoded(&[("redirect_uri", uri)]);
        let path =
            format!("/services/oauth2/authorize?response_type=code&client_id={key}&{uri}{more}");
        get(&world, &path, None).await
    };
    let page = ask(REDIRECT, "&login_hint=dana").await;
    assert!(page.text().contains("value=\"dana\""), "{}", page.text());
    let refused = ask("http://elsewhere.example/", "").await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.text().starts_with("error=redirect_uri_mismatch"));
    let app = world.simulator.apps()[0].clone();
    world.simulator.put_app(ConnectedApp {
        redirect_uris: vec!["https://app.example/back".to_owned()],
        ..app
    });
    assert_eq!(ask(REDIRECT, "").await.status, StatusCode::BAD_REQUEST);
    let known = ask("https://app.example/back", "").await;
    assert_eq!(known.status, StatusCode::OK);
    let quiet = ask("https://app.example/back", "&prompt=none&state=7").await;
    let target: url::Url = quiet.header("location").unwrap().parse().unwrap();
    assert_eq!(param(&target, "error").as_deref(), Some("login_required"));
    assert_eq!(param(&target, "state").as_deref(), Some("7"));
}

#[tokio::test]
async fn denial_and_unknown_scopes_come_back_to_the_app() {
    let world = world();
    let denied = allow(&world, &[("answer", "deny")]).await;
    assert_eq!(param(&denied, "error").as_deref(), Some("access_denied"));
    assert_eq!(param(&denied, "state").as_deref(), Some("s t"));
    let strange = allow(&world, &[("scope", "api fly")]).await;
    assert_eq!(param(&strange, "error").as_deref(), Some("invalid_scope"));
}

#[tokio::test]
async fn scopes_decide_about_refresh_tokens_and_the_data_api() {
    let world = world();
    for (scope, refreshes, status) in [
        ("api", false, StatusCode::OK),
        ("api offline_access", true, StatusCode::OK),
        ("id refresh_token", true, StatusCode::UNAUTHORIZED),
    ] {
        let code = code(&world, &[("scope", scope)]).await;
        let reply = redeem(&world, &code, &[]).await;
        assert_eq!(text(&reply, "scope"), scope);
        assert_eq!(reply.json().get("refresh_token").is_some(), refreshes);
        let session = format!("Bearer {}", text(&reply, "access_token"));
        let used = get(&world, "/services/data/v62.0/limits", Some(&session)).await;
        assert_eq!(used.status, status, "{scope}");
    }
}

#[tokio::test]
async fn client_credentials_need_the_secret_and_the_orgs_own_host() {
    let world = world();
    let flow = ("grant_type", "client_credentials");
    let own = token(&world, &[flow]).await;
    assert!(text(&own, "id").ends_with(&world.call().user.to_string()));
    let at_login = [("host", "login.salesforce.com")];
    let refused = token_at(&world, &at_login, &[flow]).await;
    assert_eq!(
        refusal(&refused),
        (
            "invalid_request".to_owned(),
            "request not supported on this domain".to_owned()
        )
    );
    let wrong = token(&world, &[flow, ("client_secret", "no")]).await;
    assert_eq!(refusal(&wrong).0, "invalid_client");
    let app = world.simulator.put_app(ConnectedApp {
        name: "Robot".to_owned(),
        run_as: Some(PRIYA.to_owned()),
        ..ConnectedApp::default()
    });
    let basic = STANDARD.encode(format!("{}:{}", app.consumer_key, app.consumer_secret));
    let basic = format!("Basic {basic}");
    let body = encoded(&[flow]);
    let reply = post(
        &world,
        "/services/oauth2/token",
        &[("authorization", &basic)],
        body,
    )
    .await;
    let priya = world.simulator.org().user_by_username(PRIYA).unwrap();
    assert!(text(&reply, "id").ends_with(&priya.id.to_string()));
}

#[tokio::test]
async fn a_production_user_is_unknown_at_the_sandbox_host() {
    let world = world();
    let fields = [
        ("grant_type", "password"),
        ("username", PRIYA),
        ("password", world.access.password.as_str()),
    ];
    let failed = grant_refused("authentication failure");
    let at = async |host: &str| token_at(&world, &[("host", host)], &fields).await;
    assert_eq!(at("login.salesforce.com").await.status, StatusCode::OK);
    assert_eq!(refusal(&at("test.salesforce.com").await), failed);
    world.simulator.set_sign_in_settings(SignInSettings {
        login_hosts_closed: true,
        ..SignInSettings::default()
    });
    assert_eq!(refusal(&at("login.salesforce.com").await), failed);
    assert_eq!(at("org.test").await.status, StatusCode::OK);
}

#[tokio::test]
async fn addresses_and_the_security_token_matter_where_the_settings_say_so() {
    let world = world();
    let office = ("10.0.0.1".parse().unwrap(), "10.0.0.9".parse().unwrap());
    world.simulator.set_sign_in_settings(SignInSettings {
        client_address_header: true,
        security_token_required: true,
        trusted_addresses: vec![office],
        profile_addresses: [("Read Only".to_owned(), vec![office])].into(),
        ..SignInSettings::default()
    });
    let from = async |address: &str, username: &str, given: &str| {
        let fields = [
            ("grant_type", "password"),
            ("username", username),
            ("password", given),
        ];
        let headers = [("x-simulator-client-ip", address)];
        let reply = token_at(&world, &headers, &fields).await;
        match reply.status {
            StatusCode::OK => "in".to_owned(),
            _ => refusal(&reply).1,
        }
    };
    let bare = &world.access.password;
    let full = &format!("{bare}{}", world.access.security_token);
    let robin = "robin.reader@acme.example";
    for (address, user, given, outcome) in [
        ("10.0.0.5", PRIYA, bare, "in"),
        ("10.0.1.5", PRIYA, bare, "authentication failure"),
        ("10.0.1.5", PRIYA, full, "in"),
        ("10.0.1.5", robin, full, "ip restricted"),
        ("10.0.0.9", robin, full, "in"),
    ] {
        assert_eq!(
            from(address, user, given).await,
            outcome,
            "{address} {user}"
        );
    }
}

#[tokio::test]
async fn apps_may_be_for_approved_users_or_certain_flows_only() {
    let world = world();
    let app = world.simulator.apps()[0].clone();
    world.simulator.put_app(ConnectedApp {
        approved_profiles: Some(vec!["System Administrator".to_owned()]),
        blocked_flows: vec!["client_credentials".to_owned()],
        ..app.clone()
    });
    let refused = password(&world, PRIYA, &world.access.password).await;
    assert_eq!(refusal(&refused).0, "invalid_app_access");
    let admin = world.access.username.clone();
    let approved = password(&world, &admin, &world.access.password).await;
    assert_eq!(approved.status, StatusCode::OK);
    let flow = token(&world, &[("grant_type", "client_credentials")]).await;
    assert_eq!(refusal(&flow).0, "unauthorized_client");
    world.simulator.put_app(ConnectedApp {
        jwt_without_consent: false,
        ..app
    });
    let stranger = assert_by(&world, json!(NOON_MS), json!(BASE_URL)).await;
    let words = grant_refused("user hasn't approved this consumer");
    assert_eq!(refusal(&stranger), words);
    allow(&world, &[("username", PRIYA)]).await;
    let known = assert_by(&world, json!(NOON_MS), json!(BASE_URL)).await;
    assert_eq!(known.status, StatusCode::OK, "{}", known.text());
}

#[tokio::test]
async fn somebody_who_left_is_out_at_once_and_comes_back_with_the_old_grant() {
    let world = world();
    let code = code(&world, &[("username", PRIYA)]).await;
    let reply = redeem(&world, &code, &[]).await;
    let (session, grant) = (text(&reply, "access_token"), text(&reply, "refresh_token"));
    let session = format!("Bearer {session}");
    let org = world.simulator.org();
    let priya = org.user_by_username(PRIYA).unwrap().id;
    let status = async || {
        let path = "/services/data/v62.0/limits";
        get(&world, path, Some(&session)).await.status
    };
    assert_eq!(status().await, StatusCode::OK);
    org.set_user_active(&world.call(), &priya, false).unwrap();
    assert_eq!(status().await, StatusCode::UNAUTHORIZED);
    let inactive = grant_refused("inactive user");
    assert_eq!(refusal(&refresh(&world, &grant).await), inactive);
    let by_password = password(&world, PRIYA, &world.access.password).await;
    assert_eq!(refusal(&by_password), inactive);
    world.clock.advance(1_000);
    org.set_user_active(&world.call(), &priya, true).unwrap();
    assert_eq!(
        status().await,
        StatusCode::UNAUTHORIZED,
        "the old session is over for good"
    );
    let again = refresh(&world, &grant).await;
    let fresh = format!("Bearer {}", text(&again, "access_token"));
    let path = "/services/data/v62.0/limits";
    assert_eq!(get(&world, path, Some(&fresh)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn mistake_40_a_session_lives_on_by_use_and_ends_in_the_middle_of_paging() {
    let world = world_with(2_100);
    let path = "v62.0/limits";
    for _ in 0..3 {
        world.clock.advance(119 * 60_000);
        assert_eq!(world.get(path).await.status, StatusCode::OK);
    }
    world.clock.advance(121 * 60_000);
    assert_eq!(world.get(path).await.code(), "INVALID_SESSION_ID");
    let app = world.simulator.apps()[0].clone();
    world.simulator.put_app(ConnectedApp {
        session_minutes: Some(15),
        ..app
    });
    let reply = password(&world, PRIYA, &world.access.password).await;
    let session = format!("Bearer {}", text(&reply, "access_token"));
    let first = "/services/data/v62.0/query?q=SELECT+Id+FROM+Contact";
    let page = get(&world, first, Some(&session)).await.json();
    let next = page["nextRecordsUrl"].as_str().unwrap().to_owned();
    world.clock.advance(15 * 60_000);
    let over = get(&world, &next, Some(&session)).await;
    assert_eq!(over.code(), "INVALID_SESSION_ID");
    let own = format!("Bearer {}", world.simulator.org_access().access_token);
    let known = get(&world, &next, Some(&own)).await;
    assert_ne!(known.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn introspection_and_revocation_know_sessions_and_grants() {
    let world = world();
    let reply = redeem(&world, &code(&world, &[]).await, &[]).await;
    let (session, grant) = (text(&reply, "access_token"), text(&reply, "refresh_token"));
    let look = async || {
        let fields = [
            ("token", session.as_str()),
            ("client_id", world.access.consumer_key.as_str()),
            ("client_secret", world.access.consumer_secret.as_str()),
        ];
        post(&world, "/services/oauth2/introspect", &[], encoded(&fields))
            .await
            .json()
    };
    let told = look().await;
    assert_eq!(told["active"], json!(true));
    assert_eq!(told["exp"], json!(NOON_MS / 1_000 + 7_200));
    assert_eq!(told["username"], json!(world.access.username));
    let path = "/services/oauth2/revoke";
    let revoked = post(&world, path, &[], encoded(&[("token", &grant)])).await;
    assert_eq!((revoked.status, revoked.body.len()), (StatusCode::OK, 0));
    assert_eq!(look().await, json!({"active": false}));
    let unknown = post(&world, path, &[], encoded(&[("token", &grant)])).await;
    assert_eq!(refusal(&unknown).0, "unsupported_token_type");
}

#[tokio::test]
async fn too_many_sign_ins_within_an_hour_are_refused() {
    let world = world();
    world.simulator.set_sign_in_settings(SignInSettings {
        logins_per_hour: 3,
        ..SignInSettings::default()
    });
    for _ in 0..3 {
        let reply = password(&world, PRIYA, &world.access.password).await;
        assert_eq!(reply.status, StatusCode::OK);
    }
    let refused = password(&world, PRIYA, &world.access.password).await;
    assert_eq!(refusal(&refused), grant_refused("login rate exceeded"));
    world.clock.advance(3_600_000);
    let later = password(&world, PRIYA, &world.access.password).await;
    assert_eq!(later.status, StatusCode::OK);
}

#[tokio::test]
async fn clients_find_the_endpoints_by_open_id_discovery() {
    let world = world();
    let reply = get(&world, "/.well-known/openid-configuration", None).await;
    assert_eq!(
        reply.json()["token_endpoint"],
        json!(format!("{BASE_URL}/services/oauth2/token"))
    );
}

#[tokio::test]
async fn any_bytes_are_refused_and_never_a_crash() {
    let world = world();
    for body in [
        "",
        "grant_type=refresh_token",
        "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=..",
        "grant_type=%ff%fe&client_id=%00",
        "grant_type=authorization_code&code=",
    ] {
        let reply = post(&world, "/services/oauth2/token", &[], body.to_owned()).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{body}");
    }
    assert!(world.simulator.org().changes().is_empty());
}
