// hostlink_board against a chip on the SPI written from mode 0 as the LMS7002M's and the AD5601's data sheets draw it: bits are
// taken where sclk rises and change where it falls; and against the table of docs/hostlink.md.
// verilator: -GCHIPS=2 -GPINS=13 -GHALF=3

#include "Vhostlink_board.h"
#include "stream_drive.h"
#include "verilated.h"

// Counts its own bits; answers with `answer`, highest of `bits` first.
struct Chip {
	unsigned bits = 0, taken = 0, high = 0, low = 0, apart = 100;
	uint64_t in = 0, answer = 0;
	bool was_clk = false, selected = false, wrong = false;
	std::vector<uint64_t> words;
	std::vector<unsigned> lengths;

	bool step(bool cs_n, bool sclk, bool mosi) // gives miso
	{
		if (!cs_n && !selected) {
			selected = true;
			taken = 0, in = 0, high = low = 0;
			wrong |= sclk || apart < 3;
		}
		apart = cs_n ? apart + 1 : 0;
		if (cs_n && selected) {
			selected = false;
			words.push_back(in);
			lengths.push_back(taken);
			wrong |= sclk || low < 3;
		}
		if (selected && sclk && !was_clk) {
			wrong |= low < 3; // mosi and cs_n stand for half a bit before
			in = in << 1 | mosi;
			taken++;
			low = 0;
		}
		if (selected && !sclk && was_clk) {
			wrong |= high < 3;
			high = 0;
		}
		(sclk ? high : low)++;
		was_clk = sclk;
		unsigned shown = taken - (sclk && taken ? 1 : 0); // changes with the fall
		return selected && shown < bits ? answer >> (bits - 1 - shown) & 1 : false;
	}
};

struct Bench {
	Vhostlink_board dut;
	Chip chips[2];
	unsigned idle = 0;

	Bench()
	{
		dut.rst = 1;
		drive::clock(dut);
		dut.rst = 0;
		drive::clock(dut);
	}
	void clock()
	{
		bool miso = false;
		drive::clock(dut);
		for (int k = 0; k < 2; k++)
			miso |= chips[k].step(dut.cs_n >> k & 1, dut.sclk, dut.mosi);
		dut.miso = miso;
	}
	uint32_t access(bool write, unsigned address, uint32_t value)
	{
		uint32_t result = 0;
		dut.board_address = address - 0x80;           // a clock before the access, as hostlink_regs has it
		clock();
		dut.board_write = write;
		dut.board_read = !write;
		dut.board_value = value;
		for (dut.eval(); dut.board_busy; dut.eval())
			clock();
		result = dut.board_result;
		clock();
		dut.board_write = dut.board_read = 0;
		return result;
	}
};

int main()
{
	std::mt19937 random(3);
	Bench b;

	drive::check(b.access(false, 0x80, 0) == 0x74657374, "BOARD");
	drive::check(b.dut.pins == 0 && b.dut.cs_n == 3 && !b.dut.samples, "all off after reset");
	b.access(true, 0x81, 0xFFFFF5A5);
	drive::check(b.dut.pins == 0x15A5 && b.access(false, 0x81, 0) == 0x15A5, "PINS");
	b.access(true, 0x84, 0xFFFFFFA3);
	drive::check(b.dut.samples == 0xA3 && b.access(false, 0x84, 0) == 0xA3, "SAMPLES");
	drive::check(b.access(false, 0x82, 0) == 31 << 8, "32 bits to chip 0 after reset");

	bool there = true, back = true;
	unsigned count[2] = {};
	for (int n = 0; n < 400; n++) {
		unsigned chip = random() % 2, bits = n < 5 ? 32 : 1 + random() % 32;
		uint32_t value = random(), answer = random();
		uint64_t mask = (1ull << bits) - 1;
		b.chips[chip].bits = bits;
		b.chips[chip].answer = answer;
		b.access(true, 0x82, chip | (bits - 1) << 8);
		b.access(true, 0x83, value);
		if (random() % 2)
			for (unsigned k = random() % 300; k; k--)
				b.clock();
		uint32_t got = b.access(false, 0x83, 0);
		count[chip]++;
		there &= b.chips[chip].words.size() == count[chip] && b.chips[chip].words.back() == (value & mask) &&
			 b.chips[chip].lengths.back() == bits;
		back &= (got & mask) == (answer & mask);
	}
	drive::check(there, "400 transfers of 1 to 32 bits reach the chip they are for");
	drive::check(back, "and what it answers is read");

	// A row of writes, not one read between them: each waits for the last.
	b.access(true, 0x82, 31 << 8);
	size_t before = b.chips[0].words.size();
	for (uint32_t k = 0; k < 20; k++)
		b.access(true, 0x83, 0x80200000 | k);
	b.access(false, 0x83, 0);
	bool row = b.chips[0].words.size() == before + 20;
	for (uint32_t k = 0; row && k < 20; k++)
		row = b.chips[0].words[before + k] == (0x80200000 | k);
	drive::check(row && !b.chips[0].wrong && !b.chips[1].wrong, "20 in a row, and never too fast");

	for (int n = 0; n < 100; n++) {
		b.dut.event_rx_lost = n % 3 == 0;
		b.dut.event_tx_gap = n % 5 == 0;
		b.clock();
	}
	b.dut.event_rx_lost = b.dut.event_tx_gap = 0;
	drive::check(b.access(false, 0x85, 0) == 34 && b.access(false, 0x86, 0) == 20, "RX_LOST, TX_GAPS");
	b.access(true, 0x99, 1);
	drive::check(b.access(false, 0x99, 0) == 0, "an unknown address");
	return drive::failures() != 0;
}
