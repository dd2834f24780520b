//! The description of the API that is kept is the one that the code gives.

#[test]
fn the_description_that_is_kept_is_the_one_that_the_code_gives() {
    let kept: serde_json::Value = serde_json::from_str(include_str!("../openapi.json")).unwrap();
    assert!(
        kept == tieline_web::description(),
        "the API changed; `cargo run -p tieline-web --example openapi > crates/web/openapi.json` keeps its \
         description, `npm run types` in tests/api the types of the staff app, and the difference tells reviewers \
         what changes for integrators"
    );
}

#[test]
fn every_shape_that_is_named_is_there() {
    let description = tieline_web::description();
    let mut missing = Vec::new();
    let mut open = vec![&description];
    while let Some(value) = open.pop() {
        if let Some(reference) = value["$ref"].as_str() {
            let place = reference.trim_start_matches('#');
            if description.pointer(place).is_none() {
                missing.push(reference);
            }
        }
        match value {
            serde_json::Value::Object(map) => open.extend(map.values()),
            serde_json::Value::Array(list) => open.extend(list),
            _ => {}
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}
