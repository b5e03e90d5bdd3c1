SELECT 0 AS mw_branch, mw_key, 0 AS mw_place, CAST(NULL AS STRING) AS mw_value, COUNT(*) AS mw_rows, 0 AS mw_finite_rows, CAST(NULL AS DOUBLE) AS mw_least, CAST(NULL AS DOUBLE) AS mw_largest, CAST(NULL AS DOUBLE) AS mw_total
  FROM (SELECT CAST(NULL AS STRING) AS mw_key FROM `analytics`.`training` AS s) AS mw_read
  GROUP BY mw_key
UNION ALL
SELECT 1 AS mw_branch, mw_key, mw_place, mw_value, COUNT(*) AS mw_rows, 0 AS mw_finite_rows, CAST(NULL AS DOUBLE) AS mw_least, CAST(NULL AS DOUBLE) AS mw_largest, CAST(NULL AS DOUBLE) AS mw_total
  FROM (SELECT CAST(NULL AS STRING) AS mw_key, 0 AS mw_place, CASE WHEN LENGTH(CAST(s.`model_version` AS STRING)) > 4096 THEN SUBSTR(CAST(s.`model_version` AS STRING), 1, 256) || '~' ELSE CAST(s.`model_version` AS STRING) END AS mw_value FROM `analytics`.`training` AS s) AS mw_read
  GROUP BY mw_key, mw_place, mw_value
UNION ALL
SELECT 2 AS mw_branch, CAST(NULL AS STRING) AS mw_key, mw_values AS mw_place, CAST(NULL AS STRING) AS mw_value, mw_times AS mw_rows, mw_upto AS mw_finite_rows, mw_below AS mw_least, mw_above AS mw_largest, mw_x AS mw_total
  FROM (SELECT mw_x, mw_times, CAST(SUM(mw_times) OVER (ORDER BY mw_x ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS mw_upto, CAST(SUM(mw_times) OVER () AS BIGINT) AS mw_all, COUNT(*) OVER () AS mw_values, MAX(mw_x) OVER (ORDER BY mw_x ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING) AS mw_below, MAX(mw_x) OVER (ORDER BY mw_x ROWS BETWEEN 1 FOLLOWING AND 1 FOLLOWING) AS mw_above
    FROM (SELECT mw_x, COUNT(*) AS mw_times FROM (SELECT CAST(s.`income` AS DOUBLE) AS mw_x FROM `analytics`.`training` AS s) AS mw_read WHERE mw_x BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308 GROUP BY mw_x) AS mw_counted) AS mw_ranked
  WHERE mw_below IS NULL OR mw_above IS NULL OR MOD(200 * mw_upto, mw_all) < 200 * mw_times
UNION ALL
SELECT 3 AS mw_branch, CAST(NULL AS STRING) AS mw_key, mw_values AS mw_place, CAST(NULL AS STRING) AS mw_value, mw_times AS mw_rows, mw_upto AS mw_finite_rows, mw_below AS mw_least, mw_above AS mw_largest, mw_x AS mw_total
  FROM (SELECT mw_x, mw_times, CAST(SUM(mw_times) OVER (ORDER BY mw_x ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS mw_upto, CAST(SUM(mw_times) OVER () AS BIGINT) AS mw_all, COUNT(*) OVER () AS mw_values, MAX(mw_x) OVER (ORDER BY mw_x ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING) AS mw_below, MAX(mw_x) OVER (ORDER BY mw_x ROWS BETWEEN 1 FOLLOWING AND 1 FOLLOWING) AS mw_above
    FROM (SELECT mw_x, COUNT(*) AS mw_times FROM (SELECT CASE WHEN s.`is_new` THEN CAST(1 AS DOUBLE) WHEN NOT s.`is_new` THEN CAST(0 AS DOUBLE) END AS mw_x FROM `analytics`.`training` AS s) AS mw_read WHERE mw_x BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308 GROUP BY mw_x) AS mw_counted) AS mw_ranked
  WHERE mw_below IS NULL OR mw_above IS NULL OR MOD(200 * mw_upto, mw_all) < 200 * mw_times
UNION ALL
SELECT 4 AS mw_branch, CAST(NULL AS STRING) AS mw_key, mw_values AS mw_place, CAST(NULL AS STRING) AS mw_value, mw_times AS mw_rows, mw_upto AS mw_finite_rows, mw_below AS mw_least, mw_above AS mw_largest, mw_x AS mw_total
  FROM (SELECT mw_x, mw_times, CAST(SUM(mw_times) OVER (ORDER BY mw_x ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS mw_upto, CAST(SUM(mw_times) OVER () AS BIGINT) AS mw_all, COUNT(*) OVER () AS mw_values, MAX(mw_x) OVER (ORDER BY mw_x ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING) AS mw_below, MAX(mw_x) OVER (ORDER BY mw_x ROWS BETWEEN 1 FOLLOWING AND 1 FOLLOWING) AS mw_above
    FROM (SELECT mw_x, COUNT(*) AS mw_times FROM (SELECT CAST(s.`price` AS DOUBLE) AS mw_x FROM `analytics`.`training` AS s) AS mw_read WHERE mw_x BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308 GROUP BY mw_x) AS mw_counted) AS mw_ranked
  WHERE mw_below IS NULL OR mw_above IS NULL OR MOD(200 * mw_upto, mw_all) < 200 * mw_times
UNION ALL
SELECT 5 AS mw_branch, mw_key, mw_place, mw_value, COUNT(*) AS mw_rows, 0 AS mw_finite_rows, CAST(NULL AS DOUBLE) AS mw_least, CAST(NULL AS DOUBLE) AS mw_largest, CAST(NULL AS DOUBLE) AS mw_total
  FROM (SELECT CAST(NULL AS STRING) AS mw_key, 0 AS mw_place, CASE WHEN LENGTH(CAST(s.`country` AS STRING)) > 4096 THEN SUBSTR(CAST(s.`country` AS STRING), 1, 256) || '~' ELSE CAST(s.`country` AS STRING) END AS mw_value FROM `analytics`.`training` AS s) AS mw_read
  GROUP BY mw_key, mw_place, mw_value
