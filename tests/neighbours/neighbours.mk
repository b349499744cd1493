# SPDX-License-Identifier: GPL-2.0-or-later
#
# neighbours.mk - ring 3 beside the application: what it can do to it, and what it notices

SUITES += security-check

security-check:	## ring 3 tries everything to become the application, or to reach ring 0
security-check: $(ECHO_KERNEL) $(RECORDING)
	tests/neighbours/security.sh $(BUILD) $(ECHO_KERNEL) $(BUILD)/system/security

.PHONY: security-check
