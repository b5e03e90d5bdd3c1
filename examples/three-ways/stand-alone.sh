#!/bin/sh
# The drift job on a machine of its own, fed by Kafka. What the topic holds already is taken into the log first, so that the first window is
# whole; then both run side by side. Where the rows lie in a warehouse there is nothing to feed: [models.drift.warehouse] in modelwatch.toml,
# and sidecar.sh.
#
#   BROKERS=kafka:9092 TOPIC=predictions LOG=prediction-log examples/three-ways/stand-alone.sh
set -eu
log=${LOG:-prediction-log}
modelwatch ingest kafka --brokers "$BROKERS" --topic "$TOPIC" --log "$log" --once
trap 'exit 0' INT TERM
modelwatch ingest kafka --brokers "$BROKERS" --topic "$TOPIC" --log "$log" --listen "${INGEST_LISTEN:-0.0.0.0:9110}" &
ingest=$!
modelwatch drift serve --config "${CONFIG:-modelwatch.toml}" --listen "${LISTEN:-0.0.0.0:9109}" &
serve=$!
trap 'kill "$ingest" "$serve" 2>/dev/null || true; wait' EXIT
wait "$serve"
