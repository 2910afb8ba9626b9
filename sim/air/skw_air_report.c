#include "air/skw_air_report.h"

#include <stdarg.h>
#include <stdio.h>

static size_t append(char *text, size_t len, size_t size, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text + len, size - len, format, args);
	va_end(args);
	return n > 0 && len + (size_t)n < size ? len + (size_t)n : len;
}

size_t skw_air_report(char *text, size_t size, const struct skw_air_facts *f)
{
	uint64_t time = skw_air_world_time(f->world), evaluated = 0, skipped = 0;
	double busy = (double)f->run_ns * 1e-9, wall = (double)f->wall_ns * 1e-9;
	size_t len = 0;

	for (unsigned i = 0; i < f->s->radios; i++) {
		evaluated += skw_air_world_count(f->world, i).evaluated;
		skipped += skw_air_world_count(f->world, i).skipped;
	}
	len = append(
	    text, len, size,
	    "{\"time\":%llu,\"rate_hz\":%u,\"device_s\":%.6f,\"wall_s\":%.6f,\"busy_s\":%.6f,"
	    "\"threads\":%u,\"air_samples\":%llu,\"evaluated\":%llu,\"skipped\":%llu,"
	    "\"air_samples_per_s\":%.0f,\"evaluated_per_s\":%.0f,\"radios\":[",
	    (unsigned long long)time, f->s->rate_hz, (double)time / f->s->rate_hz, wall, busy,
	    f->threads, (unsigned long long)f->run_samples, (unsigned long long)evaluated,
	    (unsigned long long)skipped, busy > 0 ? (double)f->run_samples / busy : 0,
	    busy > 0 ? (double)evaluated / busy : 0);
	for (unsigned i = 0; i < f->s->radios; i++) {
		struct skw_air_count c = skw_air_world_count(f->world, i);

		len = append(
		    text, len, size,
		    "%s{\"name\":\"%s\",\"connected\":%s,\"evaluated\":%llu,\"skipped\":%llu}",
		    i > 0 ? "," : "", f->s->radio[i].name, f->connected[i] ? "true" : "false",
		    (unsigned long long)c.evaluated, (unsigned long long)c.skipped);
	}
	return append(text, len, size, "]}\n");
}
