WITH mw_keys_0 AS (SELECT mw_key FROM (SELECT COALESCE(CAST(s.`model_version` AS STRING), '') AS mw_key FROM `analytics`.`predictions` AS s WHERE s.`event "time"` >= TIMESTAMP '2026-04-01 10:00:00.000000+00:00' AND s.`event "time"` < TIMESTAMP '2026-04-01 10:15:00.000000+00:00') AS mw_all GROUP BY mw_key ORDER BY COUNT(*) DESC, mw_key LIMIT 64)
SELECT 0 AS mw_branch, mw_key, 0 AS mw_place, CAST(NULL AS STRING) AS mw_value, COUNT(*) AS mw_rows, 0 AS mw_finite_rows, CAST(NULL AS DOUBLE) AS mw_least, CAST(NULL AS DOUBLE) AS mw_largest, CAST(NULL AS DOUBLE) AS mw_total
  FROM (SELECT mw_known_0.mw_key AS mw_key FROM `analytics`.`predictions` AS s LEFT JOIN mw_keys_0 AS mw_known_0 ON mw_known_0.mw_key = COALESCE(CAST(s.`model_version` AS STRING), '') WHERE s.`event "time"` >= TIMESTAMP '2026-04-01 10:00:00.000000+00:00' AND s.`event "time"` < TIMESTAMP '2026-04-01 10:15:00.000000+00:00') AS mw_read
  GROUP BY mw_key
UNION ALL
SELECT 1 AS mw_branch, mw_key, mw_place, CAST(NULL AS STRING) AS mw_value, COUNT(*) AS mw_rows, COUNT(mw_finite) AS mw_finite_rows, MIN(mw_finite) AS mw_least, MAX(mw_finite) AS mw_largest, SUM(mw_summed) AS mw_total
  FROM (SELECT mw_key, CASE WHEN mw_x IS NULL OR isnan(mw_x) THEN -1 ELSE CASE WHEN mw_x < 2.5000025e0 THEN CASE WHEN mw_x < 2.4999975e0 THEN 0 ELSE 1 END ELSE 2 END END AS mw_place, CASE WHEN mw_x BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308 THEN mw_x END AS mw_finite, CASE WHEN mw_x BETWEEN -1e290 AND 1e290 THEN mw_x END AS mw_summed
    FROM (SELECT mw_known_0.mw_key AS mw_key, CAST(s.`income` AS DOUBLE) AS mw_x FROM `analytics`.`predictions` AS s LEFT JOIN mw_keys_0 AS mw_known_0 ON mw_known_0.mw_key = COALESCE(CAST(s.`model_version` AS STRING), '') WHERE s.`event "time"` >= TIMESTAMP '2026-04-01 10:00:00.000000+00:00' AND s.`event "time"` < TIMESTAMP '2026-04-01 10:15:00.000000+00:00') AS mw_read) AS mw_placed
  GROUP BY mw_key, mw_place
UNION ALL
SELECT 2 AS mw_branch, mw_key, mw_place, CAST(NULL AS STRING) AS mw_value, COUNT(*) AS mw_rows, COUNT(mw_finite) AS mw_finite_rows, MIN(mw_finite) AS mw_least, MAX(mw_finite) AS mw_largest, SUM(mw_summed) AS mw_total
  FROM (SELECT mw_key, CASE WHEN mw_x IS NULL OR isnan(mw_x) THEN -1 ELSE CASE WHEN mw_x < 2.5000025e0 THEN CASE WHEN mw_x < 2.4999975e0 THEN 0 ELSE 1 END ELSE 2 END END AS mw_place, CASE WHEN mw_x BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308 THEN mw_x END AS mw_finite, CASE WHEN mw_x BETWEEN -1e290 AND 1e290 THEN mw_x END AS mw_summed
    FROM (SELECT mw_known_0.mw_key AS mw_key, CASE WHEN s.`is_new` THEN CAST(1 AS DOUBLE) WHEN NOT s.`is_new` THEN CAST(0 AS DOUBLE) END AS mw_x FROM `analytics`.`predictions` AS s LEFT JOIN mw_keys_0 AS mw_known_0 ON mw_known_0.mw_key = COALESCE(CAST(s.`model_version` AS STRING), '') WHERE s.`event "time"` >= TIMESTAMP '2026-04-01 10:00:00.000000+00:00' AND s.`event "time"` < TIMESTAMP '2026-04-01 10:15:00.000000+00:00') AS mw_read) AS mw_placed
  GROUP BY mw_key, mw_place
UNION ALL
SELECT 3 AS mw_branch, mw_key, mw_place, CAST(NULL AS STRING) AS mw_value, COUNT(*) AS mw_rows, COUNT(mw_finite) AS mw_finite_rows, MIN(mw_finite) AS mw_least, MAX(mw_finite) AS mw_largest, SUM(mw_summed) AS mw_total
  FROM (SELECT mw_key, CASE WHEN mw_x IS NULL OR isnan(mw_x) THEN -1 ELSE CASE WHEN mw_x < 2.5000025e0 THEN CASE WHEN mw_x < 2.4999975e0 THEN 0 ELSE 1 END ELSE 2 END END AS mw_place, CASE WHEN mw_x BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308 THEN mw_x END AS mw_finite, CASE WHEN mw_x BETWEEN -1e290 AND 1e290 THEN mw_x END AS mw_summed
    FROM (SELECT mw_known_0.mw_key AS mw_key, CAST(s.`price` AS DOUBLE) AS mw_x FROM `analytics`.`predictions` AS s LEFT JOIN mw_keys_0 AS mw_known_0 ON mw_known_0.mw_key = COALESCE(CAST(s.`model_version` AS STRING), '') WHERE s.`event "time"` >= TIMESTAMP '2026-04-01 10:00:00.000000+00:00' AND s.`event "time"` < TIMESTAMP '2026-04-01 10:15:00.000000+00:00') AS mw_read) AS mw_placed
  GROUP BY mw_key, mw_place
UNION ALL
SELECT 4 AS mw_branch, mw_key, mw_place, mw_value, COUNT(*) AS mw_rows, 0 AS mw_finite_rows, CAST(NULL AS DOUBLE) AS mw_least, CAST(NULL AS DOUBLE) AS mw_largest, CAST(NULL AS DOUBLE) AS mw_total
  FROM (SELECT mw_known_0.mw_key AS mw_key, 0 AS mw_place, CASE WHEN LENGTH(CAST(s.`country` AS STRING)) > 4096 THEN SUBSTR(CAST(s.`country` AS STRING), 1, 256) || '~' ELSE CAST(s.`country` AS STRING) END AS mw_value FROM `analytics`.`predictions` AS s LEFT JOIN mw_keys_0 AS mw_known_0 ON mw_known_0.mw_key = COALESCE(CAST(s.`model_version` AS STRING), '') WHERE s.`event "time"` >= TIMESTAMP '2026-04-01 10:00:00.000000+00:00' AND s.`event "time"` < TIMESTAMP '2026-04-01 10:15:00.000000+00:00') AS mw_read
  GROUP BY mw_key, mw_place, mw_value
UNION ALL
SELECT 5 AS mw_branch, mw_key, mw_place, mw_value, COUNT(*) AS mw_rows, 0 AS mw_finite_rows, CAST(NULL AS DOUBLE) AS mw_least, CAST(NULL AS DOUBLE) AS mw_largest, CAST(NULL AS DOUBLE) AS mw_total
  FROM (SELECT mw_known_0.mw_key AS mw_key, CASE WHEN s.`born` IS NULL THEN 0 ELSE 3 END AS mw_place, CAST(NULL AS STRING) AS mw_value FROM `analytics`.`predictions` AS s LEFT JOIN mw_keys_0 AS mw_known_0 ON mw_known_0.mw_key = COALESCE(CAST(s.`model_version` AS STRING), '') WHERE s.`event "time"` >= TIMESTAMP '2026-04-01 10:00:00.000000+00:00' AND s.`event "time"` < TIMESTAMP '2026-04-01 10:15:00.000000+00:00') AS mw_read
  GROUP BY mw_key, mw_place, mw_value
UNION ALL
SELECT 6 AS mw_branch, CAST(NULL AS STRING) AS mw_key, 0 AS mw_place, CAST(NULL AS STRING) AS mw_value, COUNT(*) AS mw_rows, 0 AS mw_finite_rows, CAST(NULL AS DOUBLE) AS mw_least, CAST(NULL AS DOUBLE) AS mw_largest, CAST(NULL AS DOUBLE) AS mw_total
  FROM `analytics`.`predictions` AS s WHERE s.`event "time"` IS NULL
