// bench_impair - frames that the receiver in gates, or the one in C (-DSOFT), loses with one impairment each, 3 dB (or OVER) above what the rate needs
// without any.
//
//   bench_impair FRAMES OVER [NAME | RATE]...       names are beginnings of those in the table
//
// One receiver hears all frames of a point, one behind the other with noise between. A frame is lost unless it is told with its rate,
// its length and every octet right, exactly once; those not even told with rate and length are counted apart. For echoes an ideal receiver is asked too, on the very same channels: it knows the channel, the
// carrier and the time, equalises by them, and decodes softly without any rounding: what it loses is lost to anybody.

#include <algorithm>
#include <map>

#include "impairment.h"
#ifdef SOFT // the receiver in C instead
#include "../bench/modem_receiver.h"
#else
#include "rx_receiver.h"
#endif
#include "soft_reference.h"

using namespace ofdm;

struct Row {
	const char *name;
	Impairment im;
	unsigned most_mbps = 54;
};

static std::vector<Row> table()
{
	std::vector<Row> rows;
	auto row = [&](const char *name, unsigned most = 54) -> Impairment & {
		rows.push_back({name, {}, most});
		return rows.back().im;
	};
	row("none");
	row("carrier 40 ppm, 20 MHz").cfo_ppm = 40;
	Impairment *m = &row("carrier 40 ppm, 10 MHz");
	m->cfo_ppm = 40, m->rate_hz = 10e6;
	m = &row("carrier 40 ppm, 5 MHz");
	m->cfo_ppm = 40, m->rate_hz = 5e6;
	m = &row("clock 40 ppm, 4095");
	m->clock_ppm = 40, m->cfo_ppm = 40, m->length = 4095;
	m = &row("4095 octets");
	m->cfo_ppm = 40, m->length = 4095;
	row("echoes 50 ns").spread_ns = 50;
	row("echoes 100 ns").spread_ns = 100;
	row("echoes 200 ns", 12).spread_ns = 200;
	row("constant -20 dBc").constant_dbc = -20;
	m = &row("imbalance 1 dB, 3 deg");
	m->imbalance_db = 1, m->imbalance_deg = 3;
	row("8 bits").bits = 8;
	row("level -60 dBFS").dbfs = -60;
	row("level -45 dBFS").dbfs = -45;
	row("level -11 dBFS").dbfs = -11;       // peaks at -1
	row("level -1 dBFS").dbfs = -1;         // clipped hard
	m = &row("jumps -50, -10 dBFS");
	m->dbfs = -50, m->other_dbfs = -10;
	row("amplifier, saturates at 4 dB").saturation_db = 4;
	row("phase noise -100 dBc").phase_noise_dbc = -100;
	return rows;
}

// Loss beyond the ideal receiver's need at 10 % PER, as bench_per measures it.
#ifdef SOFT
static const double OWN_DB[] = {0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2};
#else
static const double OWN_DB[] = {0.5, 0.4, 0.7, 0.4, 0.6, 0.6, 1.1, 0.9};
#endif

struct Loss {
	unsigned lost, not_told;
};

static Loss lost(size_t r, const Impairment &im, double snr, unsigned frames)
{
	unsigned mbps = rates()[r].mbps, good = 0, told = 0;
	Receiver rx;
	std::map<Octets, unsigned> came;
	std::vector<Octets> sent;
	// The mixer's constant was there before the first frame.
	rx.samples(impaired({}, im, snr, 999983, std::isinf(im.constant_dbc) ? 500 : 200000, 0), 32768);
	for (unsigned n = 0; n < frames; n++) {
		sent.push_back(random_octets(im.length, n + 1));
		Samples s = frame_of(sent.back(), mbps, 1 + n % 127).samples;
		rx.samples(impaired(s, im, snr, n, std::isnan(im.other_dbfs) ? 400 + n % 80 : 160, 160));
	}
	rx.samples(impaired({}, im, snr, 999979, 3000, 0));
	for (const Frame_in &f : rx.frames)
		if (f.code == rate_of(mbps).code && f.psdu.size() == im.length) {
			came[f.psdu]++;
			told++;
		}
	for (const Octets &o : sent)
		good += came[o] == 1;
	return {frames - good, frames - std::min(told, frames)};
}

// Soft values of one carrier, largest-term approximation, in 64ths; what was sent had `gain` and comes in noise of power `noise`.
static void soft_bits(soft::Softs &out, Cplx y, Cplx gain, double noise, unsigned bpsc)
{
	std::vector<double> near(2 * bpsc, INFINITY); // to the nearest point with bit b 0, 1
	for (unsigned p = 0; p < 1u << bpsc; p++) {
		uint8_t bits[6];
		for (unsigned b = 0; b < bpsc; b++)
			bits[b] = p >> b & 1;
		double d = std::norm(y - gain * constellation(bits, bpsc)) / noise;
		for (unsigned b = 0; b < bpsc; b++)
			near[2 * b + bits[b]] = std::min(near[2 * b + bits[b]], d);
	}
	for (unsigned b = 0; b < bpsc; b++)
		out.push_back(int(std::lround(64 * std::min(std::max(near[2 * b] - near[2 * b + 1], -200.0), 200.0))));
}

// Frames that the ideal receiver loses; it is spared what echoes longer than the prefix do, and SIGNAL.
static unsigned lost_ideally(size_t r, const Impairment &im, double snr, unsigned frames)
{
	const Rate &rate = rates()[r];
	double noise = 52.0 / 64 * std::pow(10, -snr / 10);
	unsigned bad = 0;
	for (unsigned n = 0; n < frames; n++) {
		std::mt19937 random(n * 7919 + 1), random_noise(n + 5);
		std::normal_distribution<double> normal(0, std::sqrt(noise / 2));
		Samples taps = {1};
		if (im.spread_ns > 0)
			taps = exponential_taps(im.spread_ns * 1e-9 * im.rate_hz, random);
		Carriers h {};
		for (int k = -26; k <= 26; k++)
			for (size_t t = 0; t < taps.size(); t++)
				h[k & 63] += taps[t] * std::polar(1.0, -2 * M_PI * k * double(t) / 64);
		Octets psdu = random_octets(im.length, n + 1);
		Frame f = frame_of(psdu, rate.mbps, 1 + n % 127);
		soft::Softs softs;
		for (size_t s = 1; s < f.symbols.size(); s++)
			for (int k : data_carriers()) {
				double re = normal(random_noise);
				Cplx y = h[k & 63] * f.symbols[s][k & 63] + Cplx(re, normal(random_noise));
				soft_bits(softs, y, h[k & 63], noise, rate.bpsc);
			}
		size_t steps = 16 + 8 * psdu.size() + 6;
		bad += soft::psdu_of(soft::viterbi(soft::depunctured(softs, rate), steps).bits, psdu.size()) != psdu;
	}
	return bad;
}

int main(int argc, char **argv)
{
	unsigned frames = argc > 1 ? unsigned(atoi(argv[1])) : 100;
	double over = argc > 2 ? atof(argv[2]) : 3;
	std::vector<unsigned> wanted;
	std::vector<std::string> names;
	for (int n = 3; n < argc; n++)
		if (std::string(argv[n]).find_first_not_of("0123456789") == std::string::npos)
			wanted.push_back(unsigned(atoi(argv[n])));
		else
			names.push_back(argv[n]);

	printf("lost of %u frames, %.1f dB above what the rate needs\n%-24s", frames, over, "Mb/s");
	for (const Rate &r : rates())
		printf(" %4u", r.mbps);
	printf("\n");
	for (const Row &row : table()) {
		bool asked = names.empty();
		for (const std::string &n : names)
			asked |= std::string(row.name).compare(0, n.size(), n) == 0;
		if (!asked)
			continue;
		printf("%-24s", row.name);
		std::string not_told;
		for (size_t r = 0; r < 8; r++) {
			unsigned mbps = rates()[r].mbps;
			if (mbps > row.most_mbps || (!wanted.empty() && std::find(wanted.begin(), wanted.end(), mbps) == wanted.end()))
				printf("    -");
			else {
				Loss l = lost(r, row.im, IDEAL_DB[r] + OWN_DB[r] + over, frames);
				printf(" %4u", l.lost);
				if (l.not_told > 0)
					not_told += " " + std::to_string(l.not_told) + " at " + std::to_string(mbps) + " Mb/s";
			}
			fflush(stdout);
		}
		printf("\n");
		if (!not_told.empty())
			printf("   not told with rate and length:%s\n", not_told.c_str());
		if (row.im.spread_ns == 0)
			continue;
		printf("%-24s", "   the ideal receiver");
		for (size_t r = 0; r < 8; r++) {
			unsigned mbps = rates()[r].mbps;
			if (mbps > row.most_mbps || (!wanted.empty() && std::find(wanted.begin(), wanted.end(), mbps) == wanted.end()))
				printf("    -");
			else
				printf(" %4u", lost_ideally(r, row.im, IDEAL_DB[r] + OWN_DB[r] + over, frames));
			fflush(stdout);
		}
		printf("\n");
	}
	return 0;
}
