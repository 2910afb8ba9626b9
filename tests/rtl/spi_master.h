// spi_master - a microcontroller as master of the host link's SPI (docs/hostlink.md), for tests: mode 0, bytes highest bit first.
//
//   every clock of the board:  master.step(cs_n, sclk, mosi, miso)      levels of the pins, miso as the board drives it
//
// It begins a transaction when it wants, sends what there is room for, reads what is ready, or only a part of it.

#pragma once

#include <cstdint>
#include <deque>
#include <random>
#include <vector>

struct SpiMaster {
	std::deque<uint32_t> out;   // words for the board
	std::vector<uint32_t> in;   // words from it
	unsigned half;		    // clocks of half an SCLK
	unsigned breaks = 0;	    // percent of transactions that end in the middle of a word
	unsigned long transactions = 0, broken = 0;

	SpiMaster(unsigned half_clocks, unsigned seed) : half(half_clocks), random(seed)
	{
	}
	void step(bool &cs_n, bool &sclk, bool &mosi, bool miso)
	{
		if (wait) {
			wait--;
		} else if (!selected) {
			selected = true;
			bits = word = 0;
			shift_out = offer();
			transactions++;
			stop = random() % 100 < breaks ? 1 + random() % 200 : 0;
			wait = half;
		} else if (!level) { // a rising edge: both sides read
			level = true;
			shift_in = shift_in << 1 | miso;
			wait = half;
		} else { // a falling edge: both sides change
			level = false;
			wait = half;
			if (++bits == 32)
				over();
			if (stop && --stop == 0) {
				broken += selected;
				end();
			}
		}
		cs_n = !selected;
		sclk = selected && level;
		// lowest byte first, its highest bit first
		mosi = shift_out >> (8 * (bits / 8) + 7 - bits % 8) & 1;
	}

      private:
	std::mt19937 random;
	bool selected = false, level = false;
	unsigned bits = 0, word = 0, wait = 50, sends = 0, reads = 0, wants = 0, stop = 0;
	uint32_t shift_out = 0, shift_in = 0;

	static uint32_t swapped(uint32_t v)
	{
		return v << 24 | (v & 0xFF00) << 8 | (v >> 8 & 0xFF00) | v >> 24;
	}
	uint32_t offer()
	{
		sends = out.size() < 20 ? unsigned(out.size()) : 20; // there is always room for 20, if there is any for one
		return sends | uint32_t(random()) << 16;
	}
	void end()
	{
		selected = level = false;
		wait = 2 * half + random() % 100;
	}
	void over()
	{
		uint32_t got = swapped(shift_in);
		bits = 0;
		if (word == 0) {
			reads = got & 0xFFFF;
			room = got >> 16;
			if (sends > room)
				return end(); // nothing of it counts
			wants = random() % 4 ? reads : random() % (reads + 1); // may leave some
		} else {
			if (word <= reads)
				in.push_back(got);
			if (word <= sends)
				out.pop_front();
		}
		if (word >= wants && word >= sends)
			return end();
		word++;
		shift_out = word <= sends ? out.front() : uint32_t(random());
	}

      public:
	unsigned room = 0;
};
