// rx_signal: every LENGTH at every RATE against the division as printed, every way to be wrong.

#include <memory>

#include "Vrx_signal.h"
#include "ofdm_reference.h"
#include "stream_drive.h"
#include "verilated.h"

using drive::check;

static std::unique_ptr<Vrx_signal> dut;
static bool in_time = true;

static bool read_bits(const ofdm::Bits &bits, unsigned cost = 0, unsigned weight = 336)
{
	uint32_t word = 0;
	for (int b = 0; b < 24; b++)
		word |= uint32_t(bits[size_t(b)]) << b;
	dut->bits = word;
	dut->cost = uint8_t(cost);
	dut->weight = uint16_t(weight);
	dut->start = 1;
	drive::clock(*dut);
	dut->start = 0;
	dut->bits = ~word & 0xffffff;
	int clocks = 1, pulses = 0;
	for (; !dut->valid && clocks < 100; clocks++)
		drive::clock(*dut);
	in_time &= clocks == 17;
	bool ok = dut->ok;
	for (int n = 0; n < 5; n++, drive::clock(*dut))
		pulses += dut->valid;
	in_time &= pulses == 1;
	return ok;
}

int main()
{
	if (ofdm::self_check())
		return 1;
	dut = std::make_unique<Vrx_signal>();
	drive::reset(*dut);
	for (const ofdm::Rate &r : ofdm::rates()) {
		bool good = true;
		for (unsigned length = 1; length < 4096; length++) {
			good &= read_bits(ofdm::signal_bits(r, length)) && dut->rate == r.code && dut->length == length &&
				dut->symbols == (16 + 8 * length + 6 + r.dbps - 1) / r.dbps;
		}
		check(good, std::to_string(r.mbps) + " Mb/s: every LENGTH");
	}
	// Every one of 2^18 first halves of the field, 40,000 of them picked, by the rules spelt out.
	std::mt19937 rng(19);
	bool good = true;
	for (int n = 0; n < 40000; n++) {
		ofdm::Bits b(24);
		unsigned ones = 0, length = 0;
		for (size_t i = 0; i < 24; i++)
			b[i] = i < 18 || n % 4 == 0 ? rng() & 1 : 0;
		if (n % 7 == 0)
			std::fill(b.begin() + 5, b.begin() + 17, 0);
		if (n % 3 == 0)
			b[4] = 0;
		for (size_t i = 0; i < 18; i++)
			ones += b[i];
		for (size_t i = 5; i < 17; i++)
			length += b[i];
		bool tail = b[18] || b[19] || b[20] || b[21] || b[22] || b[23];
		good &= read_bits(b) == (b[3] && !b[4] && length && ones % 2 == 0 && !tail);
	}
	check(good, "random fields");
	good = true;
	ofdm::Bits fine = ofdm::signal_bits(ofdm::rates()[3], 100);
	for (unsigned weight = 0; weight < 512; weight += 3)
		for (unsigned cost = 0; cost < 256; cost += 1)
			good &= read_bits(fine, cost, weight) == (cost * 64 < 5 * weight);
	check(good, "refused from 5/64 of the weight");
	check(in_time, "the answer after 17 clocks, once");
	dut.reset(); // before the context that Verilator keeps
	return drive::failures() != 0;
}
