-- SPDX-License-Identifier: GPL-2.0-or-later
PRAGMA integrity_check;
SELECT CASE WHEN count(*) = 16 * ifnull(max(txn), 0)
		AND count(*) = (SELECT rows FROM ledger)
		AND ifnull(sum(touched), 0) = (SELECT touches FROM ledger)
		AND NOT EXISTS (SELECT 1 FROM log WHERE payload <> printf('%d/%d/%s', txn, part,
			substr(hex(txn * 2654435761 + part), -6) || printf('%.*c', 300, 'x')))
	THEN 'verified ' ELSE 'damaged ' END || ifnull(max(txn), 0) FROM log;
