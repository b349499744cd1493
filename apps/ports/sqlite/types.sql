-- SPDX-License-Identifier: GPL-2.0-or-later
-- types.sql - values, affinities, expressions, functions
SELECT typeof(1), typeof(1.0), typeof('1'), typeof(x'31'), typeof(NULL);
CREATE TABLE t (i INTEGER, r REAL, t TEXT, b BLOB, n NUMERIC);
INSERT INTO t VALUES ('42', '1', 5, 6, '7.0'), (1e3, 2, 'x', x'00ff', 'y'), (NULL, NULL, NULL, NULL, NULL);
SELECT typeof(i), typeof(r), typeof(t), typeof(b), typeof(n), quote(b) FROM t;
SELECT 7/2, 7%3, -7/2, 7.0/2, 1/0, 9223372036854775807 + 1, 1 << 62, ~5, 5 & 3, 5 | 3;
SELECT '10' + 5, 'abc' || 1, 1 IS NOT NULL, NULL IS NULL, NULL = NULL, 2 BETWEEN 1 AND 3, 'a' < 'B';
SELECT abs(-5), round(2.567, 2), max(1, 9, 3), min('b', 'a'), coalesce(NULL, 2), nullif(1, 1), iif(0, 1, 2);
SELECT substr('hello', 2, 3), upper('x'), trim('  y '), replace('aXbX', 'X', '-'), instr('hello', 'l'), length('äö'),
	hex('abc'), char(72, 105), unicode('€'), printf('%05d|%-5s|%x|%,d', 42, 'a', 255, 1234567);
SELECT date('2024-02-28', '+2 days'), strftime('%j %W', '2024-12-31'), julianday('2000-01-01'), time(3661, 'unixepoch');
SELECT sqrt(2), pow(2, 0.5), ln(10), sin(1), ceil(1.2), mod(7, 3), pi();
SELECT 'abc' LIKE 'A%', 'abc' GLOB 'a?c', 'a%c' LIKE 'a\%c' ESCAPE '\';
SELECT cast('12abc' AS INTEGER), cast(3.9 AS INTEGER), cast(x'414243' AS TEXT), CASE 2 WHEN 1 THEN 'a' ELSE 'b' END;
SELECT json_extract('{"a":[1,{"b":2}]}', '$.a[1].b'), json('{"x" : 1}') ->> 'x', json_group_array(value)
	FROM json_each('[3,1,2]') ORDER BY value;
SELECT key, value, type FROM json_tree('{"a":{"b":[true,null]}}');
