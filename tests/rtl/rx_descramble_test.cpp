// rx_descramble against the transmitter's scrambler: every seed, frames cut at any octet, stalls.

#include <memory>

#include "Vrx_descramble.h"
#include "ofdm_reference.h"
#include "stream_drive.h"
#include "verilated.h"

using drive::check;
using ofdm::Octets;

static std::mt19937 rng(17);

// One frame; only the first `come` of its octets (SERVICE included) arrive, then cut.
static bool frame(Vrx_descramble &dut, unsigned seed, size_t length, size_t come, unsigned idle_in, unsigned idle_out)
{
	Octets psdu = ofdm::random_octets(length, rng()), got, want = psdu;
	ofdm::Bits bits(16), body = ofdm::bits_of(psdu), x = ofdm::scrambler_sequence(seed, 16 + 8 * length);
	bits.insert(bits.end(), body.begin(), body.end());
	if (rng() & 1)
		for (int i = 7; i < 16; i++) // reserved SERVICE bits, should a later standard set them
			bits[size_t(i)] = rng() & 1;
	for (size_t i = 0; i < bits.size(); i++)
		bits[i] ^= x[i];
	Octets sent = ofdm::octets_of(bits);
	for (size_t i = come < 2 ? 0 : come - 2; i < length; i++)
		want[i] = 0;

	dut.start = 1;
	dut.length = uint16_t(length);
	bool good = !dut.busy, ended = false, last = false, held = false, offered = false;
	unsigned beat = 0;
	size_t next = 0;
	dut.s_axis_tvalid = 0;
	drive::clock(dut);
	dut.start = 0;
	for (int n = 0, beyond = 0; n < 100000 && beyond < 20; n++) {
		offered |= next < come && rng() % 100 >= idle_in;
		dut.s_axis_tvalid = offered;
		dut.s_axis_tdata = offered ? sent[next] : uint8_t(rng());
		// cut comes when the last octets are on offer or gone
		dut.cut = come < sent.size() && !ended && (next == come || (next + 1 == come && offered)) && rng() % 4 == 0;
		dut.m_axis_tready = rng() % 100 >= idle_out;
		dut.eval();
		unsigned now = unsigned(dut.m_axis_tlast) << 8 | dut.m_axis_tdata;
		good &= !held || (dut.m_axis_tvalid && now == beat);
		held = dut.m_axis_tvalid && !dut.m_axis_tready;
		beat = now;
		if (dut.m_axis_tvalid && dut.m_axis_tready) {
			got.push_back(dut.m_axis_tdata);
			good &= !last && dut.m_axis_tlast == (got.size() == length);
			last |= dut.m_axis_tlast;
		}
		bool taken = offered && dut.s_axis_tready;
		ended |= dut.cut;
		drive::clock(dut);
		if (taken) {
			next++;
			offered = false;
		}
		beyond = last ? beyond + 1 : 0;
	}
	dut.cut = 0;
	return good && last && !dut.busy && got == want;
}

int main()
{
	if (ofdm::self_check())
		return 1;
	auto dut = std::make_unique<Vrx_descramble>();
	drive::reset(*dut);
	bool good = true;
	for (unsigned seed = 0; seed < 128; seed++) { // 0: a transmitter that does not scramble
		size_t length = 1 + rng() % 60;
		good &= frame(*dut, seed, length, length + 2, 0, 0);
	}
	check(good, "every seed");
	for (unsigned in : {0, 50, 90})
		for (unsigned out : {0, 50, 90}) {
			good = true;
			for (int n = 0; n < 60; n++) {
				size_t length = 1 + rng() % 100;
				good &= frame(*dut, 1 + rng() % 127, length, rng() % 2 ? length + 2 : rng() % (length + 2), in, out);
			}
			check(good, "whole and cut frames, idle " + std::to_string(in) + "%, stalled " + std::to_string(out) + "%");
		}
	check(frame(*dut, 93, 4095, 4097, 0, 0) && frame(*dut, 93, 4095, 0, 0, 0), "the longest frame, whole and empty");
	return drive::failures() != 0;
}
