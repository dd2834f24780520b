//! What the org allows and how much of it is left. The figures follow a Developer Edition's scale
//! except for API calls, whose number is the org's own.

use super::ask::{Answer, Answered, Ask, listed};
use crate::lock::lock;
use crate::org::ApiError;
use crate::simulator::Simulator;
use http::Method;
use serde_json::{Map, Value, json};

/// Every limit but the one on API calls, all of it left.
const FULL: &[(&str, i64)] = &[
    ("AnalyticsExternalDataSizeMB", 40_960),
    ("ConcurrentAsyncGetReportInstances", 200),
    ("ConcurrentEinsteinDataInsightsStoryCreation", 5),
    ("ConcurrentEinsteinDiscoveryStoryCreation", 2),
    ("ConcurrentSyncReportRuns", 20),
    ("DailyAnalyticsDataflowJobExecutions", 60),
    ("DailyAnalyticsUploadedFilesSizeMB", 51_200),
    ("DailyAsyncApexExecutions", 250_000),
    ("DailyAsyncApexTests", 500),
    ("DailyBulkApiBatches", 15_000),
    ("DailyBulkV2QueryFileStorageMB", 976_562),
    ("DailyBulkV2QueryJobs", 10_000),
    ("DailyDeliveredPlatformEvents", 10_000),
    ("DailyDurableGenericStreamingApiEvents", 10_000),
    ("DailyDurableStreamingApiEvents", 10_000),
    ("DailyEinsteinDataInsightsStoryCreation", 1_000),
    ("DailyEinsteinDiscoveryPredictAPICalls", 50_000),
    ("DailyFunctionsApiCallLimit", 235_000),
    ("DailyGenericStreamingApiEvents", 10_000),
    ("DailyStandardVolumePlatformEvents", 10_000),
    ("DailyStreamingApiEvents", 10_000),
    ("DailyWorkflowEmails", 15),
    ("DataStorageMB", 1_073),
    ("DurableStreamingApiConcurrentClients", 20),
    ("FileStorageMB", 1_073),
    ("HourlyAsyncReportRuns", 1_200),
    ("HourlyDashboardRefreshes", 200),
    ("HourlyDashboardResults", 5_000),
    ("HourlyDashboardStatuses", 999_999_999),
    ("HourlyLongTermIdMapping", 100_000),
    ("HourlyManagedContentPublicRequests", 50_000),
    ("HourlyODataCallout", 20_000),
    ("HourlyPublishedPlatformEvents", 50_000),
    ("HourlyPublishedStandardVolumePlatformEvents", 1_000),
    ("HourlyShortTermIdMapping", 100_000),
    ("HourlySyncReportRuns", 500),
    ("HourlyTimeBasedWorkflow", 50),
    ("MassEmail", 10),
    ("MonthlyEinsteinDiscoveryStoryCreation", 500),
    ("MonthlyPlatformEventsUsageEntitlement", 0),
    ("Package2VersionCreates", 6),
    ("Package2VersionCreatesWithoutValidation", 500),
    ("PermissionSets", 1_500),
    ("PrivateConnectOutboundCalloutHourlyLimitMB", 0),
    ("SingleEmail", 15),
    ("StreamingApiConcurrentClients", 20),
];

/// `limits` and `limits/recordCount`.
pub(super) fn answer(simulator: &Simulator, ask: &Ask<'_>, rest: &[&str]) -> Answered {
    ask.only(&[Method::GET])?;
    match rest {
        [] => Ok(Answer::ok(limits(simulator))),
        ["recordCount"] => Ok(Answer::ok(record_count(simulator, ask))),
        _ => Err(ApiError::not_found().into()),
    }
}

fn limits(simulator: &Simulator) -> Value {
    let usage = lock(&simulator.host.usage);
    let (max, left) = (usage.max(), usage.remaining(simulator.now_ms()));
    drop(usage);
    let mut limits = Map::new();
    for (name, most) in FULL {
        limits.insert((*name).to_owned(), json!({"Max": most, "Remaining": most}));
    }
    let calls = json!({"Max": max, "Remaining": left});
    limits.insert("DailyApiRequests".to_owned(), calls);
    let now_ms = simulator.org().now_ms();
    let used = lock(&simulator.host.bulk_use).used(now_ms);
    for (name, used) in [
        ("DailyBulkApiBatches", used.batches),
        ("DailyBulkV2QueryJobs", used.queries),
        ("DailyBulkV2QueryFileStorageMB", used.stored_mb),
    ] {
        let left = limits[name]["Max"].as_i64().unwrap_or_default() - used;
        limits[name]["Remaining"] = json!(left.max(0));
    }
    limits.sort_keys();
    Value::Object(limits)
}

fn record_count(simulator: &Simulator, ask: &Ask<'_>) -> Value {
    let wanted = ask
        .query
        .get("sObjects")
        .map(|_| listed(ask.query.get("sObjects")));
    let counts = simulator.org().record_counts(&ask.call, wanted.as_deref());
    let row = |(name, count): &(String, usize)| json!({"count": count, "name": name});
    json!({"sObjects": counts.iter().map(row).collect::<Vec<_>>()})
}
