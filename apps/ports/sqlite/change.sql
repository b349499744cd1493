-- SPDX-License-Identifier: GPL-2.0-or-later
-- change.sql - transactions, savepoints, triggers, constraints, upserts, schema changes
PRAGMA foreign_keys = ON;
CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL CHECK (balance >= 0));
CREATE TABLE entry (id INTEGER PRIMARY KEY AUTOINCREMENT, account REFERENCES account ON DELETE CASCADE, delta INTEGER);
CREATE TRIGGER log AFTER UPDATE OF balance ON account BEGIN
	INSERT INTO entry (account, delta) VALUES (new.id, new.balance - old.balance);
END;
INSERT INTO account SELECT value, 100 FROM generate_series(1, 10);
BEGIN; UPDATE account SET balance = balance - 30 WHERE id = 1; UPDATE account SET balance = balance + 30 WHERE id = 2; COMMIT;
BEGIN; UPDATE account SET balance = 0; ROLLBACK;
SAVEPOINT a; DELETE FROM account WHERE id = 3; SAVEPOINT b; DELETE FROM account WHERE id = 4;
ROLLBACK TO b; RELEASE a;
UPDATE account SET balance = -1 WHERE id = 5;
INSERT INTO entry (account, delta) VALUES (99, 1);
INSERT INTO account VALUES (1, 5);
INSERT OR IGNORE INTO account VALUES (1, 5);
INSERT INTO account VALUES (1, 5) ON CONFLICT (id) DO UPDATE SET balance = balance + excluded.balance RETURNING *;
DELETE FROM account WHERE id = 2;
SELECT * FROM account; SELECT * FROM entry; SELECT changes(), total_changes();
CREATE VIEW rich AS SELECT id, balance * 2 AS twice FROM account WHERE balance > 70;
CREATE TRIGGER through INSTEAD OF UPDATE ON rich BEGIN UPDATE account SET balance = new.twice / 2 WHERE id = new.id; END;
UPDATE rich SET twice = 400 WHERE id = 6;
SELECT * FROM rich;
ALTER TABLE account ADD COLUMN note TEXT DEFAULT 'none'; ALTER TABLE account RENAME COLUMN note TO remark;
ALTER TABLE entry RENAME TO entries; ALTER TABLE account DROP COLUMN remark;
CREATE TABLE strict (a INT, b TEXT) STRICT; INSERT INTO strict VALUES ('x', 1);
CREATE TABLE gen (a, b AS (a * 2) STORED, c AS (b + 1)); INSERT INTO gen VALUES (5), (6); SELECT * FROM gen;
SELECT name, sql FROM sqlite_schema ORDER BY name;
PRAGMA foreign_key_check; PRAGMA integrity_check;
