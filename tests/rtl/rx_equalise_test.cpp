// rx_equalise on carriers made by formula: a channel, an offset that turns every symbol, a slope that grows, and
// the soft bits that double precision makes of them with the channel known. While the loops lock on to a turn they may be
// off by more, but no bit is wrong. Each carrier is turned by phase + k slope to the last bit, which is seen inside.

// verilator: --public-flat-rw

#include "Vrx_equalise.h"
#include "Vrx_equalise___024root.h"
#include "soft_reference.h"
#include "stream_drive.h"
#include "verilated.h"

using namespace ofdm;

#define IN(name) dut.rootp->rx_equalise__DOT__##name

struct Beat { uint32_t data; unsigned kind; };
struct Soft {
	uint32_t data;
	bool signal;
	bool operator==(const Soft &o) const { return data == o.data && signal == o.signal; }
};

static uint32_t pack(Cplx v)
{
	return uint32_t(uint16_t(int16_t(std::lround(v.imag())))) << 16 | uint16_t(int16_t(std::lround(v.real())));
}

// Max-log towards the neighbours, 4 at half distance for a carrier of average strength, BPSK and QPSK 8, 64-QAM 6.
static double formula(Cplx x, double weight, unsigned bpsc, unsigned bit)
{
	double half = bpsc == 1 ? 1 : bpsc == 2 ? std::sqrt(0.5) : bpsc == 4 ? std::sqrt(0.1) : std::sqrt(1 / 42.0);
	unsigned per_axis = bpsc == 1 ? 1 : bpsc / 2;
	double u = (bit < per_axis ? x.real() : x.imag()) / half;	// in half distances
	double v = u;
	if (bit % per_axis == 1)
		v = (per_axis == 2 ? 2 : 4) - std::fabs(u);
	if (bit % per_axis == 2)
		v = 2 - std::fabs(std::fabs(u) - 4);
	return (bpsc <= 2 ? 8 : bpsc == 4 ? 4 : 6) * weight * v;
}

// What the loops have to bear; all of it begins with the long symbols.
struct Drift {
	double turn = 0, slope = 0;     // a symbol more, radians and radians a carrier
	double pilot_noise = 0;         // on the pilots alone, of their amplitude
	unsigned symbols = 12;
	double jump = 0;                // of the slope, behind the long symbols
	bool second = false;            // another frame comes before, of 30 symbols, that drifts the other way
};

struct Found {
	double rms;                     // by which soft bits up to 8 are off in the later half of a frame
	std::vector<double> phase_off, slope_off; // radians, and radians a carrier, when a data symbol has left
	double channel;                 // rms of H' over its truth, less their mean, in the end
	double law;                     // worst of what the data's turns make of the phase's error, over the formula, less 1
};

static Found frame(unsigned mbps, double level, Drift drift, double noise, unsigned idle, bool fading)
{
	const Rate &r = rate_of(mbps), &first = rate_of(6);
	const unsigned symbols = drift.symbols;
	const double turn = drift.turn, slope = drift.slope;
	std::mt19937 random(mbps);
	std::normal_distribution<double> normal(0, noise * level / std::sqrt(2)), one(0, std::sqrt(0.5));
	Cplx h[64];
	double mean = 0;
	for (int k = -32; k < 32; k++) {
		h[k + 32] = level * std::polar(1.0, -0.39 * k + 1) * // the window opens four samples early
			    (1.0 + (fading ? 0.7 : 0.0) * std::polar(1.0, -0.5 * k)); // and an echo comes five later
		if (k && std::abs(k) <= 26)
			mean += std::norm(h[k + 32]) / 52;
	}
	std::vector<Beat> in;
	std::vector<std::array<uint8_t, 288>> bits(symbols + 1);
	auto send = [&](const Carriers &c, unsigned kind, double phase, double tilt) {
		for (int k = -32; k < 32; k++) {
			Cplx n(normal(random), normal(random));
			if (kind > 1 && (std::abs(k) == 7 || std::abs(k) == 21))
				n += drift.pilot_noise * level * Cplx(one(random), one(random));
			in.push_back({pack(c[k & 63] * h[k + 32] * std::polar(1.0, phase + tilt * k) + n),
				      k == -32 ? kind : unsigned(random() % 4)});
		}
	};
	const unsigned skip = drift.second ? 30 : 0;
	if (drift.second) {
		send(long_training(), 0, 0, 0);
		send(long_training(), 1, 0, 0);
		for (unsigned s = 0; s <= skip; s++) {
			const Rate &now = s ? r : first;
			for (unsigned b = 0; b < now.cbps; b++)
				bits[0][b] = random() & 1;
			send(symbol_carriers(bits[0].data(), now, s), s ? 3 : 2, -0.05 * (s + 1), 0.002 * (s + 1));
		}
	}
	send(long_training(), 0, 0, 0);
	send(long_training(), 1, 0, 0);
	for (unsigned s = 0; s <= symbols; s++) {
		const Rate &now = s ? r : first;
		for (unsigned b = 0; b < now.cbps; b++)
			bits[s][b] = random() & 1;
		send(symbol_carriers(bits[s].data(), now, s), s ? 3 : 2, turn * (s + 1), drift.jump + slope * (s + 1));
	}

	Vrx_equalise dut;
	drive::Source<Beat> source(in, idle, 1);
	drive::Sink<Soft> sink(idle, 2);
	unsigned done = 0, wait = 0;
	double s_over_n = 0;
	dut.data_mod = uint8_t(r.bpsc == 1 ? 0 : r.bpsc == 2 ? 1 : r.bpsc == 4 ? 2 : 3);
	dut.data_go = 0;
	drive::reset(dut);
	bool early = false;
	unsigned at = 0, astray = 0;
	Found found {};
	static const double PER_TURN[] = {1, 2, 4, 8}, HALF[] = {64, 64, 32, 48};
	double sum = 0;
	for (unsigned n = 0; n < 5000 * (symbols + skip); n++) {
		source.offer();
		sink.decide();
		dut.s_axis_tvalid = source.valid;
		dut.s_axis_tdata = source.beat().data;
		dut.s_axis_tuser = uint8_t(source.beat().kind);
		dut.m_axis_tready = sink.ready;
		dut.data_go = sink.beats.size() >= 48 && wait++ > 700; // the modulation takes its time
		dut.eval();
		early |= dut.m_axis_tvalid && sink.beats.size() >= 48 && wait < 700;
		source.sample(dut.s_axis_tready);
		sink.sample(dut.m_axis_tvalid, {dut.m_axis_tdata, bool(dut.m_axis_tuser)});
		done += dut.symbol_done;
		s_over_n = double(dut.signal_part) / dut.noise_part;
		if (dut.symbol_done && done > skip) {
			unsigned s = done - skip + 1;
			found.phase_off.push_back(std::fabs(std::remainder(IN(phase) * 2 * M_PI / 262144 - turn * s, 2 * M_PI)));
			found.slope_off.push_back(int32_t(IN(slope) << 6) * 2 * M_PI / 4294967296 - drift.jump - slope * s);
		}
		if (IN(learn))
			sum += (int32_t(IN(turn_more)) << 23 >> 23) / HALF[IN(mod)];
		if (IN(told)) { // the phase's error by the pilots' gains, so many times as much
			double error = sum / 48 / PER_TURN[IN(mod)] / (2 * M_PI) * (IN(mod) == 3 ? 1.8 : 2.4);
			found.law = std::max(found.law, std::fabs(int16_t(IN(data_turn)) * 4 / 262144.0 / error - 1) * (std::fabs(error) > 1e-4));
			sum = 0;
		}
		at = IN(at);
		drive::clock(dut);
		if (IN(z_valid)) { // issued in that clock
			uint32_t turned = uint32_t(IN(phase)) << 8, k = at - 32;
			astray += IN(out_phase) != ((turned + k * uint32_t(IN(slope))) >> 16 & 1023);
		}
	}

	sink.beats.erase(sink.beats.begin(), sink.beats.begin() + std::min(size_t(skip ? 48 * (skip + 1) : 0), sink.beats.size()));
	done -= skip;
	unsigned wrong = 0, count = 0, late = 0;
	double worst = 0, square = 0;
	bool order = sink.beats.size() == 48u * (symbols + 1);
	for (size_t n = 0; order && n < sink.beats.size(); n++) {
		size_t s = n / 48;
		int k = data_carriers()[n % 48];
		unsigned bpsc = s ? r.bpsc : 1;
		order = sink.beats[n].signal == (s == 0);
		double weight = std::norm(h[k + 32]) / mean;
		Cplx x = constellation(bits[s].data() + bpsc * (n % 48), bpsc);
		for (unsigned b = 0; b < bpsc; b++, count++) {
			int soft = int32_t(sink.beats[n].data >> 4 * b << 28) >> 28;
			double truth = formula(x, weight, bpsc, b);
			worst = std::max(worst, soft::off_by(soft, truth));
			if (s > symbols / 2 && std::fabs(truth) < (bpsc == 6 ? 6.1 : 8.1)) {
				late++;
				square += (soft::size_of(soft) - truth) * (soft::size_of(soft) - truth);
			}
			wrong += weight > 0.3 && (soft > 0) != bits[s][bpsc * (n % 48) + b];
		}
	}
	double snr = s_over_n * 64 / 52 * noise * noise; // of a carrier, over the truth
	bool measured = noise == 0 || std::fabs(10 * std::log10(snr * level * level / mean)) < 1.5;
	char text[200];
	snprintf(text, sizeof text, "%2u Mb/s, level %5.0f, %s, turn %.2f, slope %.4f, %u%% idle: %u bits, %u wrong, worst %.2f of 9", mbps,
		 level, fading ? "fading" : "flat", turn, slope, idle, count, wrong, worst);
	// Smoothing bends the channel a little where an echo is as strong as here: it shows in large values, most in the finest constellation.
	double bent = !fading ? 0 : mbps == 54 ? 1.5 : 0.2;
	drive::check(order && astray == 0 && sink.steady && !early && done == symbols && wrong == 0 && measured &&
			     (noise > 0 || worst < (turn == 0 && slope == 0 && drift.pilot_noise == 0 && drift.jump == 0 ? 0.51 : 3.51) + bent),
		     text);
	found.rms = std::sqrt(square / late);
	Cplx middle = 0;
	std::vector<Cplx> over;
	for (int k : data_carriers()) {
		uint64_t word = IN(c_mem)[k + 32];
		over.push_back(Cplx(int32_t(word << 14) >> 14, int32_t(word >> 18 << 14) >> 14) / h[k + 32]);
		middle += over.back() / 48.0;
	}
	for (Cplx c : over)
		found.channel += std::norm(c / middle - 1.0) / 48;
	found.channel = std::sqrt(found.channel);
	return found;
}

int main()
{
	drive::failures() += self_check();
	for (unsigned mbps : {6u, 12u, 24u, 54u}) {
		frame(mbps, 2500, {}, 0, 0, false);
		frame(mbps, 4000, {}, 0, 30, true);
		frame(mbps, 1500, {}, 0, 60, true);
		frame(mbps, 2500, {0.03, 0.0003}, 0, 30, true);
		frame(mbps, 2500, {0.01, 0}, 0.02, 30, false);
	}
	// What the data tell: of the slope they alone, of the phase where the pilots are heard badly. The limits are a quarter above what
	// was measured; without the one or the other it is half as much again, or more.
	struct { const char *what; Drift drift; double most; } bear[] = {
		{"a slope that grows", {0, 0.0006, 0, 60}, 0.65},
		{"one that shrinks", {0, -0.0006, 0, 60}, 0.65},
		{"noise on the pilots", {0, 0, 0.4, 60}, 0.45},
		{"a slope from SIGNAL on", {0, 0, 0, 60, 0.01}, 0.7},
		{"its minus", {0, 0, 0, 60, -0.01}, 0.7},
	};
	for (auto &b : bear) {
		double rms = frame(24, 2500, b.drift, 0, 20, false).rms;
		drive::check(rms < b.most, b.what + (", small soft bits off by " + std::to_string(rms)));
	}
	// The first gains lock on to a turn and to a slope, and with each frame anew; the last ones do not begin before the 16th symbol.
	for (bool second : {false, true}) {
		const char *which = second ? ", behind another frame" : "";
		std::vector<double> off = frame(24, 2500, {0.06, 0, 0, 20, 0, second}, 0, 20, false).phase_off;
		drive::check(off.size() == 20 && off[0] < 0.015 && off[3] < 0.015 && off[11] < 0.009 && off[19] < 0.006,
			     "locked on to 0.06 radians a symbol: off by " + std::to_string(off[0]) + ", " + std::to_string(off[3]) +
				     ", " + std::to_string(off[11]) + ", " + std::to_string(off[19]) + which);
		off = frame(24, 2500, {0, 0, 0, 40, 0.01, second}, 0, 20, false).slope_off;
		drive::check(off.size() == 40 && std::fabs(off[3]) < 0.0066 && std::fabs(off[11]) < 0.003 && std::fabs(off[39] - 0.0034) < 0.0007,
			     "a slope of 0.01 from SIGNAL on: off by " + std::to_string(off[3]) + ", " + std::to_string(off[11]) + ", " +
				     std::to_string(off[39]) + which);
	}
	for (unsigned mbps : {6u, 12u, 24u, 54u}) {
		Found f = frame(mbps, 2500, {0.03, 0, 0, 60}, 0.04, 20, false);
		drive::check(f.channel < 0.0125 && f.law > 0 && f.law < 0.03,
			     std::to_string(mbps) + " Mb/s: channel off by " + std::to_string(f.channel) + " in noise of 0.04, what the data say of the phase by " +
				     std::to_string(f.law));
	}
	return drive::failures() != 0;
}
