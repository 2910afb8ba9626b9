/* rooms: wire cli
 *
 * skw_cli_iq: the file that `skywave phy decode` reads. A reader gives every whole sample or an
 * error; cs16 is exact: what was read and saved is the file again, byte for byte. */

#include "cli/skw_cli_iq.h"
#include "skw_fuzz.h"

enum { SAMPLES = 8192 };

static size_t read_all(struct skw_cli_iq *f, struct skw_iq *out, size_t step)
{
	size_t have = 0, got;

	while (have + step <= SAMPLES && (got = skw_cli_iq_read(f, out + have, step)) > 0) {
		FUZZ_CHECK(got <= step);
		have += got;
	}
	FUZZ_CHECK(f->samples == have);
	return have;
}

static void again(const struct skw_iq *samples, size_t n, const uint8_t *data)
{
	struct skw_cli_iq f;
	char path[64];
	int fd = fuzz_file(data, 0, path);
	uint8_t *back = malloc(4 * n + 1);

	FUZZ_CHECK(skw_cli_iq_save(&f, path, SKW_CLI_CS16, samples, n));
	FUZZ_CHECK(pread(fd, back, 4 * n + 1, 0) == (ssize_t)(4 * n));
	FUZZ_CHECK(memcmp(back, data, 4 * n) == 0);
	free(back);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct skw_iq samples[SAMPLES];
	enum skw_cli_iq_format format = size > 0 && data[0] & 1 ? SKW_CLI_CF32 : SKW_CLI_CS16;
	size_t sample = format == SKW_CLI_CS16 ? 4 : 8, step, n, len;
	struct skw_cli_iq f;
	char path[64];
	int fd;

	if (size == 0 || size - 1 > 4096)
		return 0;
	len = size - 1;
	step = 1 + (data[0] >> 1) * 8u;
	fd = fuzz_file(data + 1, len, path);
	if (skw_cli_iq_open(&f, path, format)) {
		n = read_all(&f, samples, step);
		FUZZ_CHECK(len % sample == 0);
		FUZZ_CHECK((f.error[0] == '\0') == (n == len / sample));
		if (format == SKW_CLI_CS16) {
			FUZZ_CHECK(f.error[0] == '\0' && f.clipped == 0);
			if (n > 0)
				again(samples, n, data + 1);
		} else if (n > 0) { /* I before Q, by this rounding */
			float i;

			memcpy(&i, data + 1, sizeof(i));
			if (i > -0.99f && i < 0.99f)
				FUZZ_CHECK(samples[0].i - i * 32768 <= 0.5f &&
					   samples[0].i - i * 32768 >= -0.5f);
		}
	} else {
		FUZZ_CHECK(f.error[0] != '\0');
	}
	skw_cli_iq_close(&f);
	close(fd);
	return 0;
}

static void seeds(void)
{
	float cf32[6] = { 0.5f, -0.25f, 1.5f, 0, -1, 0.1f };
	uint8_t data[1 + sizeof(cf32)] = { 1 };
	FILE *capture = fopen("tests/vectors/ofdm/captures/cable_6mbps.cs16", "rb");
	uint8_t head[1 + 1024] = { 6 };

	memcpy(data + 1, cf32, sizeof(cf32));
	fuzz_seed("cf32", data, sizeof(data));
	FUZZ_CHECK(capture != NULL && fread(head + 1, 1, 1024, capture) == 1024);
	fclose(capture);
	fuzz_seed("capture", head, sizeof(head));
}

FUZZ_START(seeds)
