#include "cli/skw_cli_args.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct skw_cli_option *find(const struct skw_cli_option *options, size_t count,
					 const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}

bool skw_cli_parse(int argc, char **argv, const struct skw_cli_option *options, size_t count,
		   const char **rest, int most, int *rest_count)
{
	*rest_count = 0;
	for (int i = 1; i < argc; i++) {
		const struct skw_cli_option *option = find(options, count, argv[i]);

		if (option != NULL && option->flag != NULL) {
			*option->flag = true;
		} else if (option != NULL && i + 1 < argc) {
			*option->value = argv[++i];
		} else if (option != NULL) {
			fprintf(stderr, "skywave %s: %s needs a value\n", argv[0], argv[i]);
			return false;
		} else if (strncmp(argv[i], "--", 2) == 0) {
			fprintf(stderr, "skywave %s: no option %s\n", argv[0], argv[i]);
			return false;
		} else if (*rest_count == most) {
			fprintf(stderr, "skywave %s: what is '%s'?\n", argv[0], argv[i]);
			return false;
		} else {
			rest[(*rest_count)++] = argv[i];
		}
	}
	return true;
}

bool skw_cli_number(uint64_t *out, const char *text, const char *what, uint64_t least,
		    uint64_t most)
{
	char *end = NULL;

	errno = 0;
	if (*text >= '0' && *text <= '9')
		*out = strtoull(text, &end, 10);
	if (end != NULL && *end == '\0' && errno == 0 && *out >= least && *out <= most)
		return true;
	fprintf(stderr, "skywave: %s must be a whole number from %" PRIu64 " to %" PRIu64 "\n",
		what, least, most);
	return false;
}
