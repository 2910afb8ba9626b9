/* rooms: wire cli
 *
 * skw_cli_iq: the file that `skywave phy decode` reads. A reader gives every whole sample or an
 * error; whole numbers are exact: what was read and saved is the file again, byte for byte. */

#include "cli/skw_cli_iq.h"
#include "skw_fuzz.h"

enum { SAMPLES = 8192 };

static size_t read_all(struct skw_cli_iq *f, struct skw_iq *out, size_t step, unsigned *clipped)
{
	struct skw_modem_iq exact[SAMPLES];
	size_t have = 0, got;

	*clipped = 0;
	while (have + step <= SAMPLES && (got = skw_cli_iq_read_float(f, exact, step)) > 0) {
		FUZZ_CHECK(got <= step);
		*clipped += skw_cli_iq_round(out + have, exact, got);
		have += got;
	}
	FUZZ_CHECK(f->samples == have);
	return have;
}

static void again(const struct skw_iq *samples, size_t n, const uint8_t *data,
		  enum skw_cli_iq_format format, size_t sample)
{
	struct skw_cli_iq f;
	char path[64];
	int fd = fuzz_file(data, 0, path);
	uint8_t *back = malloc(sample * n + 1);

	FUZZ_CHECK(skw_cli_iq_save(&f, path, format, samples, n));
	FUZZ_CHECK(pread(fd, back, sample * n + 1, 0) == (ssize_t)(sample * n));
	FUZZ_CHECK(memcmp(back, data, sample * n) == 0);
	free(back);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct skw_iq samples[SAMPLES];
	static const size_t sizes[] = { 8, 4, 2, 2 }; /* cf32, cs16, cs8, cu8 */
	enum skw_cli_iq_format format = size > 0 ? data[0] & 3 : SKW_CLI_CF32;
	size_t sample = sizes[format], step, n, len;
	unsigned clipped;
	struct skw_cli_iq f;
	char path[64];
	int fd;

	if (size == 0 || size - 1 > 4096)
		return 0;
	len = size - 1;
	step = 1 + (data[0] >> 2) * 16u;
	fd = fuzz_file(data + 1, len, path);
	if (skw_cli_iq_open(&f, path, format)) {
		n = read_all(&f, samples, step, &clipped);
		FUZZ_CHECK(len % sample == 0);
		FUZZ_CHECK((f.error[0] == '\0') == (n == len / sample));
		if (format != SKW_CLI_CF32) {
			FUZZ_CHECK(f.error[0] == '\0' && clipped == 0);
			if (n > 0)
				again(samples, n, data + 1, format, sample);
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
	uint8_t data[1 + sizeof(cf32)] = { 0 };
	FILE *capture = fopen("tests/vectors/ofdm/captures/cable_6mbps.cs16", "rb");
	uint8_t head[1 + 1024] = { 5 };

	memcpy(data + 1, cf32, sizeof(cf32));
	fuzz_seed("cf32", data, sizeof(data));
	FUZZ_CHECK(capture != NULL && fread(head + 1, 1, 1024, capture) == 1024);
	fclose(capture);
	fuzz_seed("capture", head, sizeof(head));
}

FUZZ_START(seeds)
