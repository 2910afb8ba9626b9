// converter between clocks that share no phase: each sample of the chip makes one strobe, in order; each strobe's sample goes back, the same
// number of samples later for as long as the rates hold; what is too fast is lost and counted, what runs dry is a gap and counted.

#include <cmath>

#include "Vconverter.h"
#include "stream_drive.h"
#include "verilated.h"

// A core that sends the number of its strobe, and a chip that sends the number of its sample.
struct Bench {
	Vconverter dut;
	double clk_period, rx_period, tx_period, next[3];
	unsigned rx_each, tx_each; // clocks of the chip for a sample
	unsigned long turn[3] = {};
	uint32_t sent = 0, strobes = 0, since = 100, closest = 100, lost = 0, gaps = 0;
	std::vector<uint32_t> heard, out; // what the core heard; what the chip got, 0 for nothing
	bool rx_on = true;

	Bench(double clk_mhz, double chip_mhz, unsigned each)
	    : clk_period(1e6 / clk_mhz), rx_period(1e6 / chip_mhz), tx_period(1e6 / chip_mhz), rx_each(each), tx_each(each)
	{
		next[0] = 0, next[1] = 0.3 * rx_period, next[2] = 0.7 * tx_period;
		dut.enable = 1;
	}
	void run(double microseconds)
	{
		for (double end = next[0] + microseconds * 1e6; next[0] < end;)
			step();
	}
	void step()
	{
		int who = next[0] <= next[1] && next[0] <= next[2] ? 0 : next[1] <= next[2] ? 1 : 2;
		bool rst = turn[who]++ < 6;

		next[who] += who == 0 ? clk_period : who == 1 ? rx_period : tx_period;
		if (who == 0) {
			dut.rst = rst;
			dut.eval();
			if (!rst && dut.sample) {
				heard.push_back(uint32_t(dut.rx_q) << 16 | dut.rx_i);
				closest = since < closest ? since : closest;
				since = 0;
			}
			since++;
			lost += !rst && dut.event_rx_lost;
			gaps += !rst && dut.event_tx_gap;
			bool strobe = dut.sample;
			dut.clk = 1;
			dut.eval();
			if (strobe && !rst) {
				strobes++;
				dut.tx_i = strobes;
				dut.tx_q = strobes >> 16;
			}
		} else if (who == 1) {
			dut.rx_rst = rst;
			dut.rx_tvalid = turn[1] > 40 && rx_on && turn[1] % rx_each == 0;
			if (dut.rx_tvalid)
				dut.rx_tdata = ++sent;
			dut.rx_clk = 1;
			dut.eval();
		} else {
			dut.tx_rst = rst;
			dut.tx_tready = turn[2] % tx_each == 0;
			dut.eval();
			if (dut.tx_tready && !rst)
				out.push_back(dut.tx_tvalid ? dut.tx_tdata : 0);
			dut.tx_clk = 1;
			dut.eval();
		}
		dut.clk = dut.rx_clk = dut.tx_clk = 0;
		dut.eval();
	}
};

static bool counts_up(const std::vector<uint32_t> &v, size_t from, size_t to)
{
	for (size_t k = from + 1; k < to; k++)
		if (v[k] != v[k - 1] + 1)
			return false;
	return true;
}

int main()
{
	struct {
		double clk, chip;
		unsigned each;
		const char *what;
	} const boards[] = {
	    {84, 40, 2, "20 MS/s, core at 84 MHz"},	 {80.001, 40, 2, "20 MS/s, core at 80.001 MHz"},
	    {96, 10.003, 2, "5 MS/s, core at 96 MHz"},	 {52, 64.002, 16, "4 MS/s, core at 52 MHz"},
	    {300 / M_PI, 20 * M_SQRT2, 2, "odd clocks"},
	};
	for (auto &board : boards) {
		Bench b(board.clk, board.chip, board.each);
		b.run(300);
		size_t first = 0;
		while (first < b.out.size() && !b.out[first])
			first++;
		drive::check(b.heard.size() > 1000 && b.heard[0] == 1 && counts_up(b.heard, 0, b.heard.size()) && b.closest >= 4 && !b.lost &&
				 b.sent - b.heard.back() < 8,
			     std::string("every sample of the chip, in order: ") + board.what);
		drive::check(b.out.size() - first > 1000 && b.out[first] == 1 && counts_up(b.out, first, b.out.size()) && !b.gaps,
			     std::string("and of the core, without a gap: ") + board.what);
	}
	{
		Bench b(70, 40, 2); // 3.5 clocks a sample
		b.run(300);
		drive::check(b.lost > 500 && b.lost + b.heard.size() + 20 > b.sent && b.lost + b.heard.size() <= b.sent && b.closest == 4,
			     "a core that is too slow: " + std::to_string(b.lost) + " samples lost and counted");
	}
	{
		Bench b(96, 40, 2);
		b.run(50);
		b.rx_on = false;
		b.run(10);
		b.rx_on = true;
		size_t at = b.out.size();
		b.run(50);
		size_t zeros = 0;
		for (size_t k = at; k < b.out.size(); k++)
			zeros += !b.out[k];
		bool right = b.gaps == 1 && zeros > 1 && zeros < 20;
		size_t from = b.out.size();
		while (from > at && b.out[from - 1])
			from--;
		drive::check(right && counts_up(b.out, from, b.out.size()), "a pause of the chip's is one gap, and then as before");
	}
	{
		Bench b(96, 40, 2);
		b.run(50);
		b.rx_on = false;
		b.run(0.15);
		b.rx_on = true;
		b.run(50);
		size_t first = 0;
		while (first < b.out.size() && !b.out[first])
			first++;
		drive::check(!b.gaps && counts_up(b.out, first, b.out.size()), "one of three samples is none: the queue bridges it");
	}
	{
		Bench b(96, 40, 2);
		b.dut.enable = 0;
		b.run(50);
		bool zeros = true;
		for (uint32_t v : b.heard)
			zeros &= v == 0;
		for (uint32_t v : b.out)
			zeros &= v == 0;
		drive::check(zeros && b.strobes > 1150 && b.strobes < 1201 && !b.lost && !b.gaps, "not enabled: strobes of its own, zeros both ways");
		size_t before = b.heard.size();
		b.dut.enable = 1;
		b.run(50);
		drive::check(b.heard[before + 8] > 900 && counts_up(b.heard, before + 2, b.heard.size()) && !b.lost, "and then enabled: the chip's");
	}
	return drive::failures() != 0;
}
