#include "soapy/skw_transport.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

enum { DRAIN_MS = 2000 };

static const char BY_ID[] = "/dev/serial/by-id/*ULX3S*";

/* The rates that termios names; no other can be set. */
static const struct rate {
	unsigned long baud;
	speed_t speed;
} RATES[] = {
	{ 3000000, B3000000 }, { 115200, B115200 },   { 230400, B230400 },   { 460800, B460800 },
	{ 500000, B500000 },   { 576000, B576000 },   { 921600, B921600 },   { 1000000, B1000000 },
	{ 1152000, B1152000 }, { 1500000, B1500000 }, { 2000000, B2000000 }, { 2500000, B2500000 },
	{ 3500000, B3500000 }, { 4000000, B4000000 },
};

/* The first row if the text is empty; NULL if no row has it. */
static const struct rate *rate_of(const char *text)
{
	char *end;
	unsigned long baud = strtoul(text, &end, 10);

	if (text[0] == '\0')
		return &RATES[0];
	for (size_t i = 0; i < sizeof(RATES) / sizeof(RATES[0]); i++)
		if (*end == '\0' && RATES[i].baud == baud)
			return &RATES[i];
	return NULL;
}

static bool is_line(const char *path)
{
	struct stat s;

	return stat(path, &s) == 0 && S_ISCHR(s.st_mode);
}

/* Calls `found` for each line that may have a board on it; none is opened, since that would disturb
 * whoever uses it. */
void skw_transport_serial_find(const struct skw_transport_place *want,
			       void (*found)(void *ctx, const struct skw_transport_place *place),
			       void *ctx)
{
	struct skw_transport_place place = *want;
	glob_t lines;

	if (want->radio[0] != '\0')
		return; /* a seat of an air */
	if (want->path[0] != '\0') {
		if (is_line(want->path))
			found(ctx, &place);
		return;
	}
	if (glob(BY_ID, 0, NULL, &lines) != 0)
		return;
	for (size_t i = 0; i < lines.gl_pathc; i++)
		if (skw_transport_place_set(&place, lines.gl_pathv[i], "", want->baud))
			found(ctx, &place);
	globfree(&lines);
}

static bool first_line(char out[SKW_TRANSPORT_PATH])
{
	glob_t lines;
	bool is;

	if (glob(BY_ID, 0, NULL, &lines) != 0)
		return false;
	is = snprintf(out, SKW_TRANSPORT_PATH, "%s", lines.gl_pathv[0]) < SKW_TRANSPORT_PATH;
	globfree(&lines);
	return is;
}

/* Eight bits, no parity, one stop bit, no flow control: rtl/hostlink/uart_rx.sv. */
static bool set_up(int fd, const struct rate *rate)
{
	struct termios t;

	if (tcgetattr(fd, &t) != 0)
		return false;
	cfmakeraw(&t);
	t.c_cflag = (t.c_cflag & ~(tcflag_t)(CSTOPB | CRTSCTS)) | CLOCAL | CREAD;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	return cfsetspeed(&t, rate->speed) == 0 && tcsetattr(fd, TCSANOW, &t) == 0;
}

/* Zeros until the board waits for a header; what it says to them is nobody's. */
static bool end_packet(int fd)
{
	static const char zeros[SKW_TRANSPORT_ZEROS];
	struct pollfd room = { .fd = fd, .events = POLLOUT };

	for (size_t sent = 0; sent < sizeof(zeros);) {
		ssize_t n = write(fd, zeros + sent, sizeof(zeros) - sent);

		if (n > 0)
			sent += (size_t)n;
		else if ((errno != EAGAIN && errno != EINTR) || poll(&room, 1, DRAIN_MS) == 0)
			return false;
	}
	return tcflush(fd, TCIFLUSH) == 0;
}

int skw_transport_serial_open(const struct skw_transport_place *place, void **state, char *error,
			      size_t error_size)
{
	const struct rate *rate = rate_of(place->baud);
	char path[SKW_TRANSPORT_PATH];
	int fd;

	*state = NULL;
	if (rate == NULL) {
		snprintf(error, error_size,
			 "no serial line has baud=%s (the bitstreams have 3000000)", place->baud);
		return -1;
	}
	memcpy(path, place->path, sizeof(path));
	if (path[0] == '\0' && !first_line(path)) {
		snprintf(error, error_size, "no ULX3S is plugged in (no %s); set path=", BY_ID);
		return -1;
	}
	fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		snprintf(error, error_size, "%s: %s%s", path, strerror(errno),
			 errno == EACCES ? " (be in the group dialout)" : "");
	else if (!set_up(fd, rate))
		snprintf(error, error_size, "%s cannot be a serial line of %lu baud: %s", path,
			 rate->baud, strerror(errno));
	else if (!end_packet(fd))
		snprintf(error, error_size, "%s takes no bytes: %s", path, strerror(errno));
	else
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}
