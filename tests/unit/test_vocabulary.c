/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_vocabulary.c - the generated tables are whole and can be searched
 */
#include <string.h>

#include "../../traces/vocabulary.h"
#include "unit.h"

static void classes(void)
{
	for (int i = 1; i < UKL_CLASSES; i++) {
		const struct ukl_class_info *info = &ukl_class_info[i];

		CU_ASSERT_PTR_NOT_NULL_FATAL(info->name);
		CU_ASSERT_PTR_NOT_NULL(info->meaning);
		CU_ASSERT_EQUAL(ukl_class_find(info->name), i);
		for (unsigned int a = 0; a < info->n_args; a++) {
			CU_ASSERT_PTR_NOT_NULL_FATAL(info->arg[a]);
			CU_ASSERT_PTR_NOT_NULL(info->arg_meaning[a]);
			CU_ASSERT_EQUAL(ukl_arg_find((enum ukl_class)i, info->arg[a]),
					(int)a);
		}
	}
	CU_ASSERT_PTR_NULL(ukl_class_info[UKL_EV_UNKNOWN].name);
	CU_ASSERT_EQUAL(ukl_class_find("nothing"), -1);
	CU_ASSERT_EQUAL(ukl_arg_find(UKL_EV_EXIT, "vector"), -1);
}

static void switch_is_as_written(void)
{
	const struct ukl_class_info *info = &ukl_class_info[UKL_EV_SWITCH];

	CU_ASSERT_STRING_EQUAL(info->name, "switch");
	CU_ASSERT_EQUAL(info->n_args, 6);
	CU_ASSERT_STRING_EQUAL(info->arg[UKL_A_SWITCH_next], "next");
	CU_ASSERT_EQUAL(info->samples, UKL_BIT(fs_base) | UKL_BIT(gs_base) |
			UKL_BIT(kgs_base) | UKL_BIT(cr3));
}

static void slots_sides_layout(void)
{
	for (int i = 0; i < UKL_STATE_SLOTS; i++)
		CU_ASSERT_EQUAL(ukl_slot_find(ukl_slot_info[i].name), i);
	for (int i = 0; i < UKL_SIDES; i++)
		CU_ASSERT_EQUAL(ukl_side_find(ukl_side_name[i]), i);
	for (int i = 0; i < UKL_LAYOUT_ITEMS; i++)
		CU_ASSERT_EQUAL(ukl_layout_find(ukl_layout_item[i].name), i);
	CU_ASSERT_EQUAL(ukl_slot_find("mode"), UKL_S_mode);
	CU_ASSERT_EQUAL(ukl_side_find("user"), UKL_SIDE_USER);
	CU_ASSERT_EQUAL(ukl_layout_find("app_idt"), UKL_L_app_idt);
	CU_ASSERT_EQUAL(ukl_slot_find("eax"), -1);
	CU_ASSERT_EQUAL(ukl_side_find(""), -1);
	CU_ASSERT_EQUAL(ukl_layout_find("heap"), -1);
}

static void layout_access(void)
{
	struct ukl_layout layout = { 0 };

	*ukl_layout_value(&layout, UKL_L_kernel_idt) = 42;
	CU_ASSERT_EQUAL(layout.kernel_idt, 42);
	CU_ASSERT_EQUAL(ukl_layout_get(&layout, UKL_L_kernel_idt), 42);
}

static void ctrl_names(void)
{
	char buf[32];

	CU_ASSERT_STRING_EQUAL(ukl_ctrl_name(UKL_CTRL_CR4, buf), "cr4");
	CU_ASSERT_STRING_EQUAL(ukl_ctrl_name(UKL_CTRL_IDTR, buf), "idtr");
	CU_ASSERT_STRING_EQUAL(ukl_ctrl_name(0xc0000102, buf), "msr 0xc0000102");
}

int main(void)
{
	static const struct unit_test tests[] = {
		{ "every class and argument can be found", classes },
		{ "one class compared by hand", switch_is_as_written },
		{ "slots, sides and layout items can be found", slots_sides_layout },
		{ "layout members by number", layout_access },
		{ "names of control registers", ctrl_names },
		{ NULL, NULL }
	};

	return unit_main("vocabulary", tests);
}
