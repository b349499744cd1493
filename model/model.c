/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model.c - the model, compiled as one
 *
 * A step then has the checks of all groups inline, without a call and with what they
 * have in common done once.  Each file can be compiled alone as well, as the tests do
 * that change one of them.
 */
#define UKL_JUDGE_LINKAGE static inline

#include "catalogue.c"
#include "inv_entry.c"
#include "inv_exit.c"
#include "inv_mode.c"
#include "inv_stack.c"
#include "inv_irq.c"
#include "inv_fault.c"
#include "inv_signal.c"
#include "inv_thread.c"
#include "inv_space.c"
#include "inv_isolation.c"
#include "machine.c"
#include "tasks.c"
#include "step.c"
