//! A world, and how it is made.

use super::series::Series;

/// The series of an incident in a scene.
///
/// # Example
///
/// ```
/// use modelwatch_drill::incident::Incident;
/// use modelwatch_drill::incident::effect::{Effect, What};
/// use modelwatch_drill::scene::Scene;
/// use modelwatch_drill::world::{Series, Settings, World};
///
/// # let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/drill.toml"));
/// # let config = modelwatch_config::Config::parse("modelwatch.toml", text)?;
/// let scene = Scene::new(&config, None)?;
/// let mut incident = Incident::new("replica-down", "The first replica does not answer.");
/// incident.effects = vec![Effect::new(What::Down).replica(0)];
/// incident.minutes = 5;
/// let world = World::new(&scene, &incident, &Settings::new(5, 0));
/// assert_eq!((world.onset, world.end), (5 * 60, 10 * 60));
/// let is_up = |series: &&Series| series.name == "up" && series.labels["instance"] == "model-api-1:8000";
/// let up = world.series.iter().find(is_up).unwrap();
/// assert_eq!((up.samples[0], up.samples.last()), (Some(1.0), Some(&Some(0.0))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct World {
    /// Every series, with a sample for each scrape; the first scrape is at 0.
    pub series: Vec<Series>,
    /// Between scrapes, in seconds.
    pub step: u32,
    /// When everything is known, in seconds from the first scrape; before it only requests, targets and what serves.
    pub begins: u32,
    /// The onset, in seconds from the first scrape.
    pub onset: u32,
    /// The last scrape, in seconds from the first.
    pub end: u32,
}

/// How a world is made.
///
/// # Example
///
/// ```
/// use modelwatch_drill::world::Settings;
///
/// let mut another = Settings::default();
/// another.seed = 7;
/// assert_eq!(another, Settings::new(90, 7));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// How long everything is well before the onset, in minutes.
    pub history: u32,
    /// Another seed is another sample.
    pub seed: u64,
}

impl Settings {
    /// Makes settings of so many minutes of history and a seed.
    #[must_use]
    pub fn new(history: u32, seed: u64) -> Self {
        Self { history, seed }
    }
}

impl Default for Settings {
    /// An hour and a half, and the seed 0.
    fn default() -> Self {
        Self::new(90, 0)
    }
}
