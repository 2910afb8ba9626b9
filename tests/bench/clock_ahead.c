/* LD_PRELOAD: time() as many seconds ahead as the file $SKW_CLOCK_AHEAD says, so that a test need not
 * wait for the end of an hour. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

time_t time(time_t *out)
{
	const char *path = getenv("SKW_CLOCK_AHEAD");
	FILE *file = path != NULL ? fopen(path, "re") : NULL;
	struct timespec now;
	long ahead = 0;

	clock_gettime(CLOCK_REALTIME, &now);
	if (file != NULL) {
		if (fscanf(file, "%ld", &ahead) != 1)
			ahead = 0;
		fclose(file);
	}
	now.tv_sec += ahead;
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}
