//! `tieline simulate`: a pretend org and carrier for tests in any language.

use crate::{Outcome, transport};
use tieline_simulator::serve::{Running, ServeOptions, serve};

/// What `tieline simulate` was told.
pub struct SimulateOptions {
    /// 0 for any free port.
    pub port: u16,
    /// Decides who lives there.
    pub seed: u64,
    /// Generated contacts.
    pub contacts: usize,
    /// Generated leads.
    pub leads: usize,
    /// Whether to print one JSON line when ready.
    pub json: bool,
}

/// Serves until Ctrl-C.
pub async fn run(options: SimulateOptions) -> Outcome {
    let json = options.json;
    let running = start(options).await?;
    if json {
        println!("{}", serde_json::to_string(&running.info)?);
    } else {
        println!("Org:      {}", running.info.base_url);
        println!("Phones:   {}/phones", running.info.base_url);
        println!("Control:  {}", running.info.control_url);
        println!("Run again with --json for user names, keys and tokens.");
    }
    tokio::signal::ctrl_c().await?;
    running.stop();
    Ok(())
}

pub(crate) async fn start(
    options: SimulateOptions,
) -> Result<Running, Box<dyn std::error::Error + Send + Sync>> {
    let key_folder = std::env::temp_dir().join(format!("tieline-simulator-{}", std::process::id()));
    std::fs::create_dir_all(&key_folder)?;
    let options = ServeOptions {
        port: options.port,
        seed: options.seed,
        contacts: options.contacts,
        leads: options.leads,
        outgoing: transport::http()?,
        key_folder,
    };
    Ok(serve(options).await?)
}
