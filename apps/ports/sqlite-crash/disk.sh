# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# disk.sh - a database that is written to until the machine goes down
#
#   disk.sh JOURNAL load	what the last run left is verified; then transactions for ever
#   disk.sh JOURNAL verify	verified only, in ring 0 and in ring 3
#
# "half way" is printed in the middle of a transaction, "committed N" when transaction N
# is durable, "left behind: FILE" for each journal found, "verified N" if transactions 1
# to N are there, whole and unchanged.
set -eu

journal=$1 what=$2
database=$DISK/test.db

for file in "$database"-*; do
	[ ! -s "$file" ] || echo "left behind: ${file##*/}"
done
[ -e "$database" ] || "$PROGRAM" -bail "$database" <schema.sql
"$PROGRAM" -bail "$database" <verify.sql
[ "$what" = load ] || { ./program -bail "$database" <verify.sql; exit; }

# EXTRA: with FULL the deletion of a journal need not be on the disk yet, and a
# transaction that was reported as committed may be rolled back by the next reader.
{
	echo "PRAGMA journal_mode = $journal; PRAGMA synchronous = EXTRA;"
	echo "PRAGMA cache_size = 4;" # so that half of a transaction is in the file, too
	while cat transaction.sql; do :; done
} | "$PROGRAM" -bail "$database"
