// hostlink_ft601 against a model of the chip: words both ways at once come out whole and in order, whatever buffers end the bursts
// and whoever stalls; not a cycle breaks the bus' protocol. The two clocks are incommensurate.
// verilator: -GCHANNEL=2 -GDEPTH=64 -GROOM=32 -GBURST=16 -GPATIENCE=12

#include "Vhostlink_ft601.h"
#include "ft601_model.h"
#include "stream_drive.h"
#include "verilated.h"

struct Bench {
	Vhostlink_ft601 dut;
	Ft601 chip;
	double core_period, core_next = 0, ft_next = 3;
	unsigned long cycles = 0;

	Bench(double period, unsigned stall, unsigned seed) : chip(2, stall, seed), core_period(period)
	{
		dut.rst = dut.ft_rst = 1;
	}
	static uint32_t lines(unsigned oe)
	{
		return (oe & 1 ? 0xFFFF00FF : 0) | (oe & 2 ? 0xFF00 : 0);
	}
	// One edge of either clock. before(dut) runs when the core's is due, with its inputs still to be set.
	template <class Before, class After> void step(Before before, After after)
	{
		bool core = core_next <= ft_next, ft = ft_next <= core_next;
		if (core) {
			core_next += core_period;
			before();
		}
		uint32_t master = 0, bus = 0;
		uint8_t bus_be = 0;
		if (ft) {
			ft_next += 10;
			master = lines(dut.ft_data_oe);
			bus = (dut.ft_data_o & master) | (chip.data & chip.data_oe & ~master);
			bus_be = dut.ft_be_oe ? dut.ft_be_o : chip.be_oe ? chip.be : 0;
			dut.ft_data_i = bus; // floating lines read as 0: as bad as can be, for the status is low-active
			dut.ft_be_i = bus_be;
			dut.ft_rxf_n = chip.rxf_n;
			dut.ft_txe_n = chip.txe_n;
			cycles++;
			dut.ft_rst = cycles < 6;
		}
		dut.eval();
		if (core)
			after();
		bool wr_n = dut.ft_wr_n, be_oe = dut.ft_be_oe;
		dut.clk = core;
		dut.ft_clk = ft;
		dut.eval();
		if (ft && cycles > 8)
			chip.edge(wr_n, bus, bus_be, master, be_oe);
		dut.clk = dut.ft_clk = 0;
		dut.eval();
	}
};

static unsigned reads, writes, cut;

static void both_ways(double period, unsigned stall, unsigned idle_in, unsigned idle_out, unsigned seed)
{
	Bench b(period, stall, seed);
	std::mt19937 random(seed);
	std::vector<uint32_t> down(4000), up(4000);
	for (auto &w : down)
		w = random();
	for (auto &w : up)
		w = random();
	drive::Source<uint32_t> source(up, idle_in, seed + 1);
	drive::Sink<uint32_t> sink(idle_out, seed + 2);
	size_t given = 0;
	unsigned turn = 0;

	while ((sink.beats.size() < down.size() || b.chip.in.size() < up.size()) && b.cycles < 400000) {
		if (given < down.size() && random() % 3 == 0) // the host writes in portions
			for (unsigned k = random() % 50; k && given < down.size(); k--)
				b.chip.out.push_back(down[given++]);
		b.step(
		    [&] {
			    b.dut.rst = turn++ < 6;
			    source.offer();
			    sink.decide();
			    b.dut.s_word_tvalid = source.valid && !b.dut.rst;
			    b.dut.s_word_tdata = source.beat();
			    b.dut.m_word_tready = sink.ready;
		    },
		    [&] {
			    if (b.dut.rst)
				    return;
			    source.sample(b.dut.s_word_tready);
			    sink.sample(b.dut.m_word_tvalid, b.dut.m_word_tdata);
		    });
	}
	for (int n = 0; n < 2000; n++)
		b.step([&] { b.dut.m_word_tready = 1; }, [&] { sink.sample(b.dut.m_word_tvalid, b.dut.m_word_tdata); });
	char what[120];
	snprintf(what, sizeof(what), "core clock of %.3f ns, chip stalls %u %%, idle %u %% in, %u %% out", period, stall, idle_in,
		 idle_out);
	drive::check(sink.beats == down && sink.steady, std::string("words from the host: ") + what);
	drive::check(b.chip.in == up, std::string("words to the host: ") + what);
	drive::check(b.chip.wrong.empty(), "protocol kept: " + (b.chip.wrong.empty() ? std::string(what) : b.chip.wrong));
	reads += b.chip.reads, writes += b.chip.writes, cut += b.chip.cut;
}

// A reader that never reads: the queue fills, no word is lost, the other way is not held up.
static void slow_reader()
{
	Bench b(10.417, 0, 5);
	std::vector<uint32_t> down(1000), got;
	unsigned turn = 0, fed = 0;
	for (unsigned k = 0; k < down.size(); k++) {
		down[k] = k * 77777;
		b.chip.out.push_back(down[k]);
	}
	for (int n = 0; n < 60000; n++)
		b.step(
		    [&] {
			    b.dut.rst = turn++ < 6;
			    b.dut.m_word_tready = turn > 20000;
			    b.dut.s_word_tvalid = turn > 100 && fed < 500;
			    b.dut.s_word_tdata = fed;
		    },
		    [&] {
			    if (turn > 10 && b.dut.m_word_tvalid && b.dut.m_word_tready)
				    got.push_back(b.dut.m_word_tdata);
			    fed += b.dut.s_word_tvalid && b.dut.s_word_tready;
			    if (turn == 20000)
				    drive::check(b.chip.in.size() == 500, "to the host while nobody takes what comes from it");
		    });
	drive::check(got == down && b.chip.wrong.empty(), "and then all of it " + b.chip.wrong);
}

// What is sent in one go leaves in few USB packets, and the last words do not wait for more.
static void bursts()
{
	Bench b(10.417, 0, 9);
	unsigned turn = 0, fed = 0;
	for (int n = 0; n < 20000; n++)
		b.step(
		    [&] {
			    b.dut.rst = turn++ < 6;
			    b.dut.s_word_tvalid = turn > 400 && turn % 5 == 0 && fed < 7;
			    b.dut.s_word_tdata = fed;
		    },
		    [&] { fed += b.dut.s_word_tvalid && b.dut.s_word_tready; });
	size_t sum = 0;
	for (size_t p : b.chip.packets)
		sum += p;
	drive::check(sum == 7 && b.chip.packets.size() == 1, "7 words that come slowly leave in " + std::to_string(b.chip.packets.size()) + " packet");
}

// A word that the chip did not take goes as soon as it can, also when none follows it.
static void last_word()
{
	Bench b(10.417, 0, 21);
	unsigned turn = 0;
	size_t fed = 0;
	bool all = true;
	for (int n = 0; n < 400000; n++)
		b.step(
		    [&] {
			    b.dut.rst = turn++ < 6;
			    b.dut.s_word_tvalid = turn > 400 && turn % 400 < 200 && fed < 3 * (turn / 400);
			    b.dut.s_word_tdata = fed;
			    all &= turn % 400 != 399 || b.chip.in.size() == fed;
		    },
		    [&] { fed += b.dut.s_word_tvalid && b.dut.s_word_tready; });
	drive::check(all && fed > 1000 && b.chip.cut > 10, "three words at a time, none left behind");
}

// A host that never stops writing does not hold up what goes to it, and the other way round.
static void no_starving()
{
	Bench b(10.417, 0, 31);
	unsigned turn = 0;
	size_t got = 0;
	for (int n = 0; n < 40000; n++) {
		while (b.chip.out.size() < 2000)
			b.chip.out.push_back(1);
		b.step(
		    [&] {
			    b.dut.rst = turn++ < 6;
			    b.dut.m_word_tready = 1;
			    b.dut.s_word_tvalid = turn > 100;
		    },
		    [&] { got += b.dut.m_word_tvalid && turn > 10; });
	}
	drive::check(got > 4000 && b.chip.in.size() > 4000 && b.chip.wrong.empty(),
		     "both ways at full load: " + std::to_string(got) + " and " + std::to_string(b.chip.in.size()) + " words in 20,000 cycles");
}

// A word of which the host wrote only some bytes is no word.
static void partial()
{
	Bench b(10.417, 0, 11);
	unsigned turn = 0;
	std::vector<uint32_t> got;
	for (uint32_t k = 1; k <= 30; k++)
		b.chip.out.push_back(k);
	bool once = false;
	for (int n = 0; n < 20000; n++) {
		if (b.chip.be_oe)
			b.chip.be = b.chip.data == 9 ? 3 : 15;
		once |= b.chip.be_oe && b.chip.be == 3;
		b.step(
		    [&] {
			    b.dut.rst = turn++ < 6;
			    b.dut.m_word_tready = 1;
		    },
		    [&] {
			    if (turn > 10 && b.dut.m_word_tvalid)
				    got.push_back(b.dut.m_word_tdata);
		    });
	}
	bool good = once && got.size() == 29;
	for (size_t k = 0; k < got.size(); k++)
		good &= got[k] == (k < 8 ? k + 1 : k + 2);
	drive::check(good, "a word with bytes missing is dropped");
}

int main()
{
	unsigned seed = 1;
	for (double period : {10.417, 12.5, 7.13, 41.7})
		for (unsigned stall : {0, 90}) {
			both_ways(period, stall, 0, 0, seed++);
			both_ways(period, stall, 0, 70, seed++);
			both_ways(period, stall, 95, 0, seed++);
			both_ways(period, stall, 40, 40, seed++);
		}
	drive::check(reads > 500 && writes > 500 && cut > 300, "in bursts, many of them cut short by the chip");
	slow_reader();
	bursts();
	no_starving();
	last_word();
	partial();
	return drive::failures() != 0;
}
