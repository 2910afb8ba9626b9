/* The results file of a sweep: text, a head that names the setup, then a line for each unit:
 *
 *   skywave-sweep 1
 *   engine=rtl rates=6,24 snr=0.00:0.50:9 frames=100 length=1000 seed=1 cfo=0 spread=0 [clock=...]
 *   17 3                    three frames of unit 17 were lost
 *
 * A line is one write to a file opened for appending, so that a sweep that is killed leaves at most
 * one line cut off, at the end: that is taken away again when the file is opened.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/skw_cli_sweep.h"

enum { HEAD_MAX = 480, SIZE_MAX_BYTES = 1 << 28 };

/* ---- The units that work is cut into ---- */

unsigned skw_cli_sweep_blocks(const struct skw_cli_sweep *s)
{
	return (s->frames + SKW_CLI_SWEEP_UNIT - 1) / SKW_CLI_SWEEP_UNIT;
}

unsigned skw_cli_sweep_units(const struct skw_cli_sweep *s)
{
	return s->rate_count * s->points * skw_cli_sweep_blocks(s);
}

struct skw_cli_sweep_unit skw_cli_sweep_unit(const struct skw_cli_sweep *s, unsigned unit)
{
	unsigned blocks = skw_cli_sweep_blocks(s), block = unit % blocks, at = unit / blocks;
	unsigned before = block * SKW_CLI_SWEEP_UNIT, left = s->frames - before;

	return (struct skw_cli_sweep_unit) {
		.rate = s->rates[at / s->points],
		.snr_cdb = s->from_cdb + (int)(at % s->points) * s->step_cdb,
		.block = block,
		.frames = left < SKW_CLI_SWEEP_UNIT ? left : SKW_CLI_SWEEP_UNIT,
	};
}

/* ---- The file ---- */

static void head(char *text, size_t size, const struct skw_cli_sweep *s)
{
	int n = snprintf(text, size, "skywave-sweep 1\nengine=%s rates=", s->soft ? "soft" : "rtl");

	for (unsigned k = 0; k < s->rate_count; k++)
		n += snprintf(text + n, size - (size_t)n, "%s%u", k > 0 ? "," : "", s->rates[k]);
	n += snprintf(text + n, size - (size_t)n,
		      " snr=%.2f:%.2f:%u frames=%u length=%u seed=%" PRIu64 " cfo=%d spread=%u",
		      s->from_cdb / 100.0, s->step_cdb / 100.0, s->points, s->frames, s->length,
		      s->seed, s->cfo_hz, s->spread_ns);
	if (s->clock_ppm != 0 || s->phase_cdb != 0 || s->dc_cdb != 0 || s->gain_cdb != 0 ||
	    s->angle_cdeg != 0)
		n += snprintf(text + n, size - (size_t)n,
			      " clock=%d phase=%.2f dc=%.2f imbalance=%.2f:%.2f", s->clock_ppm,
			      s->phase_cdb / 100.0, s->dc_cdb / 100.0, s->gain_cdb / 100.0,
			      s->angle_cdeg / 100.0);
	snprintf(text + n, size - (size_t)n, "\n");
}

static bool refuse(struct skw_cli_sweep_file *f, const char *why)
{
	snprintf(f->error, sizeof(f->error), "%s", why);
	return false;
}

static bool put(struct skw_cli_sweep_file *f, const char *text, size_t len)
{
	ssize_t n = write(f->fd, text, len);

	if (n == (ssize_t)len)
		return true;
	return refuse(f, n < 0 ? strerror(errno) : "the disk is full");
}

/* "UNIT LOST": true if it is one of this setup. */
static bool take_line(struct skw_cli_sweep_file *f, const struct skw_cli_sweep *s, const char *line)
{
	unsigned unit, lost;
	int used = 0;

	if (sscanf(line, "%u %u%n", &unit, &lost, &used) != 2 || line[used] != '\0' ||
	    unit >= skw_cli_sweep_units(s) || lost > skw_cli_sweep_unit(s, unit).frames)
		return false;
	if (f->lost[unit] == UINT32_MAX)
		f->known++;
	else if (f->lost[unit] != lost)
		return false;
	f->lost[unit] = lost;
	return true;
}

/* `text` ends with a line feed. */
static bool take_all(struct skw_cli_sweep_file *f, const struct skw_cli_sweep *s, char *text)
{
	char want[HEAD_MAX];
	unsigned number = 3;

	head(want, sizeof(want), s);
	if (strncmp(text, "skywave-sweep 1\n", 16) != 0)
		return refuse(f, "is no results file of a sweep: name another, or none");
	if (strncmp(text, want, strlen(want)) != 0) {
		snprintf(f->error, sizeof(f->error),
			 "is of another setup (%.*s): name another file, or remove it",
			 (int)strcspn(text + 16, "\n") < 150 ? (int)strcspn(text + 16, "\n") : 150,
			 text + 16);
		return false;
	}
	text += strlen(want);
	for (char *end; (end = strchr(text, '\n')) != NULL; text = end + 1, number++) {
		*end = '\0';
		if (!take_line(f, s, text)) {
			snprintf(f->error, sizeof(f->error), "line %u is damaged", number);
			return false;
		}
	}
	return true;
}

/* All bytes, a zero behind them; the caller frees it. NULL with `error`. */
static char *slurp(struct skw_cli_sweep_file *f, size_t *len)
{
	struct stat info;
	char *text;

	if (fstat(f->fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size > SIZE_MAX_BYTES) {
		refuse(f, "is no results file of a sweep");
		return NULL;
	}
	*len = (size_t)info.st_size;
	text = malloc(*len + 1);
	if (text == NULL || pread(f->fd, text, *len, 0) != (ssize_t)*len) {
		refuse(f, text == NULL ? "out of memory" : "cannot be read");
		free(text);
		return NULL;
	}
	text[*len] = '\0';
	return text;
}

/* Takes off a line that was cut, and begins an empty file. */
static bool load(struct skw_cli_sweep_file *f, const struct skw_cli_sweep *s)
{
	char begin[HEAD_MAX];
	size_t len, whole;
	char *text = slurp(f, &len);
	bool good;

	if (text == NULL)
		return false;
	head(begin, sizeof(begin), s);
	whole = len;
	while (whole > 0 && text[whole - 1] != '\n')
		whole--;
	if (memchr(text, '\0', len) != NULL)
		good = refuse(f, "is no results file of a sweep");
	else if (len < strlen(begin) && strncmp(text, begin, len) == 0) /* killed that early */
		good = ftruncate(f->fd, 0) == 0 && put(f, begin, strlen(begin));
	else {
		text[whole] = '\0';
		good = take_all(f, s, text) && ftruncate(f->fd, (off_t)whole) == 0;
	}
	if (!good && f->error[0] == '\0')
		refuse(f, strerror(errno));
	free(text);
	return good;
}

bool skw_cli_sweep_file_open(struct skw_cli_sweep_file *f, const char *path,
			     const struct skw_cli_sweep *s)
{
	unsigned units = skw_cli_sweep_units(s);

	*f = (struct skw_cli_sweep_file) { .fd = -1 };
	f->lost = malloc(units * sizeof(*f->lost));
	if (f->lost == NULL)
		return refuse(f, "out of memory");
	for (unsigned k = 0; k < units; k++)
		f->lost[k] = UINT32_MAX;
	if (path == NULL)
		return true;
	f->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (f->fd < 0)
		return refuse(f, strerror(errno));
	if (flock(f->fd, LOCK_EX | LOCK_NB) != 0)
		return refuse(f, "is in use by another sweep");
	return load(f, s);
}

bool skw_cli_sweep_file_add(struct skw_cli_sweep_file *f, const struct skw_cli_sweep_result *r)
{
	char line[32];
	int len = snprintf(line, sizeof(line), "%u %u\n", (unsigned)r->unit, (unsigned)r->lost);

	if (f->lost[r->unit] != UINT32_MAX)
		return true;
	f->lost[r->unit] = r->lost;
	f->known++;
	return f->fd < 0 || put(f, line, (size_t)len);
}

void skw_cli_sweep_file_close(struct skw_cli_sweep_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	free(f->lost);
	f->lost = NULL;
}
