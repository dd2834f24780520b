//! `tieline demo --story`: the main job from end to end without a browser.
//!
//! Each step acts through the doors that people use and is judged from the other side: by the
//! records of the pretend org and the pretend carrier, never by Tieline's tables. `--break STEP`
//! spoils a step, which must be noticed.

mod api;
mod away;
mod other_side;
mod spoil;
mod steps;

use crate::Outcome;
use crate::demo::{Demo, DemoOptions};
use crate::say::say;
use std::time::Instant;
use steps::{Cast, STEPS};

/// What the story was told.
pub struct StoryOptions {
    /// The hub's database; SQLite in a temporary folder when absent.
    pub database: Option<String>,
    /// Generated contacts.
    pub contacts: usize,
    /// Generated leads.
    pub leads: usize,
    /// Decides who lives in the pretend org.
    pub seed: u64,
    /// The step to spoil.
    pub spoil: Option<String>,
}

/// The names of the steps, in order.
pub fn step_names() -> Vec<&'static str> {
    STEPS.iter().map(|step| step.name).collect()
}

/// Plays the story; fails with the first step that does.
pub async fn play(options: StoryOptions) -> Outcome {
    if let Some(spoil) = &options.spoil
        && !step_names().contains(&spoil.as_str())
    {
        return Err(format!(
            "--break {spoil}: there is no such step; the steps are {}",
            step_names().join(", ")
        )
        .into());
    }
    let demo = Demo::start(DemoOptions {
        data: None,
        database: options.database,
        contacts: options.contacts,
        leads: options.leads,
        port: 0,
        seed: options.seed,
    })
    .await?;
    let outcome = play_on(&demo, options.spoil.as_deref()).await;
    demo.stop().await;
    outcome
}

async fn play_on(demo: &Demo, spoil: Option<&str>) -> Outcome {
    let mut cast = Cast::new(demo).await?;
    for step in STEPS {
        let began = Instant::now();
        let seen = cast.perform(step, spoil == Some(step.name)).await;
        let took = began.elapsed().as_secs_f64();
        match seen {
            Ok(seen) => say(format_args!(
                "  ok    {:<22} {took:>6.2} s   {seen}",
                step.name
            )),
            Err(error) => {
                say(format_args!(
                    "  FAIL  {:<22} {took:>6.2} s   {error}",
                    step.name
                ));
                return Err(format!("the story failed at the step {}", step.name).into());
            }
        }
    }
    say(format_args!("\n  The story held, {} steps.", STEPS.len()));
    Ok(())
}
