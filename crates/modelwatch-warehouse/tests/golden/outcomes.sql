-- postgresql
SELECT CAST(s."prediction_id" AS TEXT) COLLATE "C" AS mw_id, 0 AS mw_id_code, CAST(s."label" AS TEXT) AS mw_label, 1 AS mw_label_code, s."known" AS mw_time
FROM "analytics"."labels" AS s
WHERE s."known" >= TIMESTAMPTZ '2026-04-01 00:00:00.000000+00' OR s."known" IS NULL;

-- duckdb
SELECT CAST(s."prediction_id" AS VARCHAR) COLLATE C AS mw_id, 0 AS mw_id_code, CAST(s."label" AS VARCHAR) AS mw_label, 1 AS mw_label_code, s."known" AS mw_time
FROM "analytics"."labels" AS s
WHERE s."known" >= TIMESTAMPTZ '2026-04-01 00:00:00.000000+00' OR s."known" IS NULL;

-- sqlite
SELECT CASE typeof(s."prediction_id") WHEN 'real' THEN printf('%!.17g', s."prediction_id") WHEN 'blob' THEN NULL ELSE CAST(s."prediction_id" AS TEXT) END COLLATE BINARY AS mw_id, CASE typeof(s."prediction_id") WHEN 'real' THEN 1 WHEN 'blob' THEN 3 ELSE 0 END AS mw_id_code, CASE typeof(s."label") WHEN 'real' THEN printf('%!.17g', s."label") WHEN 'blob' THEN NULL ELSE CAST(s."label" AS TEXT) END COLLATE BINARY AS mw_label, CASE typeof(s."label") WHEN 'real' THEN 1 WHEN 'blob' THEN 3 ELSE 0 END AS mw_label_code, strftime('%Y-%m-%d %H:%M:%f', s."known") AS mw_time
FROM "analytics"."labels" AS s
WHERE strftime('%Y-%m-%d %H:%M:%f', s."known") >= '2026-04-01 00:00:00.000' OR s."known" IS NULL;

-- bigquery
SELECT CAST(s.`prediction_id` AS STRING) AS mw_id, 0 AS mw_id_code, CAST(s.`label` AS STRING) AS mw_label, 1 AS mw_label_code, s.`known` AS mw_time
FROM `analytics`.`labels` AS s
WHERE s.`known` >= TIMESTAMP '2026-04-01 00:00:00.000000+00:00' OR s.`known` IS NULL;

-- snowflake
SELECT CAST(s."prediction_id" AS VARCHAR) AS mw_id, 0 AS mw_id_code, CAST(s."label" AS VARCHAR) AS mw_label, 1 AS mw_label_code, s."known" AS mw_time
FROM "analytics"."labels" AS s
WHERE s."known" >= CAST('2026-04-01 00:00:00.000000 +0000' AS TIMESTAMP_TZ) OR s."known" IS NULL;

-- databricks
SELECT CAST(s.`prediction_id` AS STRING) AS mw_id, 0 AS mw_id_code, CAST(s.`label` AS STRING) AS mw_label, 1 AS mw_label_code, s.`known` AS mw_time
FROM `analytics`.`labels` AS s
WHERE s.`known` >= TIMESTAMP '2026-04-01 00:00:00.000000+00:00' OR s.`known` IS NULL;

-- trino
SELECT CAST(s."prediction_id" AS VARCHAR) AS mw_id, 0 AS mw_id_code, CAST(s."label" AS VARCHAR) AS mw_label, 1 AS mw_label_code, s."known" AS mw_time
FROM "analytics"."labels" AS s
WHERE s."known" >= TIMESTAMP '2026-04-01 00:00:00.000000 UTC' OR s."known" IS NULL;

-- clickhouse
SELECT CAST(s.`prediction_id` AS Nullable(String)) AS mw_id, 0 AS mw_id_code, CAST(s.`label` AS Nullable(String)) AS mw_label, 1 AS mw_label_code, s.`known` AS mw_time
FROM `analytics`.`labels` AS s
WHERE s.`known` >= toDateTime64('2026-04-01 00:00:00.000000', 6, 'UTC') OR s.`known` IS NULL;

