// hostlink_spi against a master of its own timing: words both ways come whole and in order, whatever is left for the next time, also when a
// transaction breaks off in the middle of a word; at the shortest half of SCLK and at longer ones.
// verilator: -GDEPTH=32

#include "Vhostlink_spi.h"
#include "spi_master.h"
#include "stream_drive.h"
#include "verilated.h"

static void run(unsigned half, unsigned breaks, unsigned idle_in, unsigned idle_out)
{
	Vhostlink_spi dut;
	SpiMaster master(half, half + breaks);
	std::mt19937 random(half * 7 + idle_in);
	std::vector<uint32_t> down(800), up(800);
	for (auto &w : down)
		w = random();
	for (auto &w : up)
		w = random();
	master.out.assign(down.begin(), down.end());
	master.breaks = breaks;
	drive::Source<uint32_t> source(up, idle_in, 1);
	drive::Sink<uint32_t> sink(idle_out, 2);
	bool cs_n = true, sclk = false, mosi = false;
	unsigned long clocks = 0, beyond = 20000;

	dut.cs_n = 1;
	drive::reset(dut);
	while (beyond && clocks++ < 3000000) {
		source.offer();
		sink.decide();
		dut.s_word_tvalid = source.valid;
		dut.s_word_tdata = source.beat();
		dut.m_word_tready = sink.ready;
		dut.eval();
		source.sample(dut.s_word_tready);
		sink.sample(dut.m_word_tvalid, dut.m_word_tdata);
		drive::clock(dut);
		master.step(cs_n, sclk, mosi, dut.miso);
		dut.cs_n = cs_n, dut.sclk = sclk, dut.mosi = mosi;
		beyond -= sink.beats.size() >= down.size() && master.in.size() >= up.size();
	}
	std::string what = "half of " + std::to_string(half) + " clocks, breaks " + std::to_string(breaks) + " %, idle " +
			   std::to_string(idle_in) + " % in, " + std::to_string(idle_out) + " % out";
	drive::check(sink.beats == down && sink.steady, "words from the master: " + what);
	drive::check(master.in == up, "words to the master: " + what);
	drive::check(!breaks || master.broken > 10, std::to_string(master.broken) + " transactions broken off");
}

int main()
{
	for (unsigned half : {4, 5, 13})
		for (unsigned breaks : {0, 40}) {
			run(half, breaks, 0, 0);
			run(half, breaks, 99, 0);
			run(half, breaks, 0, 99);
		}
	return drive::failures() != 0;
}
