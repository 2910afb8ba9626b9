// uart_rx against a line made from the description: start bit 0, eight bits lowest first, stop bit 1, sampled by a
// clock that is no multiple of the bit and may be off: the board's 80 MHz and 3 Mb/s, 3 %.

#include <cmath>

#include "Vuart_rx.h"
#include "stream_drive.h"
#include "verilated.h"

static const double BIT = 80.0 / 3.0; // clocks

struct Line {
	Vuart_rx dut;
	std::vector<uint8_t> out;
	double time = 0; // when the next level begins; the clocks follow it
	uint64_t clocks = 0;

	Line()
	{
		dut.rxd = 1;
		drive::reset(dut);
	}
	void level(int value, double length)
	{
		dut.rxd = value;
		time += length;
		while (double(clocks) < time) {
			drive::clock(dut);
			clocks++;
			if (dut.m_axis_tvalid)
				out.push_back(dut.m_axis_tdata);
		}
	}
	void byte(uint8_t b, double bit, int stop = 1)
	{
		level(0, bit);
		for (int n = 0; n < 8; n++)
			level(b >> n & 1, bit);
		level(stop, bit);
	}
};

int main()
{
	std::mt19937 random(1);
	for (double off : {-0.03, 0.0, 0.03}) {
		Line line;
		std::vector<uint8_t> sent;
		for (int n = 0; n < 2000; n++) {
			uint8_t b = n < 256 ? uint8_t(n) : uint8_t(random());
			line.byte(b, BIT * (1 + off));
			if (n >= 256 && random() % 3 == 0)
				line.level(1, double(random() % 1200) / 10);
			sent.push_back(b);
		}
		line.level(1, 200);
		drive::check(line.out == sent, "2000 bytes, bits " + std::to_string(int(off * 100)) + " % longer, gaps or none: " +
						       std::to_string(line.out.size()));
	}
	{
		Line line;
		for (int n = 0; n < 50; n++) { // each shorter than half a bit
			line.level(0, 1 + n % 9);
			line.level(1, 90 + n);
		}
		line.byte(0xa5, BIT);
		line.level(1, 100);
		drive::check(line.out == std::vector<uint8_t>{0xa5}, "glitches are no bytes, and the byte after them is one");
	}
	{
		Line line;
		line.byte(0x3c, BIT, 0);
		line.level(0, 900); // a break: one long byte without its stop
		line.level(1, 100);
		bool none = line.out.empty();
		line.byte(0x81, BIT);
		line.level(1, 100);
		drive::check(none && line.out == std::vector<uint8_t>{0x81}, "no stop bit, no byte; a break gives none; then one comes");
	}
	{
		Line line;
		line.level(0, BIT * 3); // a reset inside a byte
		line.dut.rst = 1;
		line.level(1, 4);
		line.dut.rst = 0;
		line.level(1, 12 * BIT);
		bool none = line.out.empty();
		line.byte(0x7e, BIT);
		line.level(1, 100);
		drive::check(none && line.out == std::vector<uint8_t>{0x7e}, "reset inside a byte drops it");
	}
	return drive::failures() != 0;
}
