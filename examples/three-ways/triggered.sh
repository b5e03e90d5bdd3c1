#!/bin/sh
# A refresh that something triggers: cron, a CronJob, Airflow. It ends; scores stay in a file for node-exporter's textfile collector.
#
#   */15 * * * * cd /srv/claims && TEXTFILE=/var/lib/node_exporter/drift.prom examples/three-ways/triggered.sh
#
# With BROKERS and TOPIC, what came into Kafka since the last time is taken into the log first.
set -eu
[ -z "${BROKERS:-}" ] || modelwatch ingest kafka --brokers "$BROKERS" --topic "$TOPIC" --log "${LOG:-prediction-log}" --once
exec modelwatch drift once --config "${CONFIG:-modelwatch.toml}" --textfile "$TEXTFILE"
