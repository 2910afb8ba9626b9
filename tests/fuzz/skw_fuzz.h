/* What fuzzers share: a cursor that takes an input apart, an invariant that stops, and seeds.
 *
 * An input that runs out gives zeros, so that every input means something. A target defines
 * LLVMFuzzerTestOneInput, and fuzz_seeds if encoders or vectors can write its first inputs:
 * SKW_FUZZ_SEEDS names the folder they go to (make fuzz-seeds).
 */
#ifndef SKW_FUZZ_H
#define SKW_FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sodium.h>

#define FUZZ_CHECK(what)                                                                           \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #what);  \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

struct fuzz {
	const uint8_t *at;
	size_t left;
};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Lends up to `len` bytes. */
static inline const uint8_t *fuzz_take(struct fuzz *f, size_t *len)
{
	const uint8_t *at = f->at;

	if (*len > f->left)
		*len = f->left;
	f->at += *len;
	f->left -= *len;
	return at;
}

static inline void fuzz_bytes(struct fuzz *f, void *out, size_t len)
{
	size_t have = len;
	const uint8_t *at = fuzz_take(f, &have);

	memset(out, 0, len);
	if (have > 0)
		memcpy(out, at, have);
}

static inline uint8_t fuzz_u8(struct fuzz *f)
{
	uint8_t v;

	fuzz_bytes(f, &v, sizeof(v));
	return v;
}

static inline uint16_t fuzz_u16(struct fuzz *f)
{
	uint8_t v[2];

	fuzz_bytes(f, v, sizeof(v));
	return (uint16_t)(v[0] | v[1] << 8);
}

static inline uint64_t fuzz_u64(struct fuzz *f)
{
	uint64_t v;

	fuzz_bytes(f, &v, sizeof(v));
	return v;
}

/* The next item: a length of two bytes and up to `max` bytes, lent. */
static inline const uint8_t *fuzz_item(struct fuzz *f, size_t max, size_t *len)
{
	*len = fuzz_u16(f) % (max + 1);
	return fuzz_take(f, len);
}

/* A copy of exactly that size, so that a read past the end is seen; free it. */
static inline uint8_t *fuzz_copy(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);

	if (len > 0)
		memcpy(copy, data, len);
	return copy;
}

/* The same as text, ended by a zero. */
static inline char *fuzz_text(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1);

	if (len > 0)
		memcpy(text, data, len);
	text[len] = '\0';
	return text;
}

/* A file in memory with this content, for readers that want a path; fuzz_file_close ends it. */
static inline int fuzz_file(const uint8_t *data, size_t len, char path[64])
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	FUZZ_CHECK(fd >= 0 && write(fd, data, len) == (ssize_t)len);
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

static inline void fuzz_seed(const char *name, const void *data, size_t len)
{
	const char *folder = getenv("SKW_FUZZ_SEEDS");
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "wb");
	FUZZ_CHECK(f != NULL && fwrite(data, 1, len, f) == len && fclose(f) == 0);
}

static inline void fuzz_seed_text(const char *name, const char *text)
{
	fuzz_seed(name, text, strlen(text));
}

/* Writes inputs for the cursor above: items of fuzz_item, numbers. */
struct fuzz_making {
	uint8_t data[65536];
	size_t len;
};

static inline void fuzz_make(struct fuzz_making *m, const void *data, size_t len)
{
	FUZZ_CHECK(m->len + len <= sizeof(m->data));
	if (len > 0)
		memcpy(m->data + m->len, data, len);
	m->len += len;
}

static inline void fuzz_make_u8(struct fuzz_making *m, uint8_t v)
{
	fuzz_make(m, &v, 1);
}

static inline void fuzz_make_item(struct fuzz_making *m, const void *data, size_t len)
{
	fuzz_make_u8(m, (uint8_t)len);
	fuzz_make_u8(m, (uint8_t)(len >> 8));
	fuzz_make(m, data, len);
}

static inline bool fuzz_seeding(void)
{
	return getenv("SKW_FUZZ_SEEDS") != NULL;
}

static inline void fuzz_nothing(void)
{
}

/* `prepare` runs before the first input; then `seeds`, if they are asked for. */
#define FUZZ_START_WITH(prepare, seeds)                                                            \
	int LLVMFuzzerInitialize(int *argc, char ***argv)                                          \
	{                                                                                          \
		(void)argc;                                                                        \
		(void)argv;                                                                        \
		if (sodium_init() < 0)                                                             \
			abort();                                                                   \
		prepare();                                                                         \
		if (fuzz_seeding())                                                                \
			seeds();                                                                   \
		return 0;                                                                          \
	}
#define FUZZ_START(seeds) FUZZ_START_WITH(fuzz_nothing, seeds)

#endif
