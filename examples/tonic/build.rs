//! Generates the gRPC service of the example, with a compiler in Rust so that none need be installed.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto");
    let files = protox::compile(["proto/flights.proto"], ["proto"])?;
    tonic_prost_build::compile_fds(files)?;
    Ok(())
}
