//! Trains both versions of the model and writes their files: `cargo run -p flights --features training --example train`.

use std::error::Error;
use std::path::Path;

use flights::data;
use flights::model::DelayModel;
use flights::version::{CANARY, STABLE, divide};

fn main() -> Result<(), Box<dyn Error>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (_, training) = divide(data::read(&here.join("../data/flights/train-2013q1.parquet"))?);
    for version in [STABLE, CANARY] {
        let model = DelayModel::train(&training, version.features)?;
        std::fs::write(here.join(format!("models/{}.json", version.name)), model.to_json()?)?;
    }
    Ok(())
}
