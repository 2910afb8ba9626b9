/* FTDI's FT601 over libusb: a bulk pipe each way, and a third on which the host asks for what it
 * wants to read.
 *
 *   skw_device -- socket pair --[ outward thread ]--> bulk OUT 0x02 --> FIFO --> board
 *                             <-[ inward thread  ]--- bulk IN  0x82 <-- FIFO <--
 *                                        `----------> bulk OUT 0x01: "so many bytes of 0x82"
 *
 * The chip answers a request with what the board has written by then, at most what was asked.
 */
#include <libusb.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "soapy/skw_transport.h"
#include "wire/skw_cursor.h"

enum {
	VENDOR = 0x0403,
	PRODUCT = 0x601F,
	INTERFACES = 2, /* requests on the first, data on the second */
	PIPE_REQUEST = 0x01,
	PIPE_OUT = 0x02,
	PIPE_IN = 0x82,
	REQUEST_LEN = 20,
	REQUEST_READ = 1,
	CHUNK = 32768,
	WAIT_MS = 200,  /* how often a thread looks whether it shall end */
	SEND_MS = 5000, /* a board that takes nothing for so long is gone */
	PORTS_MAX = 7,  /* USB 3.2, 10.16: seven tiers */
};

struct usb_link {
	libusb_context *usb;
	libusb_device_handle *device;
	int fd; /* our end of the pair */
	pthread_t outward, inward;
	atomic_bool stop;
	uint32_t requests;
};

/* ---- finding ------------------------------------------------------------------------------- */

static bool is_ft601(libusb_device *device)
{
	struct libusb_device_descriptor d;

	return libusb_get_device_descriptor(device, &d) == 0 && d.idVendor == VENDOR &&
	       d.idProduct == PRODUCT;
}

static void path_of(libusb_device *device, char path[SKW_TRANSPORT_PATH])
{
	uint8_t port[PORTS_MAX];
	int n = libusb_get_port_numbers(device, port, PORTS_MAX);
	int len = snprintf(path, SKW_TRANSPORT_PATH, "%u", libusb_get_bus_number(device));

	for (int i = 0; i < n; i++)
		len += snprintf(path + len, SKW_TRANSPORT_PATH - (size_t)len, "%c%u",
				i == 0 ? '-' : '.', port[i]);
}

/* Calls `visit` for each chip at `path`, or for all if that is empty, until it says true. */
static void each(libusb_context *usb, const char *path,
		 bool (*visit)(void *ctx, libusb_device *device, const char *path), void *ctx)
{
	char here[SKW_TRANSPORT_PATH];
	libusb_device **list;
	ssize_t n = libusb_get_device_list(usb, &list);

	for (ssize_t i = 0; i < n; i++) {
		if (!is_ft601(list[i]))
			continue;
		path_of(list[i], here);
		if ((path[0] == '\0' || strcmp(path, here) == 0) && visit(ctx, list[i], here))
			break;
	}
	if (n >= 0)
		libusb_free_device_list(list, 1);
}

struct search {
	const struct skw_transport_place *want;
	void (*found)(void *ctx, const struct skw_transport_place *place);
	void *ctx;
};

static bool tell(void *ctx, libusb_device *device, const char *path)
{
	struct search *s = ctx;
	struct skw_transport_place place;

	(void)device;
	if (skw_transport_place_set(&place, path, "", ""))
		s->found(s->ctx, &place);
	return false;
}

void skw_transport_ft601_find(const struct skw_transport_place *want,
			      void (*found)(void *ctx, const struct skw_transport_place *place),
			      void *ctx)
{
	struct search s = { want, found, ctx };
	libusb_context *usb;

	if (want->radio[0] != '\0' || libusb_init(&usb) != 0)
		return; /* a seat of an air; or no USB here */
	each(usb, want->path, tell, &s);
	libusb_exit(usb);
}

/* ---- the two threads ----------------------------------------------------------------------- */

/* All of it to the board; false if the chip is gone or takes nothing. */
static bool send_all(struct usb_link *l, uint8_t pipe, uint8_t *data, int len)
{
	while (len > 0) {
		int sent = 0, r = libusb_bulk_transfer(l->device, pipe, data, len, &sent, SEND_MS);

		if (r != 0 && sent <= 0)
			return false;
		data += sent;
		len -= sent;
	}
	return true;
}

static void *run_outward(void *arg)
{
	struct usb_link *l = arg;
	uint8_t data[CHUNK];
	size_t have = 0; /* bytes of a word whose rest is still to come */

	for (;;) {
		ssize_t n = recv(l->fd, data + have, sizeof(data) - have, 0);
		size_t whole;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		have += (size_t)n;
		whole = have - have % 4; /* the FIFO is 32 bits wide */
		if (!send_all(l, PIPE_OUT, data, (int)whole))
			break;
		have -= whole;
		memmove(data, data + whole, have);
	}
	shutdown(l->fd, SHUT_RDWR); /* the host learns of it, and so does the other thread */
	atomic_store(&l->stop, true);
	return NULL;
}

static bool request(struct usb_link *l, uint32_t len)
{
	uint8_t bytes[REQUEST_LEN] = { 0 };
	struct skw_writer w = skw_writer(bytes, sizeof(bytes));

	skw_put_u32(&w, l->requests++);
	skw_put_u8(&w, PIPE_IN);
	skw_put_u8(&w, REQUEST_READ);
	skw_put_u16(&w, 0);
	skw_put_u32(&w, len);
	return send_all(l, PIPE_REQUEST, bytes, REQUEST_LEN);
}

static bool pass_on(struct usb_link *l, const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(l->fd, data, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static void *run_inward(void *arg)
{
	struct usb_link *l = arg;
	uint8_t data[CHUNK];
	bool asked = false, good = true;

	while (good && !atomic_load(&l->stop)) {
		int got = 0, r;

		if (!asked && !request(l, CHUNK))
			break;
		asked = true;
		r = libusb_bulk_transfer(l->device, PIPE_IN, data, CHUNK, &got, WAIT_MS);
		if (r != 0 && r != LIBUSB_ERROR_TIMEOUT)
			break;
		if (r == 0)
			asked = false; /* a short packet, or all of it, ends a request */
		good = pass_on(l, data, (size_t)got);
	}
	shutdown(l->fd, SHUT_RDWR);
	return NULL;
}

/* ---- opening ------------------------------------------------------------------------------- */

static bool take(void *ctx, libusb_device *device, const char *path)
{
	struct usb_link *l = ctx;

	(void)path;
	return libusb_open(device, &l->device) == 0;
}

static void release(struct usb_link *l)
{
	if (l->device != NULL) {
		for (int i = 0; i < INTERFACES; i++)
			libusb_release_interface(l->device, i);
		libusb_close(l->device);
	}
	if (l->usb != NULL)
		libusb_exit(l->usb);
	if (l->fd >= 0)
		close(l->fd);
	free(l);
}

/* NULL, or what failed. */
static const char *claim(struct usb_link *l, const char *path)
{
	static uint8_t zeros[SKW_TRANSPORT_ZEROS];
	int r = libusb_init(&l->usb);

	if (r != 0)
		return libusb_strerror(r);
	each(l->usb, path, take, l);
	if (l->device == NULL)
		return "no FT601 that may be opened (is one plugged in, has this user access?)";
	libusb_set_auto_detach_kernel_driver(l->device, 1);
	for (int i = 0; i < INTERFACES && r == 0; i++)
		r = libusb_claim_interface(l->device, i);
	if (r != 0)
		return libusb_strerror(r);
	return send_all(l, PIPE_OUT, zeros, sizeof(zeros)) ? NULL : "the chip takes no bytes";
}

static bool start(struct usb_link *l)
{
	if (pthread_create(&l->outward, NULL, run_outward, l) != 0)
		return false;
	if (pthread_create(&l->inward, NULL, run_inward, l) == 0)
		return true;
	shutdown(l->fd, SHUT_RDWR);
	pthread_join(l->outward, NULL);
	return false;
}

int skw_transport_ft601_open(const struct skw_transport_place *place, void **state, char *error,
			     size_t error_size)
{
	struct usb_link *l = calloc(1, sizeof(*l));
	int pair[2] = { -1, -1 };
	const char *why = NULL;

	*state = NULL;
	if (l == NULL) {
		snprintf(error, error_size, "out of memory");
		return -1;
	}
	l->fd = -1;
	why = claim(l, place->path);
	if (why == NULL && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		why = strerror(errno);
	l->fd = pair[0];
	if (why == NULL && !start(l))
		why = "no thread to be had";
	if (why == NULL) {
		*state = l;
		return pair[1];
	}
	snprintf(error, error_size, "USB %s: %s", place->path[0] != '\0' ? place->path : "bus",
		 why);
	if (pair[1] >= 0)
		close(pair[1]);
	release(l);
	return -1;
}

void skw_transport_ft601_close(void *state)
{
	struct usb_link *l = state;

	atomic_store(&l->stop, true);
	pthread_join(l->outward, NULL);
	pthread_join(l->inward, NULL);
	release(l);
}
