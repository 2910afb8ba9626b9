// fifo_async: what goes in by one clock comes out by the other, in order, nothing lost and nothing extra, whatever the ratio
// of the clocks and the stalls. The pointers that cross change one bit at a time, which is what makes it safe.
// verilator: -GWIDTH=32 -GDEPTH=16 --public-flat-rw

#include <cmath>

#include "Vfifo_async.h"
#include "Vfifo_async___024root.h"
#include "stream_drive.h"
#include "verilated.h"

struct Result {
	std::vector<uint32_t> got;
	bool steady, one_bit = true, level_in = true, level_out = true, filled = false;
};

// Clock periods in picoseconds; ratios without a small common multiple meet every phase.
static Result run(const std::vector<uint32_t> &words, double s_period, double m_period, unsigned in, unsigned out)
{
	Vfifo_async dut;
	Vfifo_async___024root &in_side = *dut.rootp;
	drive::Source<uint32_t> source(words, in, 1);
	drive::Sink<uint32_t> sink(out, 2);
	Result r;
	double s_next = 0, m_next = m_period * 0.37;
	unsigned beyond = 200, s_turn = 0, m_turn = 0, wr = 0, rd = 0;

	dut.s_rst = dut.m_rst = 1;
	while (beyond) {
		bool s_edge = s_next <= m_next, m_edge = m_next <= s_next;
		bool taken = false;

		if (s_edge) {
			s_next += s_period;
			dut.s_rst = s_turn++ < 4;
			source.offer();
			dut.s_axis_tvalid = source.valid && !dut.s_rst;
			dut.s_axis_tdata = source.beat();
		}
		if (m_edge) {
			m_next += m_period;
			dut.m_rst = m_turn++ < 4;
			sink.decide();
			dut.m_axis_tready = sink.ready && !dut.m_rst;
		}
		dut.eval();
		size_t inside = source.next - sink.beats.size();
		if (s_edge && !dut.s_rst) {
			r.level_in &= dut.s_level + 1u >= inside; // the register behind the memory holds one more
			r.filled |= !dut.s_axis_tready;
			taken = dut.s_axis_tvalid && dut.s_axis_tready;
		}
		if (m_edge && !dut.m_rst) {
			r.level_out &= dut.m_level <= inside;
			sink.sample(dut.m_axis_tvalid, dut.m_axis_tdata);
		}
		if (taken)
			source.sample(true);
		dut.s_clk = s_edge;
		dut.m_clk = m_edge;
		dut.eval();
		r.one_bit &= __builtin_popcount(wr ^ in_side.fifo_async__DOT__wr_gray) <= 1 &&
			     __builtin_popcount(rd ^ in_side.fifo_async__DOT__rd_gray) <= 1;
		wr = in_side.fifo_async__DOT__wr_gray, rd = in_side.fifo_async__DOT__rd_gray;
		dut.s_clk = dut.m_clk = 0;
		dut.eval();
		beyond -= m_edge && sink.beats.size() >= words.size();
		if (m_turn > 4000000)
			break;
	}
	r.got = sink.beats;
	r.steady = sink.steady;
	return r;
}

int main()
{
	const double ratios[] = {1.0, 1.0003, M_PI, 1 / M_PI, 1.618033988749895, 0.05, 20};
	std::vector<uint32_t> words;
	std::mt19937 random(7);

	for (int n = 0; n < 4000; n++)
		words.push_back(random());
	for (double ratio : ratios)
		for (unsigned stall : {0, 1, 2, 3}) {
			unsigned in = stall & 1 ? 80 : 0, out = stall & 2 ? 80 : 0;
			Result r = run(words, 10000, 10000 * ratio, in, out);
			char what[100];

			snprintf(what, sizeof(what), "periods 1 : %.6g, idle %u %% in, %u %% out", ratio, in, out);
			drive::check(r.got == words && r.steady && r.one_bit && r.level_in && r.level_out, what);
			if (ratio > 3 && !in)
				drive::check(r.filled, "and it was full at times");
		}

	// Nobody reads: a word is offered all the same, and there is room for 16 behind it.
	Vfifo_async dut;
	unsigned taken = 0;
	dut.s_axis_tvalid = 1;
	for (int n = 0; n < 100; n++) {
		dut.s_rst = dut.m_rst = n < 4;
		dut.eval();
		taken += dut.s_axis_tready && n >= 4;
		dut.s_clk = dut.m_clk = 1;
		dut.eval();
		dut.s_clk = dut.m_clk = 0;
	}
	drive::check(dut.m_axis_tvalid && taken == 17, "offers before it is asked, holds 16 and one");
	return drive::failures() != 0;
}
