# SPDX-License-Identifier: GPL-2.0-or-later
#
# trace-tools.gdb - a session with "probe -idle"; run by trace-tools.sh
#
# idle_count counts.  Text is read from the program's file: of the application's, ptrace
# reads nothing.
set pagination off
set confirm off
set width 0
set trust-readonly-sections on
printf "selectors %x %x\n", $cs, $ss
set $before = idle_count
watch idle_count
continue
continue
if idle_count > $before
  echo counts: yes\n
end
delete
x/2i $pc
set $here = $pc
stepi
if $pc != $here
  echo stepped: yes\n
end
