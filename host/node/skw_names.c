#include "node/skw_names.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_NAMES_MAX = 1024, NAME_MAX_BYTES = 63 };

struct entry {
	char name[NAME_MAX_BYTES + 1];
	struct skw_node_address node;
};

struct skw_names {
	const struct skw_config *config;
	const char *path; /* empty: no file */
	struct entry *entries;
	size_t count;
	struct timespec changed;
	off_t size;
};

/* As a label of SERVICE.NODE.sky, and on a line of the file. */
static bool is_name(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (!isgraph((unsigned char)text[i]) || text[i] == '.' || text[i] == '#')
			return false;
	return len >= 1 && len <= NAME_MAX_BYTES;
}

static struct entry *entry_of(const struct skw_names *n, const char *name)
{
	for (size_t i = 0; i < n->count; i++)
		if (strcasecmp(n->entries[i].name, name) == 0)
			return &n->entries[i];
	return NULL;
}

static bool add(struct skw_names *n, const char *name, const struct skw_node_address *node)
{
	struct entry *more = entry_of(n, name);

	if (more == NULL) {
		if (n->count == FILE_NAMES_MAX)
			return false;
		more = realloc(n->entries, (n->count + 1) * sizeof(*more));
		if (more == NULL)
			return false;
		n->entries = more;
		more = &n->entries[n->count++];
	}
	snprintf(more->name, sizeof(more->name), "%s", name);
	more->node = *node;
	return true;
}

/* ---- The file ---- */

/* One line; what is wrong with it, or NULL. */
static const char *take_line(struct skw_names *n, char *line)
{
	struct skw_node_address node;
	char *rest = NULL, *name, *key;

	line[strcspn(line, "#\n")] = '\0';
	name = strtok_r(line, " \t\r", &rest);
	key = strtok_r(NULL, " \t\r", &rest);
	if (name == NULL)
		return NULL;
	if (!is_name(name))
		return "a petname has 1 to 63 bytes, no dot and no #";
	if (key == NULL || !skw_node_address_parse(&node, key) ||
	    strtok_r(NULL, " \t\r", &rest) != NULL)
		return "want PETNAME ADDRESS";
	return add(n, name, &node) ? NULL : "too many names";
}

static bool read_file(struct skw_names *n, char *error, size_t error_len)
{
	FILE *file = fopen(n->path, "re");
	const char *wrong = NULL;
	char *line = NULL;
	size_t room = 0;
	struct stat st;
	int number = 0;

	n->count = 0;
	if (file == NULL) {
		if (errno == ENOENT)
			return true;
		snprintf(error, error_len, "[node] names: %.200s: %s", n->path, strerror(errno));
		return false;
	}
	if (fstat(fileno(file), &st) == 0) {
		n->changed = st.st_mtim;
		n->size = st.st_size;
	}
	while (wrong == NULL && getline(&line, &room, file) >= 0) {
		number++;
		wrong = take_line(n, line);
	}
	free(line);
	fclose(file);
	if (wrong != NULL)
		snprintf(error, error_len, "%.200s:%d: %s", n->path, number, wrong);
	return wrong == NULL;
}

/* Somebody may have edited it; if the new one is wrong, what was right before it is kept. */
static void look_again(struct skw_names *n)
{
	struct skw_names fresh = *n;
	struct stat st;
	char error[320];

	if (n->path[0] == '\0' || stat(n->path, &st) != 0 ||
	    (st.st_size == n->size && st.st_mtim.tv_sec == n->changed.tv_sec &&
	     st.st_mtim.tv_nsec == n->changed.tv_nsec))
		return;
	fresh.entries = NULL;
	if (read_file(&fresh, error, sizeof(error))) {
		free(n->entries);
		n->entries = fresh.entries;
		n->count = fresh.count;
	} else {
		fprintf(stderr, "names: %s\n", error);
		free(fresh.entries);
	}
	n->changed = fresh.changed;
	n->size = fresh.size;
}

/* Whether a line of the file is about this name. */
static bool is_about(const char *line, const char *name)
{
	size_t len;

	line += strspn(line, " \t");
	len = strcspn(line, " \t\r\n#");
	return len == strlen(name) && strncasecmp(line, name, len) == 0;
}

/* The other lines of the file as they are, remarks too. */
static void copy_others(FILE *to, const char *path, const char *name)
{
	FILE *from = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	while (from != NULL && (len = getline(&line, &room, from)) > 0)
		if (!is_about(line, name))
			fprintf(to, line[len - 1] == '\n' ? "%s" : "%s\n", line);
	free(line);
	if (from != NULL)
		fclose(from);
}

/* The file without the name, or with it where there is an address. */
static bool write_file(const struct skw_names *n, const char *name, const char *address)
{
	char path[SKW_CONFIG_TEXT + 8];
	FILE *file;
	bool good;

	snprintf(path, sizeof(path), "%s.new", n->path);
	file = fopen(path, "we");
	if (file == NULL)
		return false;
	copy_others(file, n->path, name);
	if (address != NULL)
		fprintf(file, "%s %s\n", name, address);
	good = fflush(file) == 0 && ferror(file) == 0 && fsync(fileno(file)) == 0;
	good = fclose(file) == 0 && good;
	if (good && rename(path, n->path) == 0)
		return true;
	unlink(path);
	return false;
}

/* ---- Life ---- */

struct skw_names *skw_names_new(const struct skw_config *config, char *error, size_t error_len)
{
	struct skw_names *n = calloc(1, sizeof(*n));

	if (n == NULL) {
		snprintf(error, error_len, "out of memory");
		return NULL;
	}
	n->config = config;
	n->path = config->node.names;
	if (n->path[0] == '\0' || read_file(n, error, error_len))
		return n;
	skw_names_free(n);
	return NULL;
}

void skw_names_free(struct skw_names *n)
{
	if (n != NULL)
		free(n->entries);
	free(n);
}

bool skw_names_find(struct skw_names *n, const char *text, struct skw_node_address *node)
{
	const struct entry *e;

	if (skw_config_node(n->config, text, node))
		return true;
	look_again(n);
	e = entry_of(n, text);
	if (e != NULL)
		*node = e->node;
	return e != NULL;
}

const char *skw_names_of(struct skw_names *n, const struct skw_node_address *node)
{
	const struct skw_config *c = n->config;
	struct skw_node_address other;

	for (size_t i = 0; i < c->n_names; i++)
		if (skw_node_address_parse(&other, c->names[i].key) &&
		    skw_node_address_equal(&other, node))
			return c->names[i].name;
	look_again(n);
	for (size_t i = 0; i < n->count; i++)
		if (skw_node_address_equal(&n->entries[i].node, node))
			return n->entries[i].name;
	return NULL;
}

/* ---- The control command ---- */

static json_t *list(const struct skw_names *n)
{
	json_t *rows = json_array();
	char text[SKW_ADDRESS_TEXT_LEN + 1];

	for (size_t i = 0; i < n->config->n_names; i++)
		json_array_append_new(
		    rows, json_pack("{s:s s:s s:s}", "name", n->config->names[i].name, "address",
				    n->config->names[i].key, "from", "configuration"));
	for (size_t i = 0; i < n->count; i++) {
		skw_node_address_format(&n->entries[i].node, text);
		json_array_append_new(rows, json_pack("{s:s s:s s:s}", "name", n->entries[i].name,
						      "address", text, "from", "file"));
	}
	return json_pack("{s:o}", "names", rows);
}

static const char *change(struct skw_names *n, const char *action, const char *name,
			  const char *address)
{
	struct skw_node_address node;

	if (n->path[0] == '\0')
		return "there is no file for petnames: configure [node] names = FILE";
	if (name == NULL || !is_name(name))
		return "a petname has 1 to 63 bytes, no dot and no #";
	if (strcmp(action, "add") == 0) {
		if (address == NULL || !skw_node_address_parse(&node, address))
			return "that is no address: want the 52 characters that skywaved --key "
			       "prints";
		if (entry_of(n, name) == NULL && n->count == FILE_NAMES_MAX)
			return "too many names";
	} else {
		if (entry_of(n, name) == NULL)
			return "the file has no such petname";
		address = NULL;
	}
	if (!write_file(n, name, address))
		return "the file of [node] names cannot be written";
	n->size = -1; /* to be read again, however little it changed */
	return NULL;
}

json_t *skw_names_answer(struct skw_names *n, const json_t *question)
{
	const char *action = json_string_value(json_object_get(question, "action"));
	const char *wrong = NULL;

	look_again(n);
	if (action != NULL && (strcmp(action, "add") == 0 || strcmp(action, "remove") == 0)) {
		wrong = change(n, action, json_string_value(json_object_get(question, "name")),
			       json_string_value(json_object_get(question, "address")));
		look_again(n);
	} else if (action != NULL) {
		wrong = "names: want add or remove";
	}
	return wrong != NULL ? json_pack("{s:s}", "error", wrong) : list(n);
}
