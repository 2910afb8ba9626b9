// board_serial_pty - the board rtl/top/board_serial.sv behind a pseudo-terminal: what a host sees of a ULX3S on its
// serial line, the line's bits included. Prints the terminal's path, and ends when its standard input does.

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include "Vboard_serial.h"
#include "serial_line.h"
#include "verilated.h"

static const unsigned CHUNK = 2000; // clocks between two looks at the terminal

static int terminal()
{
	struct termios raw;
	const int fd = posix_openpt(O_RDWR | O_NOCTTY);

	if (fd < 0 || grantpt(fd) != 0 || unlockpt(fd) != 0 || tcgetattr(fd, &raw) != 0)
		return -1;
	cfmakeraw(&raw);
	return tcsetattr(fd, TCSANOW, &raw) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0 ? fd : -1;
}

// True while there is someone on the other side to hear us.
static void deliver(int fd, std::vector<uint8_t> &bytes)
{
	const ssize_t n = bytes.empty() ? 0 : write(fd, bytes.data(), bytes.size());

	if (n > 0)
		bytes.erase(bytes.begin(), bytes.begin() + n);
}

int main()
{
	static SerialLine<Vboard_serial> line;
	const int fd = terminal();
	uint8_t bytes[4096];

	if (fd < 0) {
		perror("pseudo-terminal");
		return 1;
	}
	const int user = open(ptsname(fd), O_RDWR | O_NOCTTY); // so that a host may come and go
	printf("%s\n", ptsname(fd));
	fflush(stdout);
	for (;;) {
		struct pollfd end = {STDIN_FILENO, POLLIN, 0};
		if (poll(&end, 1, 0) > 0 && read(STDIN_FILENO, bytes, sizeof(bytes)) <= 0)
			break;
		if (!line.sending()) { // as a slow line would: one buffer at a time
			const ssize_t n = read(fd, bytes, sizeof(bytes));
			if (n > 0)
				line.put({bytes, bytes + n});
		}
		line.run(CHUNK);
		deliver(fd, line.got);
	}
	close(user);
	close(fd);
	return 0;
}
