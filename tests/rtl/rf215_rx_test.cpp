// rf215_rx at its pins: every sample of the stream comes out, at each rate, with a word beginning at either edge, from either band's pins; the
// sample clock runs on while the chip is silent; data that look like synchronisation bits do not mislead it for long.
// verilator: -y tests/rtl/ecp5 +libext+.v

#include "Vrf215_rx.h"
#include "rf215_model.h"
#include "stream_drive.h"
#include "verilated.h"

struct Bench {
	Vrf215_rx dut;
	Rf215Source chip;
	std::vector<std::pair<int, int>> sent, got;
	std::vector<unsigned> apart;
	unsigned since = 0, waits;
	long half = 0;

	Bench(unsigned rate, unsigned offset, bool band24) : chip(rate), waits(100 + offset)
	{
		dut.rate = rate;
		dut.band24 = band24;
	}
	template <class Next> void run(unsigned halves, Next next)
	{
		for (unsigned n = 0; n < halves; n++, half++) {
			dut.rst = half < 9;
			dut.rxclk = half & 1;
			dut.eval();
			if (dut.rxclk) {
				since++;
				if (dut.m_axis_tvalid) {
					got.push_back({int16_t(dut.m_axis_tdata) / 8, int16_t(dut.m_axis_tdata >> 16) / 8});
					apart.push_back(since);
					since = 0;
				}
			}
			bool bit = false;
			if (waits) {
				waits--;
			} else {
				if (chip.begins()) {
					std::pair<int, int> s = next();
					chip.set(s.first, s.second);
					if (chip.on)
						sent.push_back(s);
				}
				bit = chip.edge();
			}
			(dut.band24 ? dut.rxd24 : dut.rxd09) = bit;
			(dut.band24 ? dut.rxd09 : dut.rxd24) = (half & 2) != 0;
		}
	}
};

int main()
{
	std::mt19937 random(1);
	auto noise = [&] { return std::make_pair(int(random() % 8192) - 4096, int(random() % 8192) - 4096); };

	for (unsigned rate : {1, 2, 3, 10})
		for (unsigned offset : {0, 1, 7}) {
			Bench b(rate, offset, offset & 1);
			b.run(32 * rate * 600, noise);
			size_t lead = 0; // zeros until it is found
			while (lead < b.got.size() && b.got[lead] == std::make_pair(0, 0))
				lead++;
			size_t first = 0;
			while (first < b.sent.size() && lead < b.got.size() && b.sent[first] != b.got[lead])
				first++;
			bool same = b.got.size() > lead + 580 && first <= 6;
			for (size_t k = 0; same && lead + k < b.got.size(); k++)
				same = b.sent[first + k] == b.got[lead + k] && (k < 2 || b.apart[lead + k] == 16 * rate);
			drive::check(same, "rate 4 MS/s / " + std::to_string(rate) + ", begins at bit " + std::to_string(offset) + ": found after " +
					       std::to_string(first) + " words, then every one");
		}

	Bench b(2, 0, false);
	b.run(32 * 2 * 100, noise);
	size_t before = b.got.size();
	b.chip.on = false; // it transmits: its clock runs, its data are silent
	b.run(32 * 2 * 100, noise);
	size_t during = b.got.size();
	bool zeros = true, steady = true;
	for (size_t k = before + 2; k < during; k++) {
		zeros &= b.got[k] == std::make_pair(0, 0);
		steady &= b.apart[k] == 32;
	}
	drive::check(zeros && steady && during - before >= 99 && during - before <= 101, "silent while it transmits, and time runs on");
	b.chip.on = true;
	b.chip.at = 0;
	b.waits = 5; // back in another place
	size_t sent = b.sent.size(), got = b.got.size();
	b.run(32 * 2 * 100, noise);
	bool again = b.sent.size() > sent + 90;
	for (size_t k = 1; again && k < 80; k++)
		again = b.got[b.got.size() - k] == b.sent[b.sent.size() - k - (b.sent.back() != b.got.back())];
	drive::check(again && b.got.size() > got + 90, "and is found again, in another place");

	// Noise on the wire is no samples, but for the odd one.
	Vrf215_rx deaf;
	unsigned odd = 0, strobes = 0;
	deaf.rate = 1;
	for (int half = 0; half < 40000; half++) {
		deaf.rst = half < 9;
		deaf.rxclk = half & 1;
		deaf.eval();
		odd += deaf.rxclk && deaf.m_axis_tvalid && deaf.m_axis_tdata;
		strobes += deaf.rxclk && deaf.m_axis_tvalid;
		deaf.rxd09 = random() >> 7 & 1;
	}
	drive::check(odd <= 3 && strobes >= 1240, "noise: " + std::to_string(odd) + " samples of " + std::to_string(strobes));

	// Data of which every second bit pair looks like synchronisation, and noise before them.
	unsigned found = 0;
	for (unsigned seed = 0; seed < 50; seed++) {
		Bench c(1, 0, false);
		c.waits = 0;
		c.run(32 * 60, [] { return std::make_pair(-2731, -2731); }); // 1010101010101
		c.run(32 * 60, noise);
		size_t tail = 0;
		while (tail < 40 && c.got[c.got.size() - 1 - tail] == c.sent[c.sent.size() - 1 - tail - (c.sent.back() != c.got.back())])
			tail++;
		found += tail == 40;
	}
	drive::check(found == 50, "a stream that imitates its synchronisation is found in the end");
	return drive::failures() != 0;
}
