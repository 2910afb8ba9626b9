/* rooms: air
 *
 * skw_air_scenario: the text that says who hears whom. What is refused is explained; what parses
 * and passes the check has names that are found again, delays in range and finite losses. */

#include <math.h>

#include "air/skw_air_scenario.h"
#include "skw_fuzz.h"

static void check(const struct skw_air_scenario *s)
{
	FUZZ_CHECK(s->radios >= 1 && s->radios <= SKW_AIR_RADIOS);
	FUZZ_CHECK(s->rate_hz == 5000000 || s->rate_hz == 10000000 || s->rate_hz == 20000000);
	FUZZ_CHECK(isfinite(s->carrier_hz) && isfinite(s->noise_dbfs));
	FUZZ_CHECK(s->pace > 0 && s->pace <= 1);
	for (unsigned i = 0; i < s->radios; i++) {
		FUZZ_CHECK(memchr(s->radio[i].name, '\0', SKW_AIR_NAME) != NULL);
		FUZZ_CHECK(skw_air_scenario_find(s, s->radio[i].name) == (int)i);
		FUZZ_CHECK(isfinite(s->radio[i].ppm));
		for (unsigned k = 0; k < s->radios; k++) {
			const struct skw_air_path *path = &s->path[i][k];

			if (!path->open)
				continue;
			FUZZ_CHECK(isfinite(path->loss_db));
			FUZZ_CHECK(path->delay >= 1 && path->delay <= SKW_AIR_DELAY_MAX);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct skw_air_scenario s;
	char error[200] = "", *text = fuzz_text(data, size);

	skw_air_scenario_init(&s);
	if (!skw_air_scenario_parse(&s, text, error, sizeof(error)))
		FUZZ_CHECK(error[0] != '\0');
	else if (!skw_air_scenario_check(&s, error, sizeof(error)))
		FUZZ_CHECK(error[0] != '\0');
	else
		check(&s);
	free(text);
	return 0;
}

static void seeds(void)
{
	fuzz_seed_text("three", "[air]\nrate = 20e6\ncarrier = 5.9e9\nnoise = -60\nseed = 7\n"
				"pace = 0.5\n[radio alice]\nppm = 3\n[radio relay]\n[radio bob]\n"
				"ppm = -20\n[path alice relay]\nloss = 30\ndelay = 4\n"
				"[path relay bob]\nloss = 12.5\ndistance = 1500\n");
}

FUZZ_START(seeds)
