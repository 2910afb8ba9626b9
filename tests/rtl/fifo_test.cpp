// fifo: what goes in comes out, in order, nothing lost and nothing extra, at every mix of stalls.

#include "Vfifo.h"
#include "stream_drive.h"
#include "verilated.h"

int main()
{
	for (unsigned in : {0, 50, 95})
		for (unsigned out : {0, 50, 95}) {
			Vfifo dut;
			drive::Run run;
			std::vector<uint32_t> words;
			std::mt19937 random(in * 100 + out);

			for (int n = 0; n < 5000; n++)
				words.push_back(random());
			run.source_idle = in;
			run.sink_idle = out;
			drive::reset(dut);
			auto got = drive::run_stream(
			    dut, words, words.size(), run,
			    [](Vfifo &d, uint32_t w) { d.s_axis_tdata = w; },
			    [](Vfifo &d) { return uint32_t(d.m_axis_tdata); });
			drive::check(got == words && run.steady,
				     "idle " + std::to_string(in) + " % in, " + std::to_string(out) + " % out");
			if (in == 0 && out == 0)
				drive::check(run.clocks < 5010, "a word a clock");
		}

	// It holds what it says, no more.
	Vfifo dut;
	drive::reset(dut);
	dut.s_axis_tvalid = 1;
	dut.m_axis_tready = 0;
	unsigned taken = 0;
	for (int n = 0; n < 100; n++) {
		dut.eval();
		taken += dut.s_axis_tready;
		drive::clock(dut);
	}
	drive::check(taken == 16, "holds 16 words");
	return drive::failures() != 0;
}
