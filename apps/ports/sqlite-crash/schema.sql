-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Transaction T adds 16 rows (T, 1..16) to the log, rewrites the pages of older ones,
-- and counts what it did in the ledger: all of it or nothing.
CREATE TABLE log (txn INTEGER, part INTEGER, touched INTEGER, payload TEXT,
	PRIMARY KEY (txn, part)) WITHOUT ROWID;
CREATE INDEX by_payload ON log (payload);
CREATE TABLE ledger (rows INTEGER, touches INTEGER);
INSERT INTO ledger VALUES (0, 0);
