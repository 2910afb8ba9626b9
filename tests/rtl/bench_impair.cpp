// bench_impair - frames that the receiver in gates loses with one impairment each, 3 dB (or OVER) above what the rate needs
// without any.
//
//   bench_impair FRAMES OVER [NAME | RATE]...       names are beginnings of those in the table
//
// One receiver hears all frames of a point, one behind the other with noise between. A frame is lost unless it is told with its rate,
// its length and every octet right, exactly once. For echoes an ideal receiver is asked too, on the very same channels: it knows the channel, the
// carrier and the time, equalises by them, and decodes softly without any rounding: what it loses is lost to anybody.

#include <algorithm>
#include <map>

#include "impairment.h"
#include "rx_receiver.h"

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
	m = &row("no clock 4095");
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
	row("phase noise -100 dBc").phase_noise_dbc = -100;
	return rows;
}

// Loss beyond the ideal receiver's need at 10 % PER, as bench_per measures it.
static const double OWN_DB[] = {1.3, 0.6, 1.5, 1.3, 1.1, 1.2, 1.4, 1.9};

static unsigned lost(size_t r, const Impairment &im, double snr, unsigned frames)
{
	unsigned mbps = rates()[r].mbps, good = 0;
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
		if (f.code == rate_of(mbps).code)
			came[f.psdu]++;
	for (const Octets &o : sent)
		good += came[o] == 1;
	return frames - good;
}

int main(int argc, char **argv)
{
	unsigned frames = argc > 1 ? unsigned(atoi(argv[1])) : 100;
	double over = argc > 2 ? atof(argv[2]) : 3;
	std::vector<unsigned> wanted;
	std::vector<std::string> names;
	for (int n = 3; n < argc; n++)
		if (unsigned mbps = unsigned(atoi(argv[n])))
			wanted.push_back(mbps);
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
		for (size_t r = 0; r < 8; r++) {
			unsigned mbps = rates()[r].mbps;
			if (mbps > row.most_mbps || (!wanted.empty() && std::find(wanted.begin(), wanted.end(), mbps) == wanted.end()))
				printf("    -");
			else
				printf(" %4u", lost(r, row.im, IDEAL_DB[r] + OWN_DB[r] + over, frames));
			fflush(stdout);
		}
		printf("\n");
	}
	return 0;
}
