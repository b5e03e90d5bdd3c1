SELECT 0 AS mw_branch, mw_key, 0 AS mw_place, CAST(NULL AS STRING) AS mw_value, COUNT(*) AS mw_rows, 0 AS mw_finite_rows, CAST(NULL AS DOUBLE) AS mw_least, CAST(NULL AS DOUBLE) AS mw_largest, CAST(NULL AS DOUBLE) AS mw_total
  FROM (SELECT CAST(NULL AS STRING) AS mw_key FROM `analytics`.`training` AS s) AS mw_read
  GROUP BY mw_key
UNION ALL
SELECT 1 AS mw_branch, mw_key, mw_place, CAST(NULL AS STRING) AS mw_value, COUNT(*) AS mw_rows, COUNT(mw_finite) AS mw_finite_rows, MIN(mw_finite) AS mw_least, MAX(mw_finite) AS mw_largest, SUM(mw_summed) AS mw_total
  FROM (SELECT mw_key, CASE WHEN mw_x IS NULL OR isnan(mw_x) THEN -1 ELSE mw_at END AS mw_place, CASE WHEN mw_x BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308 THEN mw_x END AS mw_finite, CASE WHEN mw_x BETWEEN -1e290 AND 1e290 THEN mw_x END AS mw_summed
    FROM (SELECT mw_key, mw_x, mw_edges, mw_at + CASE WHEN mw_x >= mw_edges[mw_at + 0] THEN 1 ELSE 0 END AS mw_at FROM (SELECT mw_key, mw_x, mw_edges, mw_at + CASE WHEN mw_x >= mw_edges[mw_at + 1] THEN 2 ELSE 0 END AS mw_at FROM (SELECT mw_key, mw_x, mw_edges, mw_at + CASE WHEN mw_x >= mw_edges[mw_at + 3] THEN 4 ELSE 0 END AS mw_at FROM (SELECT CAST(NULL AS STRING) AS mw_key, CAST(s.`income "net"` AS DOUBLE) AS mw_x, ARRAY(9.99e-1, 1.5e0, 2.5e0, 5.015e2, 1.000001e3, CAST('NaN' AS DOUBLE), CAST('NaN' AS DOUBLE)) AS mw_edges, 0 AS mw_at FROM `analytics`.`training` AS s) AS mw_read) AS mw_step) AS mw_step) AS mw_step) AS mw_placed
  GROUP BY mw_key, mw_place
UNION ALL
SELECT 2 AS mw_branch, CAST(NULL AS STRING) AS mw_key, 0 AS mw_place, CAST(NULL AS STRING) AS mw_value, COUNT(mw_off) AS mw_rows, 0 AS mw_finite_rows, CAST(NULL AS DOUBLE) AS mw_least, CAST(NULL AS DOUBLE) AS mw_largest, SUM(mw_off * mw_off) AS mw_total
  FROM (SELECT CASE WHEN mw_x BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308 THEN CASE WHEN ABS(mw_x - 2.515e2) <= 9.99e-148 THEN 0e0 ELSE (mw_x - 2.515e2) / 9.99e2 END END AS mw_off
    FROM (SELECT CAST(s.`income "net"` AS DOUBLE) AS mw_x FROM `analytics`.`training` AS s) AS mw_read) AS mw_distant
UNION ALL
SELECT 3 AS mw_branch, mw_key, mw_place, CAST(NULL AS STRING) AS mw_value, COUNT(*) AS mw_rows, COUNT(mw_finite) AS mw_finite_rows, MIN(mw_finite) AS mw_least, MAX(mw_finite) AS mw_largest, SUM(mw_summed) AS mw_total
  FROM (SELECT mw_key, CASE WHEN mw_x IS NULL OR isnan(mw_x) THEN -1 ELSE mw_at END AS mw_place, CASE WHEN mw_x BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308 THEN mw_x END AS mw_finite, CASE WHEN mw_x BETWEEN -1e290 AND 1e290 THEN mw_x END AS mw_summed
    FROM (SELECT mw_key, mw_x, mw_edges, mw_at + CASE WHEN mw_x >= mw_edges[mw_at + 0] THEN 1 ELSE 0 END AS mw_at FROM (SELECT mw_key, mw_x, mw_edges, mw_at + CASE WHEN mw_x >= mw_edges[mw_at + 1] THEN 2 ELSE 0 END AS mw_at FROM (SELECT CAST(NULL AS STRING) AS mw_key, CASE WHEN s.`is_new` THEN CAST(1 AS DOUBLE) WHEN NOT s.`is_new` THEN CAST(0 AS DOUBLE) END AS mw_x, ARRAY(9.99999e-1, 1.000001e0, CAST('NaN' AS DOUBLE)) AS mw_edges, 0 AS mw_at FROM `analytics`.`training` AS s) AS mw_read) AS mw_step) AS mw_step) AS mw_placed
  GROUP BY mw_key, mw_place
UNION ALL
SELECT 4 AS mw_branch, mw_key, mw_place, CAST(NULL AS STRING) AS mw_value, COUNT(*) AS mw_rows, COUNT(mw_finite) AS mw_finite_rows, MIN(mw_finite) AS mw_least, MAX(mw_finite) AS mw_largest, SUM(mw_summed) AS mw_total
  FROM (SELECT mw_key, CASE WHEN mw_x IS NULL OR isnan(mw_x) THEN -1 ELSE mw_at END AS mw_place, CASE WHEN mw_x BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308 THEN mw_x END AS mw_finite, CASE WHEN mw_x BETWEEN -1e290 AND 1e290 THEN mw_x END AS mw_summed
    FROM (SELECT mw_key, mw_x, mw_edges, mw_at + CASE WHEN mw_x >= mw_edges[mw_at + 0] THEN 1 ELSE 0 END AS mw_at FROM (SELECT mw_key, mw_x, mw_edges, mw_at + CASE WHEN mw_x >= mw_edges[mw_at + 1] THEN 2 ELSE 0 END AS mw_at FROM (SELECT CAST(NULL AS STRING) AS mw_key, CAST(s.`price` AS DOUBLE) AS mw_x, ARRAY(9.99999e-1, 1.000001e0, CAST('NaN' AS DOUBLE)) AS mw_edges, 0 AS mw_at FROM `analytics`.`training` AS s) AS mw_read) AS mw_step) AS mw_step) AS mw_placed
  GROUP BY mw_key, mw_place
