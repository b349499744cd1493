-- SPDX-License-Identifier: GPL-2.0-or-later
-- query.sql - joins, subqueries, windows, recursion, ordering
CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT UNIQUE, boss REFERENCES person, pay REAL, dept TEXT);
INSERT INTO person SELECT value, printf('p%03d', value), nullif(value / 4, 0), (value * 7919) % 1000, 'd' || (value % 5)
	FROM generate_series(1, 200);
CREATE INDEX by_dept ON person (dept, pay);
ANALYZE;
SELECT dept, count(*), sum(pay), avg(pay), group_concat(name, ' ') FILTER (WHERE pay > 900) FROM person GROUP BY dept
	HAVING count(*) > 10 ORDER BY dept;
SELECT a.name, b.name FROM person a LEFT JOIN person b ON a.boss = b.id WHERE a.id < 8;
SELECT count(*) FROM person a JOIN person b USING (dept) WHERE a.pay < b.pay;
SELECT name FROM person WHERE pay = (SELECT max(pay) FROM person) OR id IN (SELECT boss FROM person WHERE id > 190);
SELECT name FROM person p WHERE EXISTS (SELECT 1 FROM person WHERE boss = p.id AND pay > 990);
WITH RECURSIVE chain (id, name, level) AS (
	SELECT id, name, 0 FROM person WHERE id = 200 UNION ALL
	SELECT p.id, p.name, level + 1 FROM chain c JOIN person q ON q.id = c.id JOIN person p ON p.id = q.boss)
SELECT * FROM chain;
WITH RECURSIVE fib (n, a, b) AS (VALUES (1, 0, 1) UNION ALL SELECT n + 1, b, a + b FROM fib WHERE n < 60)
SELECT n, a FROM fib WHERE n % 10 = 0;
SELECT name, pay, rank() OVER w, row_number() OVER w, lag(pay) OVER w, sum(pay) OVER (w ROWS 2 PRECEDING)
	FROM person WHERE dept = 'd1' AND id < 60 WINDOW w AS (PARTITION BY dept ORDER BY pay DESC, id);
SELECT ntile(4) OVER (ORDER BY pay, id) AS q, percent_rank() OVER (ORDER BY pay) FROM person WHERE id % 50 = 0;
SELECT dept FROM person UNION SELECT 'x' EXCEPT SELECT 'd1' INTERSECT SELECT dept FROM person;
EXPLAIN QUERY PLAN SELECT * FROM person WHERE dept = 'd1' AND pay > 5 ORDER BY pay;
-- a sudoku, by recursion: most of a second of nothing but the virtual machine
WITH RECURSIVE input(sud) AS (
	VALUES ('53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79')),
	digits(z, lp) AS (VALUES ('1', 1) UNION ALL SELECT cast(lp + 1 AS TEXT), lp + 1 FROM digits WHERE lp < 9),
	x(s, ind) AS (SELECT sud, instr(sud, '.') FROM input UNION ALL
		SELECT substr(s, 1, ind - 1) || z || substr(s, ind + 1),
			instr(substr(s, 1, ind - 1) || z || substr(s, ind + 1), '.')
		FROM x, digits AS z WHERE ind > 0 AND NOT EXISTS (SELECT 1 FROM digits AS lp
			WHERE z.z = substr(s, ((ind - 1) / 9) * 9 + lp, 1)
			OR z.z = substr(s, ((ind - 1) % 9) + (lp - 1) * 9 + 1, 1)
			OR z.z = substr(s, (((ind - 1) / 3) % 3) * 3 + ((ind - 1) / 27) * 27 + lp
				+ ((lp - 1) / 3) * 6, 1)))
SELECT s FROM x WHERE ind = 0;
