#include "node/skw_curl.h"

#include <dlfcn.h>
#include <string.h>

struct skw_curl skw_curl;

/* POSIX has dlsym give functions as objects: the bytes of the pointer are the same. */
static bool find(void *library, const char *name, void *function)
{
	void *symbol = dlsym(library, name);

	memcpy(function, &symbol, sizeof(symbol));
	return symbol != NULL;
}

bool skw_curl_open(void)
{
	void *l = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);

	return l != NULL && find(l, "curl_global_init", &skw_curl.global_init) &&
	       find(l, "curl_global_cleanup", &skw_curl.global_cleanup) &&
	       find(l, "curl_easy_init", &skw_curl.easy_init) &&
	       find(l, "curl_easy_setopt", &skw_curl.easy_setopt) &&
	       find(l, "curl_easy_perform", &skw_curl.easy_perform) &&
	       find(l, "curl_easy_getinfo", &skw_curl.easy_getinfo) &&
	       find(l, "curl_easy_cleanup", &skw_curl.easy_cleanup) &&
	       find(l, "curl_slist_append", &skw_curl.slist_append) &&
	       find(l, "curl_slist_free_all", &skw_curl.slist_free_all) &&
	       skw_curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

void skw_curl_close(void)
{
	skw_curl.global_cleanup();
}
