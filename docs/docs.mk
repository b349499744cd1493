# SPDX-License-Identifier: GPL-2.0-or-later
#
# The pages of docs/ that are made from the model and its fixtures, see pages.sh.  They
# are kept in git, and tests/unit/pages.sh compares them with what would be made.

.PHONY: docs
docs: $(UKL) $(ASSEMBLE)	## write the pages that are made: docs/invariants/, docs/catalogue.md
	$(Q)docs/pages.sh $(UKL) $(ASSEMBLE) docs
