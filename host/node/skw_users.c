#include "node/skw_users.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sodium.h>

enum { USERS_MAX = 256, WORD_MAX = 255, HASH = 32 }; /* RFC 1929: 1 to 255 bytes each */

struct skw_users {
	uint8_t key[HASH];
	uint8_t hash[USERS_MAX][HASH];
	size_t count;
};

static void hash(uint8_t out[HASH], const struct skw_users *u, const uint8_t *name, size_t name_len,
		 const uint8_t *password, size_t password_len)
{
	const uint8_t len = (uint8_t)name_len;
	crypto_generichash_state st;

	crypto_generichash_init(&st, u->key, sizeof(u->key), HASH);
	crypto_generichash_update(&st, &len, 1); /* or "ab" "c" would be "a" "bc" */
	crypto_generichash_update(&st, name, name_len);
	crypto_generichash_update(&st, password, password_len);
	crypto_generichash_final(&st, out, HASH);
	sodium_memzero(&st, sizeof(st));
}

bool skw_users_allow(const void *users, const uint8_t *name, size_t name_len,
		     const uint8_t *password, size_t password_len)
{
	const struct skw_users *u = users;
	uint8_t given[HASH];
	bool known = false;

	hash(given, u, name, name_len, password, password_len);
	for (size_t i = 0; i < u->count; i++)
		known |= sodium_memcmp(given, u->hash[i], HASH) == 0;
	sodium_memzero(given, sizeof(given));
	return known;
}

/* One line; what is wrong with it, or NULL. */
static const char *take_line(struct skw_users *u, char *line)
{
	char *rest = NULL, *name, *password;

	name = strtok_r(line, " \t\r\n", &rest);
	if (name == NULL || name[0] == '#')
		return NULL;
	password = strtok_r(NULL, " \t\r\n", &rest);
	if (password == NULL || strtok_r(NULL, " \t\r\n", &rest) != NULL)
		return "want NAME PASSWORD";
	if (strlen(name) > WORD_MAX || strlen(password) > WORD_MAX)
		return "a name and a password have at most 255 bytes";
	if (u->count == USERS_MAX)
		return "too many users";
	hash(u->hash[u->count++], u, (const uint8_t *)name, strlen(name), (const uint8_t *)password,
	     strlen(password));
	return NULL;
}

/* What is wrong with the file, or NULL; `number`: in which line, 0 if in none. */
static const char *read_lines(struct skw_users *u, FILE *file, int *number)
{
	const char *wrong = NULL;
	struct stat st;
	char *line = NULL;
	size_t room = 0;

	if (fstat(fileno(file), &st) == 0 && (st.st_mode & 077) != 0)
		return "others may read it: chmod 600";
	while (wrong == NULL && getline(&line, &room, file) >= 0) {
		++*number;
		wrong = take_line(u, line);
		sodium_memzero(line, room);
	}
	free(line);
	if (wrong != NULL)
		return wrong;
	*number = 0;
	return ferror(file) != 0 ? strerror(errno) : u->count == 0 ? "nobody is in it" : NULL;
}

struct skw_users *skw_users_new(const char *path, char *error, size_t error_len)
{
	struct skw_users *u = calloc(1, sizeof(*u));
	FILE *file = u != NULL ? fopen(path, "re") : NULL;
	const char *wrong = u == NULL ? "out of memory" : file == NULL ? strerror(errno) : NULL;
	char where[16] = "";
	int number = 0;

	if (wrong == NULL) {
		setvbuf(file, NULL, _IONBF, 0); /* no copy of the passwords */
		randombytes_buf(u->key, sizeof(u->key));
		wrong = read_lines(u, file, &number);
	}
	if (file != NULL)
		fclose(file);
	if (wrong == NULL)
		return u;
	if (number > 0)
		snprintf(where, sizeof(where), ":%d", number);
	snprintf(error, error_len, "[socks] users: %.200s%s: %s", path, where, wrong);
	skw_users_free(u);
	return NULL;
}

void skw_users_free(struct skw_users *users)
{
	if (users != NULL)
		sodium_memzero(users, sizeof(*users));
	free(users);
}
