-- SPDX-License-Identifier: GPL-2.0-or-later
BEGIN IMMEDIATE;
UPDATE log SET touched = touched + 1 WHERE txn % 7 = (SELECT max(txn) FROM log) % 7;
UPDATE ledger SET touches = touches + changes();
-- now the pages that left the cache are on the disk, and what may undo them is, too
.system sync
SELECT 'half way';
INSERT INTO log SELECT n.txn, s.value, 0, printf('%d/%d/%s', n.txn, s.value,
		substr(hex(n.txn * 2654435761 + s.value), -6) || printf('%.*c', 300, 'x'))
	FROM (SELECT ifnull(max(txn), 0) + 1 AS txn FROM log) AS n, generate_series(1, 16) AS s;
UPDATE ledger SET rows = rows + changes();
COMMIT;
SELECT 'committed ' || max(txn) FROM log;
