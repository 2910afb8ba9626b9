// uart_tx: the line read back by its description, in the middle of each bit, by a clock of the reader's own.
// verilator: -GCLK_HZ=25000000 -GBAUD=3000000

#include <cmath>

#include "Vuart_tx.h"
#include "stream_drive.h"
#include "verilated.h"

static const double BIT = 25.0 / 3.0; // clocks

// Bytes on the line; `bad` counts start and stop bits that are none.
static std::vector<uint8_t> read(const std::vector<uint8_t> &line, unsigned &bad)
{
	std::vector<uint8_t> out;
	auto middle = [&](size_t start, int bit) {
		size_t at = start + size_t((bit + 0.5) * BIT);
		return at < line.size() ? line[at] : 1;
	};
	for (size_t n = 1; n < line.size();) {
		if (!(line[n - 1] && !line[n])) {
			n++;
			continue;
		}
		unsigned value = 0;
		for (int b = 0; b < 8; b++)
			value |= unsigned(middle(n, b + 1)) << b;
		bad += middle(n, 0) != 0 || middle(n, 9) != 1;
		out.push_back(uint8_t(value));
		n += size_t(9.5 * BIT); // into the stop bit
	}
	return out;
}

int main()
{
	for (unsigned idle : {0u, 99u}) {
		Vuart_tx dut;
		dut.s_axis_tvalid = 0;
		drive::reset(dut);
		std::vector<uint8_t> sent, line;
		for (int n = 0; n < 1000; n++)
			sent.push_back(uint8_t(n * 167));
		drive::Source<uint8_t> source(sent, idle, 3);
		size_t last = 0;
		for (size_t n = 0; n < 400000 && (!source.done() || n < last + 200); n++) {
			source.offer();
			dut.s_axis_tvalid = source.valid;
			dut.s_axis_tdata = source.beat();
			dut.eval();
			source.sample(dut.s_axis_tready);
			line.push_back(dut.txd);
			drive::clock(dut);
			if (!source.done())
				last = n;
		}
		unsigned bad = 0;
		std::vector<uint8_t> out = read(line, bad);
		drive::check(out == sent && bad == 0, "1000 bytes, " + std::to_string(idle) + " % idle: " + std::to_string(out.size()) +
							      ", framing faults " + std::to_string(bad));
		// Ten bits a byte when bytes wait, and a few clocks to take the next.
		double each = double(last) / 999;
		if (idle == 0)
			drive::check(each >= 10 * BIT && each <= 10 * BIT + 3,
				     "back to back: " + std::to_string(each) + " clocks a byte of " + std::to_string(10 * BIT));
		drive::check(line.back() == 1, "the line rests high");
	}
	Vuart_tx dut;
	dut.s_axis_tvalid = 1;
	dut.s_axis_tdata = 0;
	drive::reset(dut);
	for (int n = 0; n < 20; n++)
		drive::clock(dut);
	dut.s_axis_tvalid = 0;
	bool low = dut.txd == 0;
	drive::reset(dut);
	drive::check(low && dut.txd == 1 && dut.s_axis_tready, "reset inside a byte lets the line go");
	return drive::failures() != 0;
}
