/* skw_cli_args - command line arguments in any order: --name VALUE, --flag, and what is neither. */
#ifndef SKW_CLI_ARGS_H
#define SKW_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One of `value` and `flag` is set: where it goes. */
struct skw_cli_option {
	const char *name;
	const char **value;
	bool *flag;
};

/* Fills the options, and `rest` with up to `most` other arguments. False, with a line on standard
 * error, for an unknown option, a missing value or too many arguments. argv[0] is the command. */
bool skw_cli_parse(int argc, char **argv, const struct skw_cli_option *options, size_t count,
		   const char **rest, int most, int *rest_count);
/* A whole number in [least, most]; false with a line on standard error. */
bool skw_cli_number(uint64_t *out, const char *text, const char *what, uint64_t least,
		    uint64_t most);

#endif
