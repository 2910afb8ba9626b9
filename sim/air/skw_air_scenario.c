#include "air/skw_air_scenario.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_LEN = 256, LINE_DELAY = 100 };

static const double LINE_LOSS_DB = 10;
static const double LIGHT_M_S = 299792458;

struct parser {
	struct skw_air_scenario *s;
	enum { NOWHERE, AIR, RADIO, PATH } section;
	int from, to;
	char *error;
	size_t error_size;
	unsigned line;
};

static bool complain(struct parser *p, const char *format, ...)
{
	int n = snprintf(p->error, p->error_size, "line %u: ", p->line);
	va_list args;

	if (n < 0 || (size_t)n >= p->error_size)
		return false;
	va_start(args, format);
	vsnprintf(p->error + n, p->error_size - (size_t)n, format, args);
	va_end(args);
	return false;
}

void skw_air_scenario_init(struct skw_air_scenario *s)
{
	memset(s, 0, sizeof(*s));
	s->rate_hz = 20000000;
	s->carrier_hz = 5.9e9;
	s->noise_dbfs = -60;
	s->seed = 1;
	s->pace = 1;
}

int skw_air_scenario_find(const struct skw_air_scenario *s, const char *name)
{
	for (unsigned i = 0; i < s->radios; i++)
		if (strcmp(s->radio[i].name, name) == 0)
			return (int)i;
	return -1;
}

static bool good_name(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len >= SKW_AIR_NAME)
		return false;
	for (; *name != '\0'; name++)
		if (!isalnum((unsigned char)*name) && strchr("-_.", *name) == NULL)
			return false;
	return true;
}

static int add_radio(struct skw_air_scenario *s, const char *name)
{
	unsigned i = s->radios;

	if (i == SKW_AIR_RADIOS)
		return -1;
	snprintf(s->radio[i].name, SKW_AIR_NAME, "%s", name);
	s->radio[i].ppm = s->radio[i].clock_s = 0;
	s->radios++;
	return (int)i;
}

static void open_path(struct skw_air_scenario *s, unsigned a, unsigned b, double loss_db,
		      unsigned delay)
{
	s->path[a][b] = s->path[b][a] = (struct skw_air_path) { true, loss_db, delay, -1 };
}

bool skw_air_scenario_line(struct skw_air_scenario *s, unsigned radios)
{
	char name[SKW_AIR_NAME];

	if (radios < 2 || s->radios + radios > SKW_AIR_RADIOS)
		return false;
	for (unsigned i = 0; i < radios; i++) {
		if (i == 0)
			snprintf(name, sizeof(name), "alice");
		else if (i == radios - 1)
			snprintf(name, sizeof(name), "bob");
		else
			snprintf(name, sizeof(name), "relay%u", i);
		if (skw_air_scenario_find(s, name) >= 0)
			return false;
		int r = add_radio(s, name);

		/* real references differ, and boards were not plugged in at the same time */
		s->radio[r].ppm = i % 2 == 0 ? 5.0 : -5.0;
		s->radio[r].clock_s = (i * 7 % 5) * 11.2345;
		if (i > 0)
			open_path(s, (unsigned)r - 1, (unsigned)r, LINE_LOSS_DB, LINE_DELAY);
	}
	return true;
}

static bool number(double *out, const char *text, double low, double high)
{
	char *end;

	errno = 0;
	*out = strtod(text, &end);
	return end != text && *end == '\0' && errno == 0 && *out >= low && *out <= high;
}

static bool spread(struct parser *p, double *ns, const char *value)
{
	if (!number(ns, value, 0, SKW_AIR_ECHOES_MAX))
		return complain(p, "echoes: nanoseconds, 0 to %.0f, not '%s'", SKW_AIR_ECHOES_MAX,
				value);
	return true;
}

static bool set_air(struct parser *p, const char *key, const char *value)
{
	double v;

	if (strcmp(key, "rate") == 0) {
		if (!number(&v, value, 5e6, 20e6) || (v != 5e6 && v != 10e6 && v != 20e6))
			return complain(p, "rate: 5e6, 10e6 or 20e6, not '%s'", value);
		p->s->rate_hz = (uint32_t)v;
	} else if (strcmp(key, "carrier") == 0) {
		if (!number(&p->s->carrier_hz, value, 0, 100e9))
			return complain(p, "carrier: hertz, 0 to 100e9, not '%s'", value);
	} else if (strcmp(key, "noise") == 0) {
		if (!number(&p->s->noise_dbfs, value, -200, 0))
			return complain(p, "noise: dBFS, -200 to 0, not '%s'", value);
	} else if (strcmp(key, "seed") == 0) {
		if (!number(&v, value, 0, 0x1p53) || v != floor(v))
			return complain(p, "seed: a whole number, not '%s'", value);
		p->s->seed = (uint64_t)v;
	} else if (strcmp(key, "drift") == 0) {
		p->s->drift = strcmp(value, "yes") == 0;
		if (!p->s->drift && strcmp(value, "no") != 0)
			return complain(p, "drift: yes or no, not '%s'", value);
	} else if (strcmp(key, "echoes") == 0) {
		return spread(p, &p->s->echoes_ns, value);
	} else if (strcmp(key, "pace") == 0) {
		if (!number(&p->s->pace, value, 1e-6, 1))
			return complain(p, "pace: over 0 and at most 1, not '%s'", value);
	} else {
		return complain(
		    p, "[air] has no '%s': rate, carrier, noise, seed, pace, echoes, drift", key);
	}
	return true;
}

static bool set_radio(struct parser *p, const char *key, const char *value)
{
	if (strcmp(key, "clock") == 0)
		return number(&p->s->radio[p->from].clock_s, value, 0, 1e6) ||
		       complain(p, "clock: seconds, 0 to 1e6, not '%s'", value);
	if (strcmp(key, "ppm") != 0)
		return complain(p, "[radio] has no '%s': ppm, clock", key);
	if (!number(&p->s->radio[p->from].ppm, value, -200, 200))
		return complain(p, "ppm: -200 to 200, not '%s'", value);
	return true;
}

/* Below one sample there is no delay: the radios of a chunk could not run side by side. */
static bool set_delay(struct parser *p, const char *key, double samples)
{
	struct skw_air_path *path = &p->s->path[p->from][p->to];

	if (samples > SKW_AIR_DELAY_MAX)
		return complain(p, "%s: more than %u samples", key, SKW_AIR_DELAY_MAX);
	path->delay = samples < 1 ? 1 : (unsigned)lrint(samples);
	p->s->path[p->to][p->from].delay = path->delay;
	return true;
}

static bool set_path(struct parser *p, const char *key, const char *value)
{
	double v;

	if (strcmp(key, "loss") == 0) {
		if (!number(&v, value, -60, 200))
			return complain(p, "loss: dB, -60 to 200, not '%s'", value);
		p->s->path[p->from][p->to].loss_db = v;
		p->s->path[p->to][p->from].loss_db = v;
		return true;
	}
	if (strcmp(key, "delay") == 0)
		return number(&v, value, 0, SKW_AIR_DELAY_MAX)
			   ? set_delay(p, key, v)
			   : complain(p, "delay: samples, 0 to %u, not '%s'", SKW_AIR_DELAY_MAX,
				      value);
	if (strcmp(key, "distance") == 0)
		return number(&v, value, 0, 1e7) ? set_delay(p, key, v / LIGHT_M_S * p->s->rate_hz)
						 : complain(p, "distance: metres, not '%s'", value);
	if (strcmp(key, "echoes") == 0) {
		if (!spread(p, &v, value))
			return false;
		p->s->path[p->from][p->to].echoes_ns = v;
		p->s->path[p->to][p->from].echoes_ns = v;
		return true;
	}
	return complain(p, "[path] has no '%s': loss, delay, distance, echoes", key);
}

static bool open_section(struct parser *p, const char *head)
{
	char kind[16] = "", a[SKW_AIR_NAME + 1] = "", b[SKW_AIR_NAME + 1] = "", rest[2] = "";
	int n = sscanf(head, "%15s %32s %32s %1s", kind, a, b, rest);

	if (n == 1 && strcmp(kind, "air") == 0) {
		p->section = AIR;
		return true;
	}
	if (n == 2 && strcmp(kind, "radio") == 0) {
		p->section = RADIO;
		p->from = skw_air_scenario_find(p->s, a);
		if (!good_name(a))
			return complain(
			    p, "a radio's name: letters, digits, '-', '_', '.', at most %u",
			    SKW_AIR_NAME - 1);
		if (p->from < 0)
			p->from = add_radio(p->s, a);
		return p->from >= 0 || complain(p, "more than %u radios", SKW_AIR_RADIOS);
	}
	if (n == 3 && strcmp(kind, "path") == 0) {
		p->section = PATH;
		p->from = skw_air_scenario_find(p->s, a);
		p->to = skw_air_scenario_find(p->s, b);
		if (p->from < 0 || p->to < 0)
			return complain(p, "no radio %s: name it before its paths",
					p->from < 0 ? a : b);
		if (p->from == p->to)
			return complain(p, "a path joins two radios");
		if (!p->s->path[p->from][p->to].open)
			open_path(p->s, (unsigned)p->from, (unsigned)p->to, 0, 1);
		return true;
	}
	return complain(p, "[%s]: [air], [radio NAME] or [path A B]", head);
}

static char *trim(char *text)
{
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return text;
}

static bool parse_line(struct parser *p, char *raw)
{
	char *hash = strpbrk(raw, "#;"), *line, *equals, *key, *value;
	size_t len;

	if (hash != NULL)
		*hash = '\0';
	line = trim(raw);
	len = strlen(line);
	if (len == 0)
		return true;
	if (line[0] == '[') {
		if (line[len - 1] != ']')
			return complain(p, "']' is missing");
		line[len - 1] = '\0';
		return open_section(p, line + 1);
	}
	equals = strchr(line, '=');
	if (equals == NULL)
		return complain(p, "neither [section] nor key = value: '%s'", line);
	*equals = '\0';
	key = trim(line);
	value = trim(equals + 1);
	switch (p->section) {
	case AIR:
		return set_air(p, key, value);
	case RADIO:
		return set_radio(p, key, value);
	case PATH:
		return set_path(p, key, value);
	case NOWHERE:
		break;
	}
	return complain(p, "'%s' stands before the first [section]", key);
}

bool skw_air_scenario_parse(struct skw_air_scenario *s, const char *text, char *error,
			    size_t error_size)
{
	struct parser p = { .s = s, .error = error, .error_size = error_size };
	char line[LINE_MAX_LEN];

	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		p.line++;
		if (len >= sizeof(line))
			return complain(&p, "longer than %d characters", LINE_MAX_LEN - 1);
		memcpy(line, text, len);
		line[len] = '\0';
		if (!parse_line(&p, line))
			return false;
		text += len + (text[len] == '\n');
	}
	return true;
}

bool skw_air_scenario_check(const struct skw_air_scenario *s, char *error, size_t error_size)
{
	if (s->radios == 0) {
		snprintf(error, error_size,
			 "no radios: give a scenario with [radio NAME], or --line N");
		return false;
	}
	for (unsigned a = 0; s->drift && a < s->radios; a++)
		for (unsigned b = 0; b < a; b++)
			if (s->path[a][b].open && s->path[a][b].delay < SKW_AIR_DRIFT_DELAY) {
				snprintf(
				    error, error_size,
				    "drift: the path %s %s needs a delay of %u samples or more",
				    s->radio[b].name, s->radio[a].name, SKW_AIR_DRIFT_DELAY);
				return false;
			}
	return true;
}

int32_t skw_air_scenario_ppb(const struct skw_air_scenario *s, unsigned radio)
{
	return s->drift ? (int32_t)lrint(s->radio[radio].ppm * 1000) : 0;
}
