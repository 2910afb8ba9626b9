/* skw_air_report - the status of an air as one line of JSON. */
#ifndef SKW_AIR_REPORT_H
#define SKW_AIR_REPORT_H

#include "air/skw_air_world.h"

#define SKW_AIR_REPORT_MAX (512u + 192u * SKW_AIR_RADIOS) /* bytes */

struct skw_air_facts {
	const struct skw_air_scenario *s;
	const struct skw_air_world *world;
	unsigned threads;
	uint64_t wall_ns;             /* since the start */
	uint64_t run_ns, run_samples; /* wall time and device time in which gates were evaluated */
	bool connected[SKW_AIR_RADIOS];
};

/* The length, without the zero at the end. */
size_t skw_air_report(char *text, size_t size, const struct skw_air_facts *f);

#endif
