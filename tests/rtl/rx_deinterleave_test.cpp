// rx_deinterleave against the interleaver's and puncturer's definitions: every rate, part of a symbol,
// random soft values and stalls, dropped symbols, abort.

#include <algorithm>
#include <memory>

#include "Vrx_deinterleave.h"
#include "soft_reference.h"
#include "stream_drive.h"
#include "verilated.h"

using drive::check;
using soft::Softs;

static std::mt19937 rng(7);

struct Symbol {
	const ofdm::Rate *rate;
	Softs softs;
	bool signal, drop;
	unsigned steps;
};

static Symbol random_symbol()
{
	Symbol s{&ofdm::rates()[rng() % 8], {}, rng() % 3 == 0, rng() % 5 == 0, 0};
	s.steps = rng() % 2 ? s.rate->dbps : 1 + rng() % s.rate->dbps;
	for (unsigned i = 0; i < s.rate->cbps; i++)
		s.softs.push_back(int(rng() % 15) - 7);
	return s;
}

struct Bench {
	Vrx_deinterleave dut;
	std::vector<unsigned> got;
	bool steady = true;
	void tick(unsigned idle_out)
	{
		dut.m_axis_tready = rng() % 100 >= idle_out;
		dut.eval();
		unsigned before = dut.m_axis_tdata;
		bool held = dut.m_axis_tvalid && !dut.m_axis_tready;
		if (dut.m_axis_tvalid && dut.m_axis_tready)
			got.push_back(dut.m_axis_tdata);
		drive::clock(dut);
		steady &= !held || (dut.m_axis_tvalid && dut.m_axis_tdata == before);
	}
};

static void test_stream(unsigned idle_in, unsigned idle_out)
{
	auto b = std::make_unique<Bench>();
	std::vector<Symbol> symbols(1, random_symbol());
	std::vector<soft::Beat> beats;
	std::vector<unsigned> want;
	symbols[0].signal = true; // the first is heard only then
	for (int n = 0; n < 150; n++)
		symbols.push_back(random_symbol());
	for (const Symbol &s : symbols) {
		for (soft::Beat beat : soft::beats_of(s.softs, s.rate->bpsc, s.signal))
			beats.push_back(beat);
		Softs pairs = soft::depunctured(s.softs, *s.rate);
		for (unsigned t = 0; t < s.steps && !s.drop; t++)
			want.push_back(unsigned(pairs[2 * t] & 15) | unsigned(pairs[2 * t + 1] & 15) << 4);
	}

	drive::reset(b->dut);
	size_t sent = 0, answered = 0, end = 0;
	bool offered = false, good = true;
	for (size_t n = 0; n < 2000000 && end < 200; n++) {
		offered |= sent < beats.size() && rng() % 100 >= idle_in;
		b->dut.s_axis_tvalid = offered;
		b->dut.s_axis_tdata = offered ? beats[sent].data : rng() & 0xffffff;
		b->dut.s_axis_tuser = offered ? beats[sent].user : rng() & 1;
		b->dut.symbol_take = b->dut.symbol_drop = 0;
		b->dut.symbol_rate = rng() & 15;
		b->dut.symbol_steps = rng() & 255;
		b->dut.eval();
		if (b->dut.symbol_valid && rng() % 3 == 0) {
			const Symbol &s = symbols[answered++];
			good &= b->dut.symbol_signal == s.signal && !b->dut.symbol_dead;
			b->dut.symbol_take = !s.drop;
			b->dut.symbol_drop = s.drop;
			if (!s.drop) {
				b->dut.symbol_rate = s.rate->code;
				b->dut.symbol_steps = s.steps;
			}
		}
		b->dut.eval();
		bool taken = offered && b->dut.s_axis_tready;
		b->tick(idle_out);
		if (taken) {
			sent++;
			offered = false;
		}
		end = answered == symbols.size() && !b->dut.busy ? end + 1 : 0;
	}
	check(good && end && b->steady && b->got == want, "input idle " + std::to_string(idle_in) + "%, output stalled " +
							  std::to_string(idle_out) + "%: " + std::to_string(want.size()) + " steps");
}

// Beats before a SIGNAL pass unheard; abort empties half a symbol, kills a waiting SIGNAL, keeps data.
static void test_abort()
{
	auto b = std::make_unique<Bench>();
	bool good = true;
	auto put = [&](unsigned n, bool user) {
		for (unsigned i = 0; i < n; i++) {
			b->dut.s_axis_tvalid = 1;
			b->dut.s_axis_tuser = user;
			b->dut.s_axis_tdata = rng() & 0xffffff;
			b->dut.eval();
			good &= b->dut.s_axis_tready;
			b->tick(0);
		}
		b->dut.s_axis_tvalid = 0;
		b->dut.eval();
	};
	auto abort = [&] {
		b->dut.__SYM__abort = 1;
		b->tick(0);
		b->dut.__SYM__abort = 0;
		b->dut.eval();
	};
	auto drop = [&] {
		b->dut.symbol_drop = 1;
		b->tick(0);
		b->dut.symbol_drop = 0;
		b->dut.eval();
	};
	drive::reset(b->dut);
	put(200, false);
	check(good && !b->dut.symbol_valid, "deaf until a SIGNAL");
	put(48, true);
	check(good && b->dut.symbol_valid && b->dut.symbol_signal && !b->dut.symbol_dead, "hears it");
	put(30, false);
	abort();
	check(b->dut.symbol_valid && b->dut.symbol_dead, "a waiting SIGNAL dies by abort");
	put(100, false);
	drop();
	check(good && !b->dut.symbol_valid, "half a symbol and what follows are gone");
	put(48, true);
	good &= b->dut.symbol_valid && !b->dut.symbol_dead;
	drop();
	put(48, false);
	abort();
	check(good && b->dut.symbol_valid && !b->dut.symbol_signal && !b->dut.symbol_dead, "whole data symbols stay");
}

int main()
{
	if (ofdm::self_check())
		return 1;
	for (unsigned in : {0, 50, 90})
		for (unsigned out : {0, 50, 90})
			test_stream(in, out);
	test_abort();
	return drive::failures() != 0;
}
