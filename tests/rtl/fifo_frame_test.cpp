// fifo_frame: whole frames behind their heads, dropped ones nowhere, at every mix of stalls; the last word
// of room is used, and nothing of a frame leaves before its end.
// verilator: -GDEPTH=64

#include "Vfifo_frame.h"
#include "stream_drive.h"
#include "verilated.h"

struct Word {
	uint32_t data;
	bool last;
	bool operator==(const Word &o) const
	{
		return data == o.data && last == o.last;
	}
};

// Random frames of 1..most words, a third of them dropped part way; returns true if all is well.
static bool run(unsigned in, unsigned out, unsigned most, unsigned seed)
{
	Vfifo_frame dut;
	std::mt19937 random(seed);
	drive::Stall stall(in, seed + 1);
	drive::Sink<Word> sink(out, seed + 2);
	std::vector<Word> want;
	unsigned frames = 0, length = 0, at = 0, quiet = 0;
	uint32_t head = 0;
	bool offered = false, doomed = false;
	std::vector<Word> open;

	drive::reset(dut);
	while (quiet < 300) {
		bool drop = false;
		if (!offered && frames < 400 && !stall()) {
			if (at == 0) {
				length = 1 + random() % most;
				head = random();
				doomed = random() % 3 == 0;
			}
			if (doomed && at == length - 1)
				drop = true; // instead of its last word
			else {
				offered = true;
				dut.s_axis_tdata = random();
			}
		}
		dut.s_drop = drop;
		dut.s_axis_tvalid = offered;
		dut.s_axis_tlast = offered && at == length - 1;
		dut.s_axis_tuser = dut.s_axis_tlast ? head : random();
		sink.decide();
		dut.m_axis_tready = sink.ready;
		dut.eval();
		if (dut.m_axis_tvalid && sink.ready && sink.beats.size() >= want.size())
			return false; // before its end, or extra
		sink.sample(dut.m_axis_tvalid, Word{dut.m_axis_tdata, !!dut.m_axis_tlast});
		if (drop) {
			open.clear();
			at = 0;
			frames++;
		} else if (offered && dut.s_axis_tready) {
			open.push_back({dut.s_axis_tdata, !!dut.s_axis_tlast});
			offered = false;
			if (++at == length) {
				want.push_back({head, false});
				want.insert(want.end(), open.begin(), open.end());
				open.clear();
				at = 0;
				frames++;
			}
		}
		drive::clock(dut);
		quiet = frames == 400 && sink.beats.size() == want.size() ? quiet + 1 : 0;
		if (dut.empty && sink.beats.size() != want.size() && at == 0 && !offered)
			return false; // says empty and is not
	}
	return sink.beats == want && sink.steady && dut.empty;
}

int main()
{
	for (unsigned in : {0, 40, 90})
		for (unsigned out : {0, 40, 90})
			for (unsigned most : {1, 5, 63})
				drive::check(run(in, out, most, in + out + most),
					     "frames up to " + std::to_string(most) + " words, idle " +
						 std::to_string(in) + " % in, " + std::to_string(out) + " % out");

	// DEPTH - 1 words and a head fit; one word more waits until something left.
	Vfifo_frame dut;
	drive::reset(dut);
	dut.s_axis_tvalid = 1;
	dut.m_axis_tready = 0;
	unsigned taken = 0;
	for (int n = 0; n < 200; n++) {
		dut.eval();
		taken += dut.s_axis_tready;
		drive::clock(dut);
	}
	drive::check(taken == 63 && !dut.m_axis_tvalid, "a frame too long fills it and is not offered");
	dut.s_axis_tvalid = 0;
	dut.s_drop = 1;
	drive::clock(dut);
	dut.s_drop = 0;
	dut.eval();
	drive::check(dut.s_axis_tready && dut.empty, "dropped, there is room again");
	return drive::failures() != 0;
}
