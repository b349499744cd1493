/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_crc32c.c - both implementations against the published values
 */
#include <string.h>

#include "../../traces/crc32c.h"
#include "unit.h"

/* RFC 3720, appendix B.4, and the customary check string. */
static void vectors(void)
{
	uint8_t buf[32];

	CU_ASSERT_EQUAL(ukl_crc32c(0, "123456789", 9), 0xe3069283u);
	memset(buf, 0, sizeof(buf));
	CU_ASSERT_EQUAL(ukl_crc32c(0, buf, 32), 0x8a9136aau);
	memset(buf, 0xff, sizeof(buf));
	CU_ASSERT_EQUAL(ukl_crc32c(0, buf, 32), 0x62a8ab43u);
	for (int i = 0; i < 32; i++)
		buf[i] = (uint8_t)i;
	CU_ASSERT_EQUAL(ukl_crc32c(0, buf, 32), 0x46dd794eu);
	CU_ASSERT_EQUAL(ukl_crc32c(0, buf, 0), 0);
}

static void portable_agrees(void)
{
	uint64_t seed = 1;
	uint8_t buf[20000];

	CU_ASSERT_EQUAL(ukl_crc32c_portable(0, "123456789", 9), 0xe3069283u);
	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)unit_random(&seed);
	for (size_t start = 0; start < 9; start++)
		for (size_t len = 0; len < 280; len++)
			CU_ASSERT_EQUAL(ukl_crc32c(7, buf + start, len),
					ukl_crc32c_portable(7, buf + start, len));
	for (size_t len = 280; len < sizeof(buf); len += 61)
		CU_ASSERT_EQUAL(ukl_crc32c(7, buf, len), ukl_crc32c_portable(7, buf, len));
}

static void continues(void)
{
	const char text[] = "a text that is cut at every place";
	uint32_t whole = ukl_crc32c(0, text, sizeof(text));

	for (size_t cut = 0; cut <= sizeof(text); cut++)
		CU_ASSERT_EQUAL(ukl_crc32c(ukl_crc32c(0, text, cut), text + cut,
					   sizeof(text) - cut), whole);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{ "published values", vectors },
		{ "portable and SSE4.2 agree", portable_agrees },
		{ "a sum continues across a cut", continues },
		{ NULL, NULL }
	};

	return unit_main("crc32c", tests);
}
