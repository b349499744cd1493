-- SPDX-License-Identifier: GPL-2.0-or-later
-- search.sql - the full-text and the spatial index, and the shell's own tables
CREATE VIRTUAL TABLE doc USING fts4 (title, body);
INSERT INTO doc SELECT 'title ' || value, 'some words ' || CASE value % 4 WHEN 0 THEN 'zero' WHEN 1 THEN 'one two' ELSE 'many ' || value END
	FROM generate_series(1, 400);
SELECT count(*) FROM doc WHERE doc MATCH 'zero';
SELECT title, snippet(doc) FROM doc WHERE doc MATCH '"one two" title' LIMIT 3;
SELECT count(*) FROM doc WHERE body MATCH 'man* -10';
INSERT INTO doc (doc) VALUES ('optimize'); INSERT INTO doc (doc) VALUES ('integrity-check');
CREATE VIRTUAL TABLE box USING rtree (id, x0, x1, y0, y1);
INSERT INTO box SELECT value, value % 50, value % 50 + 2, value / 50, value / 50 + 1 FROM generate_series(1, 2000);
SELECT count(*), sum(id) FROM box WHERE x0 >= 10 AND x1 <= 20 AND y0 >= 5 AND y1 <= 15;
DELETE FROM box WHERE id % 2;
SELECT count(*), rtreecheck('box') FROM box;
SELECT name, pageno > 0, pagetype FROM dbstat WHERE name = 'box_node' LIMIT 1;
