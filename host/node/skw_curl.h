/* skw_curl - libcurl, loaded when a ledger is asked over the network and not before: it and what it
 * stands on are two megabytes of memory that no other node uses.
 */
#ifndef SKW_CURL_H
#define SKW_CURL_H

#include <stdbool.h>

#include <curl/curl.h>

struct skw_curl { /* libcurl's functions, named as there without curl_ */
	CURLcode (*global_init)(long flags);
	void (*global_cleanup)(void);
	CURL *(*easy_init)(void);
	CURLcode (*easy_setopt)(CURL *curl, CURLoption option, ...);
	CURLcode (*easy_perform)(CURL *curl);
	CURLcode (*easy_getinfo)(CURL *curl, CURLINFO info, ...);
	void (*easy_cleanup)(CURL *curl);
	struct curl_slist *(*slist_append)(struct curl_slist *list, const char *text);
	void (*slist_free_all)(struct curl_slist *list);
};

extern struct skw_curl skw_curl;

/* To be called once, before any thread; false if there is no libcurl. */
bool skw_curl_open(void);
void skw_curl_close(void);

#endif
