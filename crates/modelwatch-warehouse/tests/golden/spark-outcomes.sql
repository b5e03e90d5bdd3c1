SELECT CAST(s.`prediction_id` AS STRING) AS mw_id, 0 AS mw_id_code, CAST(s.`label` AS STRING) AS mw_label, 1 AS mw_label_code, s.`known` AS mw_time
FROM `analytics`.`labels` AS s
WHERE s.`known` >= TIMESTAMP '2026-04-01 00:00:00.000000+00:00' OR s.`known` IS NULL
