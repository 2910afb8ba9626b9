/* ft601_shim - stands in for libusb (LD_PRELOAD): a bus with one FT601, whose FIFO is a seat of a
 * skywave-air. The seat is the gates' host link; what is modelled here is the chip's USB side,
 * after FTDI's data sheet and the open drivers for it:
 *
 *   pipe 0x01  takes requests of 20 bytes: number, pipe, command 1, length
 *   pipe 0x82  gives nothing unless asked for; a transfer ends with what the FIFO holds, at most
 *              what was asked; nothing there is a timeout, and the request stands
 *   pipe 0x02  takes whole words of 32 bits
 *
 *   SHIM_AIR     the air's socket           SHIM_UNPLUG  bytes from the board after which the chip
 * is gone
 *
 * A wrong use ends the program with a message: nothing of it may pass unseen.
 */
#include <libusb.h>

#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { BUS = 2, REQUEST_LEN = 20 };

static const uint8_t PORTS[] = { 1, 4 };
static char chip; /* its address stands for device and handle */
static libusb_device *devices[] = { (libusb_device *)&chip, NULL };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int fifo = -1, claimed;
static uint32_t asked;
static long unplug = -1;

static void refuse(const char *what)
{
	fprintf(stderr, "ft601_shim: %s\n", what);
	_exit(99);
}

static int dial(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	static const char seat[] = "radio alice\n";
	char answer[3];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", getenv("SHIM_AIR"));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    write(fd, seat, strlen(seat)) != (ssize_t)strlen(seat) ||
	    recv(fd, answer, sizeof(answer), MSG_WAITALL) != 3 || memcmp(answer, "ok\n", 3) != 0)
		refuse("no seat in SHIM_AIR");
	return fd;
}

/* ---- the bus ------------------------------------------------------------------------------- */

int libusb_init(libusb_context **ctx)
{
	*ctx = NULL;
	return 0;
}

void libusb_exit(libusb_context *ctx)
{
	(void)ctx;
}

ssize_t libusb_get_device_list(libusb_context *ctx, libusb_device ***list)
{
	(void)ctx;
	*list = devices;
	return 1;
}

void libusb_free_device_list(libusb_device **list, int unref)
{
	if (list != devices || !unref)
		refuse("a list that is not the bus's");
}

int libusb_get_device_descriptor(libusb_device *dev, struct libusb_device_descriptor *d)
{
	(void)dev;
	memset(d, 0, sizeof(*d));
	d->idVendor = 0x0403;
	d->idProduct = 0x601F;
	return 0;
}

uint8_t libusb_get_bus_number(libusb_device *dev)
{
	(void)dev;
	return BUS;
}

int libusb_get_port_numbers(libusb_device *dev, uint8_t *port, int len)
{
	(void)dev;
	if (len < (int)sizeof(PORTS))
		return LIBUSB_ERROR_OVERFLOW;
	memcpy(port, PORTS, sizeof(PORTS));
	return sizeof(PORTS);
}

int libusb_open(libusb_device *dev, libusb_device_handle **handle)
{
	*handle = (libusb_device_handle *)dev;
	fifo = dial();
	asked = 0;
	unplug = getenv("SHIM_UNPLUG") != NULL ? atol(getenv("SHIM_UNPLUG")) : -1;
	return 0;
}

void libusb_close(libusb_device_handle *handle)
{
	(void)handle;
	if (claimed != 0)
		refuse("closed with an interface claimed");
	close(fifo);
}

int libusb_set_auto_detach_kernel_driver(libusb_device_handle *handle, int enable)
{
	(void)handle;
	(void)enable;
	return 0;
}

int libusb_claim_interface(libusb_device_handle *handle, int interface)
{
	(void)handle;
	claimed |= 1 << interface;
	return 0;
}

int libusb_release_interface(libusb_device_handle *handle, int interface)
{
	(void)handle;
	claimed &= ~(1 << interface);
	return 0;
}

const char *libusb_strerror(int code)
{
	(void)code;
	return "the shim says so";
}

/* ---- the pipes ----------------------------------------------------------------------------- */

static int take_request(const uint8_t *data, int len)
{
	uint32_t n;

	if (len != REQUEST_LEN || data[4] != 0x82 || data[5] != 1)
		refuse("a request that the chip does not know");
	memcpy(&n, data + 8, sizeof(n));
	pthread_mutex_lock(&lock);
	if (asked != 0)
		refuse("a request while one stands");
	asked = n;
	pthread_mutex_unlock(&lock);
	return len;
}

static int take_words(const uint8_t *data, int len)
{
	if (len % 4 != 0)
		refuse("part of a word");
	return (int)send(fifo, data, (size_t)len, MSG_NOSIGNAL);
}

static int give(uint8_t *data, int len, unsigned wait_ms, int *got)
{
	struct pollfd some = { .fd = fifo, .events = POLLIN };
	ssize_t n;

	if (asked == 0 || (uint32_t)len != asked)
		refuse("a read that was not asked for");
	if (unplug == 0)
		return LIBUSB_ERROR_NO_DEVICE;
	if (poll(&some, 1, (int)wait_ms) == 0)
		return LIBUSB_ERROR_TIMEOUT;
	n = recv(fifo, data, (size_t)len, 0);
	if (n <= 0)
		return LIBUSB_ERROR_NO_DEVICE;
	if (unplug > 0)
		unplug = unplug > n ? unplug - n : 0;
	pthread_mutex_lock(&lock);
	asked = 0;
	pthread_mutex_unlock(&lock);
	*got = (int)n;
	return 0;
}

int libusb_bulk_transfer(libusb_device_handle *handle, unsigned char pipe, unsigned char *data,
			 int len, int *done, unsigned wait_ms)
{
	(void)handle;
	*done = 0;
	if (claimed != 3)
		refuse("a transfer without both interfaces");
	if (pipe == 0x82)
		return give(data, len, wait_ms, done);
	*done = pipe == 0x01 ? take_request(data, len) : pipe == 0x02 ? take_words(data, len) : -1;
	if (*done < 0) {
		*done = 0;
		return LIBUSB_ERROR_NO_DEVICE;
	}
	return 0;
}
