/* rooms: wire keys ledger pay cli
 *
 * Files that `skywave` is given: a chain (hex, JSON or binary), receipts, the results of a sweep.
 * Each ends, in an error or with what is in it; a chain's items are as long as they say, and
 * results that were read, with one more, are read again. */

#include <fcntl.h>

#include "cli/skw_cli_chain_file.h"
#include "cli/skw_cli_receipts.h"
#include "cli/skw_cli_sweep.h"
#include "skw_fuzz.h"

static const struct skw_cli_sweep SWEEP = { .soft = true,
					    .rates = { 6, 24 },
					    .rate_count = 2,
					    .step_cdb = 50,
					    .points = 9,
					    .frames = 100,
					    .length = 1000,
					    .seed = 1 };

static void chain(const uint8_t *data, size_t len)
{
	struct skw_cli_chain_file f;
	char path[64];
	int fd = fuzz_file(data, len, path);
	uint8_t sum = 0;
	size_t n = 0;

	if (skw_cli_chain_file_open(&f, path))
		while (skw_cli_chain_file_next(&f)) {
			FUZZ_CHECK(++n <= len && !f.failed);
			for (size_t i = 0; i < f.len; i++)
				sum ^= f.data[i]; /* all of it is there */
		}
	FUZZ_CHECK(sum <= 255);
	skw_cli_chain_file_close(&f);
	close(fd);
}

static void receipts(const uint8_t *data, size_t len)
{
	char path[64];
	int fd = fuzz_file(data, len, path), result = skw_cli_receipts_verify(path, len % 2 == 0);

	FUZZ_CHECK(result == 0 || result == 1);
	close(fd);
}

/* A file of its own: it is locked and cut. */
static void sweep(const uint8_t *data, size_t len)
{
	static uint32_t read[2 * 9 * 10];
	const unsigned units = skw_cli_sweep_units(&SWEEP);
	struct skw_cli_sweep_file f;
	char path[64];
	int fd = fuzz_file(data, len, path);

	FUZZ_CHECK(units == sizeof(read) / sizeof(read[0]));
	if (skw_cli_sweep_file_open(&f, path, &SWEEP)) {
		FUZZ_CHECK(skw_cli_sweep_file_add(
		    &f, &(struct skw_cli_sweep_result) { .unit = 7, .lost = f.lost[7] % 11 }));
		memcpy(read, f.lost, sizeof(read));
		skw_cli_sweep_file_close(&f);
		FUZZ_CHECK(skw_cli_sweep_file_open(&f, path, &SWEEP));
		read[7] = f.lost[7];
		FUZZ_CHECK(f.lost[7] <= SWEEP.frames && memcmp(read, f.lost, sizeof(read)) == 0);
	} else {
		FUZZ_CHECK(f.error[0] != '\0');
	}
	skw_cli_sweep_file_close(&f);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (stdout != stderr) { /* what they say is for people; libFuzzer has its own copy */
		stdout = stderr = fopen("/dev/null", "w");
		FUZZ_CHECK(stdout != NULL);
	}
	if (size == 0)
		return 0;
	if (data[0] % 3 == 0)
		chain(data + 1, size - 1);
	else if (data[0] % 3 == 1)
		receipts(data + 1, size - 1);
	else
		sweep(data + 1, size - 1);
	return 0;
}

static void seed_of(const char *name, char kind, const char *path, size_t most)
{
	uint8_t data[16384] = { (uint8_t)kind };
	FILE *file = fopen(path, "rb");
	size_t len;

	FUZZ_CHECK(file != NULL);
	len = fread(data + 1, 1, most < sizeof(data) - 1 ? most : sizeof(data) - 1, file);
	fclose(file);
	fuzz_seed(name, data, len + 1);
}

static void seeds(void)
{
	seed_of("hex", '0', "tests/vectors/skycoin/blocks-private-multi.hex", 4096);
	seed_of("json", '0', "tests/vectors/skycoin/live/health.json", 16000);
	fuzz_seed_text("receipts", "1[{\"receipt\":\"00ff\"}]\n");
	fuzz_seed_text("results", "2skywave-sweep 1\nengine=soft rates=6,24 snr=0.00:0.50:9 "
				  "frames=100 length=1000 seed=1 cfo=0 spread=0\n7 3\n8 10\n9");
}

FUZZ_START(seeds)
