-- SPDX-License-Identifier: GPL-2.0-or-later
-- storage.sql - pages, journals, vacuum, attach, backup, large rows, on a file
PRAGMA page_size = 1024; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = DELETE;
CREATE TABLE big (id INTEGER PRIMARY KEY, data BLOB, text TEXT);
BEGIN;
INSERT INTO big SELECT value, zeroblob(value * 13 % 5000), printf('%.*c', value % 200, 'x') FROM generate_series(1, 1500);
COMMIT;
SELECT count(*), sum(length(data)), sum(length(text)) FROM big;
CREATE INDEX by_text ON big (text, id);
DELETE FROM big WHERE id % 3 = 0;
PRAGMA incremental_vacuum(100);
SELECT count(*), (SELECT count(*) FROM pragma_freelist_count WHERE freelist_count > 0) FROM big;
PRAGMA journal_mode = WAL;
UPDATE big SET text = text || id WHERE id % 2;
PRAGMA wal_checkpoint(TRUNCATE);
PRAGMA journal_mode = PERSIST; UPDATE big SET data = NULL WHERE id < 50;
PRAGMA journal_mode = TRUNCATE; UPDATE big SET data = x'0102' WHERE id < 50;
PRAGMA journal_mode = MEMORY; UPDATE big SET data = NULL WHERE id < 50;
PRAGMA journal_mode = DELETE;
PRAGMA mmap_size = 1000000;
SELECT sum(length(text)), sum(id) FROM big WHERE text >= 'x';
ATTACH 'other.db' AS other;
CREATE TABLE other.copy AS SELECT * FROM big WHERE id % 10 = 1;
BEGIN; DELETE FROM other.copy WHERE id > 1000; DELETE FROM main.big WHERE id > 1400; COMMIT;
SELECT (SELECT count(*) FROM other.copy), (SELECT count(*) FROM big);
DETACH other;
VACUUM; VACUUM INTO 'vacuumed.db';
PRAGMA integrity_check; PRAGMA page_count;
.backup backup.db
.open backup.db
SELECT count(*), max(id), sum(length(data)) FROM big;
.open vacuumed.db
SELECT count(*), max(id), sum(length(data)) FROM big;
PRAGMA integrity_check;
