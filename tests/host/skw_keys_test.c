/* rooms: keys
 *
 * skw_identity, skw_replay and skw_random. The address is checked against an independent formula:
 * the base32 printed by coreutils for the X25519 key of a known seed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "keys/skw_identity.h"
#include "keys/skw_replay.h"

static struct skw_identity identity;
static char path[64];

static int fresh(void **state)
{
	uint8_t seed[32];

	(void)state;
	for (unsigned i = 0; i < 32; i++)
		seed[i] = (uint8_t)i;
	skw_identity_from_seed(&identity, seed);
	snprintf(path, sizeof(path), "/tmp/skw_keys_test.%d", (int)getpid());
	unlink(path);
	return 0;
}

static int clean(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

static void a_signing_key_proves_its_address(void **state)
{
	struct skw_node_address address;
	uint8_t signature[SKW_SIGNATURE_LEN], other[32] = { 0 };

	(void)state;
	assert_true(skw_node_address_of(&address, identity.sign_public));
	assert_true(skw_node_address_equal(&address, &identity.address));
	skw_identity_sign(&identity, (const uint8_t *)"abc", 3, signature);
	assert_true(
	    skw_identity_verify(identity.sign_public, (const uint8_t *)"abc", 3, signature));
	assert_false(
	    skw_identity_verify(identity.sign_public, (const uint8_t *)"abd", 3, signature));
	other[0] = 2; /* y = 2 is not on the curve */
	assert_false(skw_node_address_of(&address, other));
}

static void addresses_have_one_spelling(void **state)
{
	struct skw_node_address address, back;
	char text[SKW_ADDRESS_TEXT_LEN + 1];

	(void)state;
	for (unsigned i = 0; i < 32; i++)
		address.bytes[i] = (uint8_t)i;
	skw_node_address_format(&address, text);
	/* python3 -c "import base64; print(base64.b32encode(bytes(range(32))).lower())" */
	assert_string_equal(text, "aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq");
	assert_true(skw_node_address_parse(&back, text));
	assert_memory_equal(back.bytes, address.bytes, 32);
	text[0] = 'A';
	assert_true(skw_node_address_parse(&back, text));
	text[51] = 'r'; /* a bit beyond the last byte */
	assert_false(skw_node_address_parse(&back, text));
	text[51] = '1';
	assert_false(skw_node_address_parse(&back, text));
	text[51] = '\0';
	assert_false(skw_node_address_parse(&back, text));
	assert_false(skw_node_address_parse(&back, ""));
	assert_false(
	    skw_node_address_parse(&back, "aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypqa"));
}

static void write_file(const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

static void a_key_file_is_private_and_never_overwritten(void **state)
{
	struct skw_identity back;
	struct stat st;

	(void)state;
	assert_int_equal(skw_identity_load(&back, path), SKW_IDENTITY_MISSING);
	assert_int_equal(skw_identity_save(&identity, path), SKW_IDENTITY_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(skw_identity_load(&back, path), SKW_IDENTITY_OK);
	assert_memory_equal(&back, &identity, sizeof(back));
	assert_int_equal(skw_identity_save(&identity, path), SKW_IDENTITY_EXISTS);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(skw_identity_load(&back, path), SKW_IDENTITY_UNSAFE);
	assert_int_equal(skw_identity_save(&identity, "/nonexistent/key"), SKW_IDENTITY_IO);
}

static void a_damaged_key_file_is_refused(void **state)
{
	struct skw_identity back;

	(void)state;
	write_file("", 0600);
	assert_int_equal(skw_identity_load(&back, path), SKW_IDENTITY_MALFORMED);
	write_file("skywave-key-1 00\n", 0600);
	assert_int_equal(skw_identity_load(&back, path), SKW_IDENTITY_MALFORMED);
	write_file("skywave-key-1 "
		   "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1g\n",
		   0600);
	assert_int_equal(skw_identity_load(&back, path), SKW_IDENTITY_MALFORMED);
	write_file("skywave-key-1 "
		   "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\nmore",
		   0600);
	assert_int_equal(skw_identity_load(&back, path), SKW_IDENTITY_MALFORMED);
}

/* The window, against a plain memory of everything that was taken. */
static void each_counter_is_taken_once(uint64_t start)
{
	enum { N = 20000 };
	static uint8_t taken[N];
	struct skw_replay replay;
	uint64_t top = 0;

	memset(taken, 0, sizeof(taken));
	skw_replay_init(&replay);
	srand(3);
	for (unsigned step = 0; step < 4 * N; step++) {
		uint64_t i = (uint64_t)(step / 5 + (unsigned)rand() % 1500);

		if (step % 997 == 0)
			i += 1500; /* a jump beyond a whole window */
		if (i >= N)
			continue;
		if (skw_replay_fresh(&replay, start + i)) {
			assert_false(taken[i]);
			assert_true(i + SKW_REPLAY_WINDOW > top);
			skw_replay_take(&replay, start + i);
			taken[i] = 1;
			top = i > top ? i : top;
		} else {
			/* refused: seen, or too old */
			assert_true(taken[i] || i + SKW_REPLAY_WINDOW - 64 < top);
		}
	}
	assert_false(skw_replay_fresh(&replay, start + top));
}

static void the_replay_window_holds_from_anywhere(void **state)
{
	(void)state;
	each_counter_is_taken_once(0);
	each_counter_is_taken_once(UINT64_MAX - 7000); /* through the wrap */
	each_counter_is_taken_once(0x8000000000000000u - 50);
}

static void a_seed_gives_one_stream(void **state)
{
	struct skw_random_stream a, b;
	struct skw_random ra = skw_random_seeded(&a, 1), rb = skw_random_seeded(&b, 1);

	(void)state;
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(skw_random_u64(&ra), skw_random_u64(&rb));
	rb = skw_random_seeded(&b, 2);
	assert_int_not_equal(skw_random_u64(&ra), skw_random_u64(&rb));
	assert_int_not_equal(skw_random_u64(&ra), skw_random_u64(&ra));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_signing_key_proves_its_address, fresh),
		cmocka_unit_test_setup(addresses_have_one_spelling, fresh),
		cmocka_unit_test_setup_teardown(a_key_file_is_private_and_never_overwritten, fresh,
						clean),
		cmocka_unit_test_setup_teardown(a_damaged_key_file_is_refused, fresh, clean),
		cmocka_unit_test(the_replay_window_holds_from_anywhere),
		cmocka_unit_test(a_seed_gives_one_stream),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
