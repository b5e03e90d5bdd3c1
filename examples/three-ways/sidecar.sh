#!/bin/sh
# The drift job beside the service, on the folder that the service logs to. Prometheus scrapes port 9109.
#
#   CONFIG=modelwatch.toml examples/three-ways/sidecar.sh
set -eu
exec modelwatch drift serve --config "${CONFIG:-modelwatch.toml}" --listen "${LISTEN:-0.0.0.0:9109}"
