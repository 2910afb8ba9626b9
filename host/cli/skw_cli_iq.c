#include "cli/skw_cli_iq.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "wire/skw_cursor.h"

enum { SAMPLE_MAX = 8, BATCH = 512 };

static const struct {
	const char *name;
	size_t size; /* of a sample */
} FORMATS[] = {
	[SKW_CLI_CF32] = { "cf32", 8 },
	[SKW_CLI_CS16] = { "cs16", 4 },
	[SKW_CLI_CS8] = { "cs8", 2 },
	[SKW_CLI_CU8] = { "cu8", 2 },
};

static size_t sample_size(enum skw_cli_iq_format format)
{
	return FORMATS[format].size;
}

static const char *format_name(enum skw_cli_iq_format format)
{
	return FORMATS[format].name;
}

bool skw_cli_iq_format_named(enum skw_cli_iq_format *format, const char *name)
{
	for (size_t k = 0; k < sizeof(FORMATS) / sizeof(*FORMATS); k++)
		if (strcmp(name, FORMATS[k].name) == 0) {
			*format = (enum skw_cli_iq_format)k;
			return true;
		}
	return false;
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

static float value(enum skw_cli_iq_format format, struct skw_reader *r)
{
	switch (format) {
	case SKW_CLI_CF32:
		return to_float(skw_get_u32(r));
	case SKW_CLI_CS16:
		return (float)(int16_t)skw_get_u16(r) / 32768;
	case SKW_CLI_CS8:
		return (float)(int8_t)skw_get_u8(r) / 128;
	case SKW_CLI_CU8:
		return ((float)skw_get_u8(r) - 127.5F) / 128;
	}
	return 0;
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
		samples[n].i =
		    value(f->format, &r); /* the operands of one expression have no order */
		samples[n].q = value(f->format, &r);
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

static int16_t quantise(unsigned *clipped, float v)
{
	float scaled = v * 32768;

	*clipped += scaled > 32767.5f || scaled < -32768.5f;
	return (int16_t)lrintf(fminf(32767, fmaxf(-32768, scaled)));
}

unsigned skw_cli_iq_round(struct skw_iq *out, const struct skw_modem_iq *in, size_t n)
{
	unsigned clipped = 0;

	for (size_t k = 0; k < n; k++) {
		out[k].i = quantise(&clipped, in[k].i);
		out[k].q = quantise(&clipped, in[k].q);
	}
	return clipped;
}

void skw_cli_iq_close(struct skw_cli_iq *f)
{
	if (f->file != NULL && f->file != stdin)
		fclose(f->file);
	f->file = NULL;
}

/* 16 bits to 8, rounded and clipped. */
static int eighth(int v)
{
	int r = (int)lrint(v / 256.0);

	return r > 127 ? 127 : r;
}

static void put_value(struct skw_writer *w, enum skw_cli_iq_format format, int16_t v)
{
	float scaled = (float)v / 32768;
	uint32_t bits;

	switch (format) {
	case SKW_CLI_CF32:
		memcpy(&bits, &scaled, sizeof(bits));
		skw_put_u32(w, bits);
		break;
	case SKW_CLI_CS16:
		skw_put_u16(w, (uint16_t)v);
		break;
	case SKW_CLI_CS8:
		skw_put_u8(w, (uint8_t)eighth(v));
		break;
	case SKW_CLI_CU8: /* floor: the values lie half a step off */
		skw_put_u8(w, (uint8_t)((v + 32768) / 256));
		break;
	}
}

static size_t put_samples(uint8_t *bytes, size_t size, enum skw_cli_iq_format format,
			  const struct skw_iq *samples, size_t n)
{
	struct skw_writer w = skw_writer(bytes, size);

	for (size_t k = 0; k < n; k++) {
		put_value(&w, format, samples[k].i);
		put_value(&w, format, samples[k].q);
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
