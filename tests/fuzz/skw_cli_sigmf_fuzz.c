/* rooms: wire plain modem cli
 *
 * skw_cli_sigmf: metadata from anybody. Whatever they say, reading gives either an error in words
 * or a format and numbers; skw_cli_recording, opened by them, gives no more samples than the file
 * has room for, all of them finite, or an error. The input is the metadata, a 0, and the data. */

#include <limits.h>
#include <math.h>

#include "cli/skw_cli_recording.h"
#include "cli/skw_cli_sigmf.h"
#include "skw_fuzz.h"

enum { MOST = 1 << 14 };

static char folder[] = "/dev/shm/skywave-fuzz-XXXXXX";
static char meta_path[64], data_path[64];

static void write_file(const char *path, const uint8_t *data, size_t size)
{
	FILE *f = fopen(path, "wb");

	FUZZ_CHECK(f != NULL && fwrite(data, 1, size, f) == size && fclose(f) == 0);
}

static void clear(void)
{
	unlink(meta_path);
	unlink(data_path);
	rmdir(folder);
}

static void prepare(void)
{
	if (meta_path[0] != '\0')
		return;
	if (mkdtemp(folder) == NULL) {
		memcpy(folder, "/tmp/skywave-fuzz-XXXXXX\0", 25);
		FUZZ_CHECK(mkdtemp(folder) != NULL);
	}
	snprintf(meta_path, sizeof(meta_path), "%s/r.sigmf-meta", folder);
	snprintf(data_path, sizeof(data_path), "%s/r.sigmf-data", folder);
	atexit(clear);
}

static void read_all(const char *path, size_t bytes, double channel_hz, double frequency_hz)
{
	struct skw_cli_recording_config c = { .channel_hz = channel_hz,
					      .frequency_hz = frequency_hz };
	struct skw_modem_iq samples[500];
	struct skw_cli_recording r;
	size_t n, all = 0;

	if (!skw_cli_recording_open(&r, path, &c)) {
		FUZZ_CHECK(r.error[0] != '\0');
		skw_cli_recording_close(&r);
		return;
	}
	while ((n = skw_cli_recording_read_float(&r, samples, 500)) > 0 && all < MOST) {
		for (size_t k = 0; k < n; k++)
			FUZZ_CHECK(!isnan(samples[k].i) && !isnan(samples[k].q));
		all += n;
	}
	/* two bytes a sample at least, a rate of 5/6 of the channel's at least, a filter's tail */
	FUZZ_CHECK(all <= bytes / 2 * 6 / 5 + 600);
	skw_cli_recording_close(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *zero = size > 0 ? memchr(data, 0, size) : NULL;
	size_t meta = zero != NULL ? (size_t)(zero - data) : size;
	size_t rest = zero != NULL ? size - meta - 1 : 0;
	struct skw_cli_sigmf m = { .format = SKW_CLI_CF32 };

	if (size > 8192)
		return 0;
	prepare();
	write_file(meta_path, data, meta);
	write_file(data_path, zero != NULL ? zero + 1 : data, rest);
	if (skw_cli_sigmf_read(&m, meta_path)) {
		FUZZ_CHECK(m.error[0] == '\0' && strcmp(m.data, data_path) == 0);
		FUZZ_CHECK((int)m.format >= SKW_CLI_CF32 && (int)m.format <= SKW_CLI_CU8);
	} else {
		FUZZ_CHECK(m.error[0] != '\0');
	}
	read_all(meta_path, rest, 20e6, 0);
	read_all(data_path, rest, 5e6, 5.18e9);
	return 0;
}

static void seed(const char *name, const char *meta, size_t data)
{
	uint8_t whole[2048] = { 0 };
	size_t n = strlen(meta);

	FUZZ_CHECK(n + 1 + data <= sizeof(whole));
	memcpy(whole, meta, n);
	for (size_t k = 0; k < data; k++)
		whole[n + 1 + k] = (uint8_t)(k * 37);
	fuzz_seed(name, whole, n + 1 + data);
}

static void seeds(void)
{
	seed("ci16",
	     "{\"global\": {\"core:datatype\": \"ci16_le\", \"core:sample_rate\": 40e6, "
	     "\"core:version\": \"1.0.0\"}, \"captures\": [{\"core:sample_start\": 0, "
	     "\"core:frequency\": 5186000000}], \"annotations\": []}",
	     1024);
	seed("cu8",
	     "{\"global\": {\"core:datatype\": \"cu8\", \"core:sample_rate\": 5000000, "
	     "\"core:num_channels\": 1}}",
	     300);
	seed("cf32", "{\"global\": {\"core:datatype\": \"cf32_le\"}, \"captures\": []}", 64);
	seed("ci8",
	     "{\"global\": {\"core:datatype\": \"ci8\", \"core:sample_rate\": 25e6}, "
	     "\"captures\": [{\"core:header_bytes\": 0, \"core:frequency\": 2412e6}]}",
	     512);
	seed("header",
	     "{\"global\": {\"core:datatype\": \"ci8\"}, \"captures\": "
	     "[{\"core:header_bytes\": 16}]}",
	     8);
	seed("channels", "{\"global\": {\"core:datatype\": \"ci8\", \"core:num_channels\": 2}}", 8);
	seed("broken", "{\"global\": [}", 0);
}

FUZZ_START(seeds)
