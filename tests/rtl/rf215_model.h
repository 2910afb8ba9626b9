// rf215_model - an AT86RF215's I/Q interface at its pins, for tests, from its data sheet (Atmel-42415E, 4.5): words of 32 bits, highest
// first, 64 MHz, both edges.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

struct Rf215Word { // 13 bits each, signed
	int i, q;
	bool control;
	bool operator==(const Rf215Word &o) const
	{
		return i == o.i && q == o.q && control == o.control;
	}
};

// Receive: bits of a stream of words, `rate` - 1 zero words behind each.
struct Rf215Source {
	unsigned rate, at = 0; // bit in the sample's words
	uint32_t word = 0;
	bool on = true;

	explicit Rf215Source(unsigned r) : rate(r)
	{
	}
	bool begins() const
	{
		return at == 0;
	}
	void set(int i, int q)
	{
		word = 2u << 30 | (uint32_t(i) & 0x1FFF) << 17 | 1u << 14 | (uint32_t(q) & 0x1FFF) << 1;
	}
	bool edge()
	{
		bool bit = on && at < 32 && (word >> (31 - at) & 1);
		at = (at + 1) % (32 * rate);
		return bit;
	}
};

// Transmit: finds its place after 32 zero bits, then checks every word's place; TXD is taken in the middle of each bit.
struct Rf215Sink {
	unsigned rate;
	std::vector<Rf215Word> words;
	std::string wrong;

	explicit Rf215Sink(unsigned r) : rate(r)
	{
	}
	void enable() // the interface is switched on: it has no place yet
	{
		count = zeros = 0;
		last_word = 0;
		placed = false;
	}
	// After each edge of TXCLK: its level, and the data's. A word's first bit goes with a rising edge.
	void bit(bool clock, bool data)
	{
		now++;
		if (count == 0) {
			if (!data) {
				zeros++;
				placed |= zeros >= 32;
				return;
			}
			zeros = 0;
			if (!placed)
				return;
			if (!clock)
				breach("a word begins with a falling edge");
			if (last_word && (now - last_word) % 32)
				breach("a word begins " + std::to_string(now - last_word) + " bits after the last");
			else if (last_word && now - last_word < 32 * rate)
				breach("words too close");
			last_word = now;
		}
		shift = shift << 1 | data;
		if (++count < 32)
			return;
		count = 0;
		if (shift >> 30 != 2 || (shift >> 14 & 3) != 1 || (shift & 1))
			breach("no word: " + std::to_string(shift));
		words.push_back({sign(shift >> 17 & 0x1FFF), sign(shift >> 1 & 0x1FFF), bool(shift >> 16 & 1)});
	}

      private:
	unsigned count = 0, zeros = 0;
	unsigned long now = 0, last_word = 0;
	uint32_t shift = 0;
	bool placed = false;

	static int sign(uint32_t v)
	{
		return int(v << 19) >> 19;
	}
	void breach(const std::string &what)
	{
		if (wrong.empty())
			wrong = what;
	}
};
