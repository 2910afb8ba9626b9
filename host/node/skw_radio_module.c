#include "node/skw_radio_module.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char BIN[] = "bin", MODULE[] = "lib/skywave/radio.so";

/* From /somewhere/bin/skywaved to /somewhere/lib/skywave/radio.so. */
static bool path_of_module(char *path, size_t max)
{
	ssize_t n = readlink("/proc/self/exe", path, max - 1);
	char *end;

	if (n <= 0)
		return false;
	path[n] = '\0';
	end = strrchr(path, '/');
	if (end == NULL || end - path < (ptrdiff_t)strlen(BIN) ||
	    memcmp(end - strlen(BIN), BIN, strlen(BIN)) != 0)
		return false;
	end -= strlen(BIN);
	if ((size_t)(end - path) + sizeof(MODULE) > max)
		return false;
	memcpy(end, MODULE, sizeof(MODULE));
	return true;
}

const struct skw_frames_calls *skw_radio_module(char *error, size_t error_len)
{
	const struct skw_frames_calls *calls;
	char path[4096];
	void *module;

	if (!path_of_module(path, sizeof(path))) {
		snprintf(error, error_len,
			 "[radio] device: skywaved is in no folder named bin, so %s is not found",
			 MODULE);
		return NULL;
	}
	module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (module == NULL) {
		snprintf(error, error_len, "[radio] device: %.200s", dlerror());
		return NULL;
	}
	calls = dlsym(module, SKW_FRAMES_CALLS);
	if (calls == NULL || calls->size != sizeof(*calls) ||
	    calls->config_size != sizeof(struct skw_frames_config)) {
		snprintf(error, error_len,
			 "[radio] device: %.200s is of another version than skywaved", path);
		return NULL;
	}
	return calls;
}
