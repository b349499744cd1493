# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# test.sh - SQLite's tests as the guest runs them
#
#   test.sh shell			our scripts, and what the shell does with files
#   test.sh speed SIZE		speedtest1, in a file and in memory, with both journals
#   test.sh fuzz FUZZDATA...	fuzzcheck, as "make fuzztest" has it
#   test.sh threads TEST...	threadtest3, as "make threadtest" has it
#
# Times and the counts that depend on them are left out of what is printed.
package=sqlite
# shellcheck source=apps/ports/testing.sh
. ./testing.sh

# without WORDS COMMAND...: the output less what the sed script takes away
without() {
	script=$1 got=0
	shift
	"$@" >out || got=$?
	sed -E "$script" out
	return "$got"
}

script() {
	rm -f test.db*
	"$PROGRAM" -header test.db <"$1"
}

# A dump read again gives the same dump; tables survive a way through CSV.
dump() {
	"$PROGRAM" test.db .dump >one.dump && "$PROGRAM" copy.db <one.dump &&
		"$PROGRAM" copy.db .dump | cmp - one.dump && wc -l <one.dump
}

csv() {
	"$PROGRAM" csv.db "CREATE TABLE t AS SELECT value AS n, 'quoted \"x\", ' || value AS s
		FROM generate_series(1, 1000)" &&
		"$PROGRAM" -csv -header csv.db 'SELECT * FROM t' >t.csv &&
		"$PROGRAM" csv.db '.import --csv t.csv again' 'SELECT count(*), sum(n) FROM again' \
			'SELECT count(*) FROM t JOIN again ON t.n = CAST(again.n AS INTEGER) AND t.s = again.s'
}

# While one of them has the lock, another is refused.
lock() {
	"$PROGRAM" lock.db 'CREATE TABLE t (a)' 'BEGIN EXCLUSIVE' 'INSERT INTO t VALUES (1)' \
		".system $PROGRAM lock.db 'INSERT INTO t VALUES (2)'" 'COMMIT' &&
		"$PROGRAM" lock.db 'INSERT INTO t VALUES (3)' 'SELECT * FROM t'
}

# Four at a time, each waiting for its turn 20 times
writers() {
	"$PROGRAM" writers.db 'PRAGMA journal_mode = WAL' 'CREATE TABLE t (writer, n)'
	for w in 1 2 3 4; do
		{
			echo '.timeout 60000'
			for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
				echo "INSERT INTO t VALUES ($w, $n);"
			done
		} | "$PROGRAM" writers.db &
	done
	wait
	"$PROGRAM" writers.db 'SELECT writer, count(*), sum(n) FROM t GROUP BY writer' 'PRAGMA integrity_check'
}

case $1 in
shell)
	for sql in types query change search storage; do
		each "$sql.sql" status "$([ "$sql" = change ] && echo 1 || echo 0)" script "$sql.sql"
	done
	each dump dump
	each csv csv
	each lock lock
	each writers writers
	each arguments "$PROGRAM" -json :memory: "SELECT 1 AS a, 'b' AS c"
	each version without 's/.*/version/' "$PROGRAM" -version
	each error status 1 "$PROGRAM" :memory: 'SELECT * FROM missing'
	each "no database" status 1 "$PROGRAM" /no/such/file 'CREATE TABLE t (a)'
	;;
speed)
	times='s/\.\.\.*.*$//; s/ +[0-9]+\.[0-9]+s.*$//'
	each "speedtest1 in a file" without "$times" "$PROGRAM" --size "$2" --verify speed.db
	each "speedtest1 with WAL" without "$times" "$PROGRAM" --size "$2" --verify --journal wal speed2.db
	each "speedtest1 in memory" without "$times" "$PROGRAM" --size "$2" --verify --memdb
	for set in cte orm fp; do
		each "speedtest1 $set" without "$times" "$PROGRAM" --size "$2" --verify --testset "$set" :memory:
	done
	;;
fuzz)
	shift
	for data; do
		each "fuzzcheck $data" without 's/ in [0-9.]+ seconds//' "$PROGRAM" "$data"
	done
	;;
threads)
	shift
	for name; do
		each "threadtest3 $name" without '/errors out of|^Running/!d' "$PROGRAM" "$name"
	done
	;;
*)
	echo "test.sh: no tests '$1'"
	failed=2
	;;
esac
exit "$failed"
