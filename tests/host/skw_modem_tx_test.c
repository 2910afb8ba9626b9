/* The transmitter in C against the standard's worked example, and what it refuses. rooms: modem
 * wire */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modem/skw_modem.h"

static struct skw_modem_tx *tx;
static struct skw_modem_iq burst[SKW_MODEM_BURST_MAX];

static void example_psdu(uint8_t psdu[100])
{
	FILE *f = fopen("tests/vectors/ofdm/annex_bits.tsv", "r");
	char line[8192], *hex;
	unsigned v;

	assert_non_null(f);
	do
		assert_non_null(fgets(line, sizeof(line), f));
	while (strncmp(line, "psdu\t", 5) != 0);
	hex = strchr(line + 5, '\t') + 1;
	for (int i = 0; i < 100; i++) {
		assert_int_equal(sscanf(hex + 2 * i, "%2x", &v), 1);
		psdu[i] = (uint8_t)v;
	}
	fclose(f);
}

/* annex_packet_time.tsv: 881 samples to three decimals; ours are twice that. */
static void test_example(void **unused)
{
	struct skw_frame_tx f = { .rate_mbps = 36, .length = 100, .seed = 93 };
	FILE *table = fopen("tests/vectors/ofdm/annex_packet_time.tsv", "r");
	uint8_t psdu[100];
	char line[128];
	size_t n, rows = 0;

	(void)unused;
	assert_non_null(table);
	example_psdu(psdu);
	assert_int_equal(skw_modem_send(tx, burst, &n, SKW_MODEM_BURST_MAX, &f, psdu),
			 SKW_MODEM_OK);
	assert_int_equal(n, 881);
	assert_non_null(fgets(line, sizeof(line), table));
	while (fgets(line, sizeof(line), table) != NULL) {
		double i, q;
		size_t k;

		assert_int_equal(sscanf(line, "%zu %lf %lf", &k, &i, &q), 3);
		assert_true(k == rows && k < n);
		assert_true(fabs((double)burst[k].i / 2 - i) <= 0.00051);
		assert_true(fabs((double)burst[k].q / 2 - q) <= 0.00051);
		rows++;
	}
	assert_int_equal(rows, 881);
	fclose(table);
}

/* 16 + 8 length + 6 bits in symbols of 4 R bits: 320 + 80 (1 + symbols) + 1 samples. */
static void test_lengths(void **unused)
{
	static const uint8_t rates[8] = { 6, 9, 12, 18, 24, 36, 48, 54 };

	(void)unused;
	for (unsigned r = 0; r < 8; r++)
		for (unsigned length = 1; length <= 4095; length++) {
			unsigned symbols = (22 + 8 * length + 4 * rates[r] - 1) / (4U * rates[r]);

			assert_int_equal(skw_modem_burst_len(rates[r], (uint16_t)length),
					 401 + 80 * symbols);
		}
	assert_int_equal(skw_modem_burst_len(6, 4095), SKW_MODEM_BURST_MAX);
	assert_int_equal(skw_modem_burst_len(7, 100), 0);
	assert_int_equal(skw_modem_burst_len(6, 0), 0);
	assert_int_equal(skw_modem_burst_len(6, 4096), 0);
}

static void test_power(void **unused)
{
	struct skw_frame_tx f = { .rate_mbps = 54, .length = 60, .seed = 5 };
	static struct skw_modem_iq loud[4000];
	uint8_t psdu[60] = { 1, 2, 3 };
	size_t n;

	(void)unused;
	skw_modem_send(tx, loud, &n, 4000, &f, psdu);
	f.power_cdb = -600;
	skw_modem_send(tx, burst, &n, 4000, &f, psdu);
	for (size_t k = 0; k < n; k++)
		assert_true(fabsf(burst[k].i - loud[k].i * 0.50119F) < 1e-5F);
}

static void test_refusals(void **unused)
{
	const struct skw_frame_tx good = { .rate_mbps = 24, .length = 100, .seed = 1 };
	struct skw_frame_tx f;
	uint8_t psdu[100] = { 0 };
	size_t n;

	(void)unused;
	assert_int_equal(skw_modem_send(tx, burst, &n, 1000, &good, psdu), SKW_MODEM_NO_ROOM);
	assert_int_equal(n, 0);
	assert_int_equal(skw_modem_send(tx, burst, &n, 1121, &good, psdu), SKW_MODEM_OK);
	assert_int_equal(skw_modem_send(tx, burst, &n, 1120, &good, psdu), SKW_MODEM_NO_ROOM);
	f = good, f.rate_mbps = 11;
	assert_int_equal(skw_modem_send(tx, burst, &n, 9999, &f, psdu), SKW_MODEM_BAD_FRAME);
	f = good, f.seed = 128;
	assert_int_equal(skw_modem_send(tx, burst, &n, 9999, &f, psdu), SKW_MODEM_BAD_FRAME);
	f = good, f.power_cdb = 1;
	assert_int_equal(skw_modem_send(tx, burst, &n, 9999, &f, psdu), SKW_MODEM_BAD_FRAME);
	f = good, f.length = 0;
	assert_int_equal(skw_modem_send(tx, burst, &n, 9999, &f, psdu), SKW_MODEM_BAD_FRAME);
	f = good, f.length = 4, f.append_fcs = true;
	assert_int_equal(skw_modem_send(tx, burst, &n, 9999, &f, psdu), SKW_MODEM_BAD_FRAME);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_power),
		cmocka_unit_test(test_refusals),
	};

	int failed;

	tx = skw_modem_tx_new();
	if (tx == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	skw_modem_tx_free(tx);
	return failed;
}
