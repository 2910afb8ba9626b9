/* rooms: wire keys onion
 *
 * skw_descriptor: first the bytes as they are, then as the body of a descriptor that is signed with
 * its own key, so that what lies behind the signature is reached. What verifies can be signed and
 * verified again with the same contents, its names print, and one changed bit spoils it. */

#include "onion/skw_descriptor.h"
#include "skw_fuzz.h"

static const char label[] = "skywave descriptor 1"; /* docs/protocol.md */

enum { LABEL_LEN = sizeof(label) - 1 };

static struct skw_identity identity;

static void check_name(const char *name)
{
	size_t len = strnlen(name, SKW_DESCRIPTOR_NAME + 1);

	FUZZ_CHECK(len <= SKW_DESCRIPTOR_NAME);
	for (size_t i = 0; i < len; i++)
		FUZZ_CHECK(name[i] > 0x20 && name[i] < 0x7f);
}

static void check(const struct skw_descriptor *d, const uint8_t *in, size_t len)
{
	uint8_t again[SKW_DESCRIPTOR_MAX];
	struct skw_descriptor back;
	size_t n = skw_descriptor_sign(d, &identity, again);

	FUZZ_CHECK(d->link_count <= SKW_DESCRIPTOR_LINKS);
	FUZZ_CHECK(d->service_count <= SKW_DESCRIPTOR_SERVICES);
	FUZZ_CHECK(skw_node_address_equal(&d->address, &identity.address));
	check_name(d->name);
	for (unsigned i = 0; i < d->service_count; i++)
		check_name(d->services[i]);
	FUZZ_CHECK(n > 0 && n <= len); /* shorter without what a later version said */
	FUZZ_CHECK(skw_descriptor_verify(&back, again, n));
	FUZZ_CHECK(memcmp(&back, d, sizeof(back)) == 0);
	FUZZ_CHECK(n != len || memcmp(again, in, len) == 0); /* Ed25519 signs the same always */
}

static size_t sign(uint8_t out[SKW_DESCRIPTOR_MAX], const uint8_t *body, size_t len)
{
	uint8_t message[LABEL_LEN + SKW_DESCRIPTOR_MAX];

	memcpy(out, body, len);
	memcpy(out + 1, identity.sign_public, SKW_KEY_LEN);
	memcpy(message, label, LABEL_LEN);
	memcpy(message + LABEL_LEN, out, len);
	skw_identity_sign(&identity, message, LABEL_LEN + len, out + len);
	return len + SKW_SIGNATURE_LEN;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t own[SKW_DESCRIPTOR_MAX], *copy = fuzz_copy(data, size);
	struct skw_descriptor d;
	size_t len;

	skw_descriptor_verify(&d, copy, size);
	free(copy);
	if (size < 1 + SKW_KEY_LEN || size > SKW_DESCRIPTOR_MAX - SKW_SIGNATURE_LEN)
		return 0;
	len = sign(own, data, size);
	copy = fuzz_copy(own, len);
	if (skw_descriptor_verify(&d, copy, len)) {
		check(&d, copy, len);
		copy[data[0] % len] ^= (uint8_t)(1u << data[size - 1] % 8);
		FUZZ_CHECK(!skw_descriptor_verify(&d, copy, len));
	}
	free(copy);
	return 0;
}

static void seeds(void)
{
	struct skw_descriptor d = { .sequence = 4, .expires = 1700000000, .name = "alice" };
	uint8_t out[SKW_DESCRIPTOR_MAX];

	d.service_count = 2;
	strcpy(d.services[0], "files");
	strcpy(d.services[1], "chat");
	d.link_count = 3;
	for (unsigned i = 0; i < 3; i++)
		d.links[i] = (struct skw_descriptor_link) { { { (uint8_t)i } }, 10000, 50 + i };
	fuzz_seed("body", out, skw_descriptor_sign(&d, &identity, out) - SKW_SIGNATURE_LEN);
	fuzz_seed("signed", out, skw_descriptor_sign(&d, &identity, out));
}

static void start(void)
{
	uint8_t seed[SKW_KEY_LEN] = { 42 };

	skw_identity_from_seed(&identity, seed);
}

FUZZ_START_WITH(start, seeds)
