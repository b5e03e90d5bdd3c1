"""Looks for drift every quarter of an hour: `modelwatch drift once`, for those who run their jobs in Airflow.

Copy it into the folder of your DAGs. The workers need the `modelwatch` binary, modelwatch.toml and what it names. These
variables of their environment say where things are:

    MODELWATCH          the binary; defaults to `modelwatch` on the PATH
    MODELWATCH_CONFIG   the configuration; defaults to /etc/modelwatch/modelwatch.toml
    MODELWATCH_PUBLISH  where scores go; defaults to `--pushgateway http://pushgateway:9091`

The schedule should be the `interval` of modelwatch.toml. A run that fails is a run that could not look: drift itself is no
failure here, since its alert comes from Prometheus. For a DAG that stops a pipeline, add `--fail-on-drift` to MODELWATCH_PUBLISH.
"""

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, Param

# Unquoted on purpose where a variable may be several arguments, or none.
COMMAND = """
exec "${MODELWATCH:-modelwatch}" drift once \\
    --config "${MODELWATCH_CONFIG:-/etc/modelwatch/modelwatch.toml}" \\
    ${MODELWATCH_PUBLISH:---pushgateway http://pushgateway:9091} \\
    ${AT:+--at "$AT"}
"""

with DAG(
    "modelwatch_drift",
    description="Compare the last window of each model's predictions with its training baseline",
    schedule="*/15 * * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    # A run that is late is not to meet the next one.
    max_active_runs=1,
    dagrun_timeout=timedelta(minutes=14),
    default_args={"retries": 1, "retry_delay": timedelta(minutes=1)},
    params={
        "at": Param(
            None,
            type=["null", "string"],
            description="Look at the window that had ended then, in RFC 3339, as after an outage; else at the last one.",
        )
    },
    tags=["modelwatch"],
) as dag:
    BashOperator(
        task_id="drift_once",
        bash_command=COMMAND,
        env={"AT": "{{ params.at or '' }}"},
        append_env=True,
    )
