/* Layout (docs/protocol.md, "Descriptor"): version u8, signing key, sequence u64, expires u64, exit
 * u8, name, services, links; what a later version adds stands between the links and the signature.
 */
#include "onion/skw_descriptor.h"

#include <string.h>

#include "wire/skw_cursor.h"

enum { VERSION = 1 };

static const char label[] = "skywave descriptor 1";

enum { LABEL_LEN = sizeof(label) - 1 };

static void put_name(struct skw_writer *w, const char *name)
{
	size_t len = strnlen(name, SKW_DESCRIPTOR_NAME);

	skw_put_u8(w, (uint8_t)len);
	skw_put_bytes(w, (const uint8_t *)name, len);
}

static bool get_name(struct skw_reader *r, char name[SKW_DESCRIPTOR_NAME + 1])
{
	size_t len = skw_get_u8(r);
	const uint8_t *text = skw_get_view(r, len);

	memset(name, 0, SKW_DESCRIPTOR_NAME + 1);
	if (text == NULL || len > SKW_DESCRIPTOR_NAME)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < 0x21 || text[i] > 0x7e) /* it will be printed on terminals */
			return false;
		name[i] = (char)text[i];
	}
	return true;
}

/* The signature covers the label too: signed bytes mean one thing only. */
static void labelled(uint8_t out[LABEL_LEN + SKW_DESCRIPTOR_MAX], const uint8_t *data, size_t len)
{
	memcpy(out, label, LABEL_LEN);
	memcpy(out + LABEL_LEN, data, len);
}

size_t skw_descriptor_sign(const struct skw_descriptor *d, const struct skw_identity *identity,
			   uint8_t out[SKW_DESCRIPTOR_MAX])
{
	struct skw_writer w = skw_writer(out, SKW_DESCRIPTOR_MAX - SKW_SIGNATURE_LEN);
	uint8_t message[LABEL_LEN + SKW_DESCRIPTOR_MAX];
	size_t len;

	if (d->service_count > SKW_DESCRIPTOR_SERVICES || d->link_count > SKW_DESCRIPTOR_LINKS)
		return 0;
	skw_put_u8(&w, VERSION);
	skw_put_bytes(&w, identity->sign_public, SKW_KEY_LEN);
	skw_put_u64(&w, d->sequence);
	skw_put_u64(&w, d->expires);
	skw_put_u8(&w, d->exit_policy);
	put_name(&w, d->name);
	skw_put_u8(&w, d->service_count);
	for (unsigned i = 0; i < d->service_count; i++)
		put_name(&w, d->services[i]);
	skw_put_u8(&w, d->link_count);
	for (unsigned i = 0; i < d->link_count; i++) {
		skw_put_bytes(&w, d->links[i].to.bytes, SKW_KEY_LEN);
		skw_put_u32(&w, d->links[i].capacity_kbps);
		skw_put_u64(&w, d->links[i].price_per_mib);
	}
	if (!w.ok)
		return 0;
	len = skw_writer_len(&w);
	labelled(message, out, len);
	skw_identity_sign(identity, message, LABEL_LEN + len, out + len);
	return len + SKW_SIGNATURE_LEN;
}

static bool parse(struct skw_descriptor *d, struct skw_reader *r)
{
	bool ok = skw_get_u8(r) == VERSION;

	skw_get_bytes(r, d->sign_public, SKW_KEY_LEN);
	d->sequence = skw_get_u64(r);
	d->expires = skw_get_u64(r);
	d->exit_policy = skw_get_u8(r);
	ok = ok && get_name(r, d->name);
	d->service_count = skw_get_u8(r);
	if (!ok || d->service_count > SKW_DESCRIPTOR_SERVICES)
		return false;
	for (unsigned i = 0; i < d->service_count; i++)
		if (!get_name(r, d->services[i]))
			return false;
	d->link_count = skw_get_u8(r);
	if (d->link_count > SKW_DESCRIPTOR_LINKS)
		return false;
	for (unsigned i = 0; i < d->link_count; i++) {
		skw_get_bytes(r, d->links[i].to.bytes, SKW_KEY_LEN);
		d->links[i].capacity_kbps = skw_get_u32(r);
		d->links[i].price_per_mib = skw_get_u64(r);
	}
	return r->ok;
}

bool skw_descriptor_peek(uint8_t sign_public[SKW_KEY_LEN], uint64_t *sequence, const uint8_t *in,
			 size_t len)
{
	struct skw_reader r = skw_reader(in, len);
	bool ok = skw_get_u8(&r) == VERSION;

	skw_get_bytes(&r, sign_public, SKW_KEY_LEN);
	*sequence = skw_get_u64(&r);
	return ok && r.ok && len >= SKW_SIGNATURE_LEN && len <= SKW_DESCRIPTOR_MAX;
}

bool skw_descriptor_verify(struct skw_descriptor *d, const uint8_t *in, size_t len)
{
	uint8_t message[LABEL_LEN + SKW_DESCRIPTOR_MAX];
	struct skw_reader r;

	memset(d, 0, sizeof(*d));
	if (len < SKW_SIGNATURE_LEN || len > SKW_DESCRIPTOR_MAX)
		return false;
	len -= SKW_SIGNATURE_LEN;
	r = skw_reader(in, len);
	if (!parse(d, &r) || !skw_node_address_of(&d->address, d->sign_public))
		return false;
	labelled(message, in, len);
	return skw_identity_verify(d->sign_public, message, LABEL_LEN + len, in + len);
}
