#include "cli/skw_cli_sigmf.h"

#include <string.h>

#include <jansson.h>

static const char META[] = ".sigmf-meta", DATA[] = ".sigmf-data", ARCHIVE[] = ".sigmf";

static bool ends(const char *path, const char *with)
{
	size_t n = strlen(path), m = strlen(with);

	return n > m && strcmp(path + n - m, with) == 0;
}

bool skw_cli_sigmf_is(const char *path)
{
	return ends(path, META) || ends(path, DATA) || ends(path, ARCHIVE);
}

static bool refuse(struct skw_cli_sigmf *m, const char *why)
{
	snprintf(m->error, sizeof(m->error), "%s", why);
	return false;
}

static bool format_of(struct skw_cli_sigmf *m, const char *type)
{
	static const struct {
		const char *type;
		enum skw_cli_iq_format format;
	} row[] = {
		{ "cf32_le", SKW_CLI_CF32 },
		{ "ci16_le", SKW_CLI_CS16 },
		{ "ci8", SKW_CLI_CS8 },
		{ "cu8", SKW_CLI_CU8 },
	};

	for (size_t k = 0; type != NULL && k < sizeof(row) / sizeof(*row); k++)
		if (strcmp(type, row[k].type) == 0) {
			m->format = row[k].format;
			return true;
		}
	snprintf(m->error, sizeof(m->error),
		 "core:datatype is %.32s: cf32_le, ci16_le, ci8 and cu8 can be read",
		 type != NULL ? type : "missing");
	return false;
}

static bool take(struct skw_cli_sigmf *m, const json_t *root)
{
	const json_t *global = json_object_get(root, "global");
	const json_t *capture = json_array_get(json_object_get(root, "captures"), 0);
	const json_t *channels = json_object_get(global, "core:num_channels");

	if (!format_of(m, json_string_value(json_object_get(global, "core:datatype"))))
		return false;
	if (channels != NULL && json_integer_value(channels) != 1)
		return refuse(m, "core:num_channels is not 1");
	if (json_integer_value(json_object_get(capture, "core:header_bytes")) != 0)
		return refuse(m, "core:header_bytes: samples behind headers cannot be read");
	m->rate_hz = json_number_value(json_object_get(global, "core:sample_rate"));
	m->frequency_hz = json_number_value(json_object_get(capture, "core:frequency"));
	return true;
}

bool skw_cli_sigmf_read(struct skw_cli_sigmf *m, const char *path)
{
	size_t stem = strlen(path) - strlen(META);
	char meta[sizeof(m->data)];
	json_error_t error;
	json_t *root;
	bool good;

	if (ends(path, ARCHIVE))
		return refuse(m, "an archive: unpack it with tar, and name its .sigmf-meta");
	if (stem + sizeof(META) > sizeof(meta))
		return refuse(m, "the path is too long");
	snprintf(meta, sizeof(meta), "%.*s%s", (int)stem, path, META);
	snprintf(m->data, sizeof(m->data), "%.*s%s", (int)stem, path, DATA);
	root = json_load_file(meta, 0, &error);
	if (root == NULL) {
		snprintf(m->error, sizeof(m->error), "metadata, line %d: %.120s", error.line,
			 error.text);
		return false;
	}
	good = take(m, root);
	json_decref(root);
	return good;
}
