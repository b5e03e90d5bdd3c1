SELECT 0 AS mw_branch, mw_key, 0 AS mw_place, CAST(NULL AS TEXT) AS mw_value, COUNT(*) AS mw_rows, 0 AS mw_finite_rows, CAST(NULL AS double precision) AS mw_least, CAST(NULL AS double precision) AS mw_largest, CAST(NULL AS double precision) AS mw_total
  FROM (SELECT CAST(NULL AS TEXT) AS mw_key FROM "analytics"."training" AS s) AS mw_read
  GROUP BY mw_key
UNION ALL
SELECT 1 AS mw_branch, mw_key, mw_place, CAST(NULL AS TEXT) AS mw_value, COUNT(*) AS mw_rows, COUNT(mw_finite) AS mw_finite_rows, MIN(mw_finite) AS mw_least, MAX(mw_finite) AS mw_largest, SUM(mw_summed) AS mw_total
  FROM (SELECT mw_key, CASE WHEN mw_x IS NULL OR mw_x = 'NaN' THEN -1 ELSE width_bucket(mw_x, CAST('{9.99e-1,1.5e0,2.5e0,5.015e2,1.000001e3}' AS double precision[])) END AS mw_place, CASE WHEN mw_x BETWEEN CAST('-1.7976931348623157e308' AS double precision) AND CAST('1.7976931348623157e308' AS double precision) THEN mw_x END AS mw_finite, CASE WHEN mw_x BETWEEN CAST('-1e290' AS double precision) AND CAST('1e290' AS double precision) THEN mw_x END AS mw_summed
    FROM (SELECT CAST(NULL AS TEXT) AS mw_key, CAST(s."income ""net""" AS double precision) AS mw_x FROM "analytics"."training" AS s) AS mw_read) AS mw_placed
  GROUP BY mw_key, mw_place
UNION ALL
SELECT 2 AS mw_branch, CAST(NULL AS TEXT) AS mw_key, 0 AS mw_place, CAST(NULL AS TEXT) AS mw_value, COUNT(mw_off) AS mw_rows, 0 AS mw_finite_rows, CAST(NULL AS double precision) AS mw_least, CAST(NULL AS double precision) AS mw_largest, SUM(mw_off * mw_off) AS mw_total
  FROM (SELECT CASE WHEN mw_x BETWEEN CAST('-1.7976931348623157e308' AS double precision) AND CAST('1.7976931348623157e308' AS double precision) THEN CASE WHEN ABS(mw_x - CAST('2.515e2' AS double precision)) <= CAST('9.99e-148' AS double precision) THEN CAST('0e0' AS double precision) ELSE (mw_x - CAST('2.515e2' AS double precision)) / CAST('9.99e2' AS double precision) END END AS mw_off
    FROM (SELECT CAST(s."income ""net""" AS double precision) AS mw_x FROM "analytics"."training" AS s) AS mw_read) AS mw_distant
UNION ALL
SELECT 3 AS mw_branch, mw_key, mw_place, CAST(NULL AS TEXT) AS mw_value, COUNT(*) AS mw_rows, COUNT(mw_finite) AS mw_finite_rows, MIN(mw_finite) AS mw_least, MAX(mw_finite) AS mw_largest, SUM(mw_summed) AS mw_total
  FROM (SELECT mw_key, CASE WHEN mw_x IS NULL OR mw_x = 'NaN' THEN -1 ELSE width_bucket(mw_x, CAST('{9.99999e-1,1.000001e0}' AS double precision[])) END AS mw_place, CASE WHEN mw_x BETWEEN CAST('-1.7976931348623157e308' AS double precision) AND CAST('1.7976931348623157e308' AS double precision) THEN mw_x END AS mw_finite, CASE WHEN mw_x BETWEEN CAST('-1e290' AS double precision) AND CAST('1e290' AS double precision) THEN mw_x END AS mw_summed
    FROM (SELECT CAST(NULL AS TEXT) AS mw_key, CASE WHEN s."is_new" THEN CAST(1 AS double precision) WHEN NOT s."is_new" THEN CAST(0 AS double precision) END AS mw_x FROM "analytics"."training" AS s) AS mw_read) AS mw_placed
  GROUP BY mw_key, mw_place
UNION ALL
SELECT 4 AS mw_branch, mw_key, mw_place, CAST(NULL AS TEXT) AS mw_value, COUNT(*) AS mw_rows, COUNT(mw_finite) AS mw_finite_rows, MIN(mw_finite) AS mw_least, MAX(mw_finite) AS mw_largest, SUM(mw_summed) AS mw_total
  FROM (SELECT mw_key, CASE WHEN mw_x IS NULL OR mw_x = 'NaN' THEN -1 ELSE width_bucket(mw_x, CAST('{9.99999e-1,1.000001e0}' AS double precision[])) END AS mw_place, CASE WHEN mw_x BETWEEN CAST('-1.7976931348623157e308' AS double precision) AND CAST('1.7976931348623157e308' AS double precision) THEN mw_x END AS mw_finite, CASE WHEN mw_x BETWEEN CAST('-1e290' AS double precision) AND CAST('1e290' AS double precision) THEN mw_x END AS mw_summed
    FROM (SELECT CAST(NULL AS TEXT) AS mw_key, CASE WHEN s."price" = 'NaN' THEN CAST('NaN' AS double precision) WHEN s."price" > 1.797693134862315807e308 THEN CAST('Infinity' AS double precision) WHEN s."price" < -1.797693134862315807e308 THEN CAST('-Infinity' AS double precision) WHEN abs(s."price") < 2.4703282292062328e-324 THEN CAST(0 AS double precision) ELSE CAST(s."price" AS double precision) END AS mw_x FROM "analytics"."training" AS s) AS mw_read) AS mw_placed
  GROUP BY mw_key, mw_place
