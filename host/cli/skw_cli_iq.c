#include "cli/skw_cli_iq.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "wire/skw_cursor.h"

enum { SAMPLE_MAX = 8, BATCH = 512 };

static size_t sample_size(enum skw_cli_iq_format format)
{
	return format == SKW_CLI_CS16 ? 4 : 8;
}

static const char *format_name(enum skw_cli_iq_format format)
{
	return format == SKW_CLI_CS16 ? "cs16" : "cf32";
}

bool skw_cli_iq_format_named(enum skw_cli_iq_format *format, const char *name)
{
	*format = strcmp(name, "cs16") == 0 ? SKW_CLI_CS16 : SKW_CLI_CF32;
	return strcmp(name, format_name(*format)) == 0;
}

static bool odd_length(struct skw_cli_iq *f, unsigned long long rest)
{
	snprintf(f->error, sizeof(f->error),
		 "%llu bytes are left over: no whole number of %s samples", rest,
		 format_name(f->format));
	return false;
}

bool skw_cli_iq_open(struct skw_cli_iq *f, const char *path, enum skw_cli_iq_format format)
{
	struct stat info;
	bool standard = strcmp(path, "-") == 0;

	*f = (struct skw_cli_iq) { .format = format };
	f->file = standard ? stdin : fopen(path, "rb");
	if (f->file == NULL || fstat(fileno(f->file), &info) != 0) {
		snprintf(f->error, sizeof(f->error), "%s", strerror(errno));
		return false;
	}
	if (S_ISDIR(info.st_mode)) {
		snprintf(f->error, sizeof(f->error), "is a directory");
		return false;
	}
	if (S_ISREG(info.st_mode) && (uint64_t)info.st_size % sample_size(format) != 0)
		return odd_length(f, (uint64_t)info.st_size % sample_size(format));
	return true;
}

static float to_float(uint32_t bits)
{
	float v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

static void convert(const struct skw_cli_iq *f, struct skw_modem_iq *out, struct skw_reader *r)
{
	if (f->format == SKW_CLI_CS16) { /* I first: the operands of one expression have no order */
		out->i = (float)(int16_t)skw_get_u16(r) / 32768;
		out->q = (float)(int16_t)skw_get_u16(r) / 32768;
		return;
	}
	out->i = to_float(skw_get_u32(r));
	out->q = to_float(skw_get_u32(r));
}

size_t skw_cli_iq_read_float(struct skw_cli_iq *f, struct skw_modem_iq *samples, size_t max)
{
	uint8_t bytes[BATCH * SAMPLE_MAX];
	size_t size = sample_size(f->format), got, n;
	struct skw_reader r;

	if (f->error[0] != '\0')
		return 0;
	got = fread(bytes, 1, (max < BATCH ? max : BATCH) * size, f->file);
	if (ferror(f->file))
		snprintf(f->error, sizeof(f->error), "%s", strerror(errno));
	else if (got % size != 0)
		odd_length(f, got % size);
	r = skw_reader(bytes, got);
	for (n = 0; n < got / size; n++) {
		convert(f, &samples[n], &r);
		if (!isfinite(samples[n].i) || !isfinite(samples[n].q)) {
			snprintf(f->error, sizeof(f->error),
				 "sample %llu is not a number (is it %s?)",
				 (unsigned long long)(f->samples + n), format_name(f->format));
			break;
		}
	}
	f->samples += n;
	return n;
}

static int16_t quantise(struct skw_cli_iq *f, float v)
{
	float scaled = v * 32768;

	if (scaled > 32767.5f || scaled < -32768.5f)
		f->clipped++;
	return (int16_t)lrintf(fminf(32767, fmaxf(-32768, scaled)));
}

size_t skw_cli_iq_read(struct skw_cli_iq *f, struct skw_iq *samples, size_t max)
{
	struct skw_modem_iq exact[BATCH];
	size_t n = skw_cli_iq_read_float(f, exact, max < BATCH ? max : BATCH);

	for (size_t k = 0; k < n; k++) {
		samples[k].i = quantise(f, exact[k].i);
		samples[k].q = quantise(f, exact[k].q);
	}
	return n;
}

void skw_cli_iq_close(struct skw_cli_iq *f)
{
	if (f->file != NULL && f->file != stdin)
		fclose(f->file);
	f->file = NULL;
}

static size_t put_samples(uint8_t *bytes, size_t size, enum skw_cli_iq_format format,
			  const struct skw_iq *samples, size_t n)
{
	struct skw_writer w = skw_writer(bytes, size);

	for (size_t k = 0; k < 2 * n; k++) {
		int16_t v = k % 2 == 0 ? samples[k / 2].i : samples[k / 2].q;
		float scaled = (float)v / 32768;
		uint32_t bits;

		memcpy(&bits, &scaled, sizeof(bits));
		if (format == SKW_CLI_CS16)
			skw_put_u16(&w, (uint16_t)v);
		else
			skw_put_u32(&w, bits);
	}
	return skw_writer_len(&w);
}

bool skw_cli_iq_save(struct skw_cli_iq *f, const char *path, enum skw_cli_iq_format format,
		     const struct skw_iq *samples, size_t n)
{
	bool standard = strcmp(path, "-") == 0, good = true;
	uint8_t bytes[BATCH * SAMPLE_MAX];

	*f = (struct skw_cli_iq) { .format = format };
	f->file = standard ? stdout : fopen(path, "wb");
	if (f->file == NULL)
		good = false;
	while (good && f->samples < n) {
		size_t batch = n - f->samples < BATCH ? n - f->samples : BATCH;
		size_t len = put_samples(bytes, sizeof(bytes), format, samples + f->samples, batch);

		good = fwrite(bytes, 1, len, f->file) == len;
		f->samples += batch;
	}
	if (!good)
		snprintf(f->error, sizeof(f->error), "%s", strerror(errno));
	if (f->file != NULL && (standard ? fflush(f->file) : fclose(f->file)) != 0 && good) {
		snprintf(f->error, sizeof(f->error), "%s", strerror(errno));
		good = false;
	}
	f->file = NULL;
	return good;
}
