// bench_per - how much noise the receiver in gates bears: per rate, the signal-to-noise ratio over the whole band at
// which 10 % of frames of 1,000 octets are lost, beside what an ideal soft receiver needs.
//
//   bench_per FRAMES STEP [RATE...]       FRAMES a point, points STEP dB apart
//
// Every frame has its own noise, carrier offset (-40..40 ppm), phase, delay (a fraction of a sample too), scrambler seed and
// payload, from its number: the same ones at every point and in every run. From IDEAL + 0.5 dB on upwards until 4 % are lost; a point
// with 40 % lost is given up early. The 10 % point is interpolated in log PER. A frame is lost unless
// it is told with its rate, length and every octet right.

#include <algorithm>

#include "rx_receiver.h"

using namespace ofdm;

static bool heard(unsigned mbps, double snr, unsigned n)
{
	Octets psdu = random_octets(1000, n + 1);
	Receiver rx;
	Channel ch;
	ch.snr_db = snr;
	ch.seed = n + 77;
	ch.cfo = cfo_of_ppm(double(n % 17) * 5 - 40);
	ch.phase = n;
	ch.gain = dbfs_gain(-24);
	ch.delay = 300 + n % 80 + double(n % 7) / 7;
	ch.silence_after = 400;
	rx.samples(through(frame_of(psdu, mbps, 1 + n % 127).samples, ch));
	rx.settle();
	bool good = false;
	for (const Frame_in &f : rx.frames)
		good |= f.code == rate_of(mbps).code && f.psdu == psdu;
	return good;
}

int main(int argc, char **argv)
{
	unsigned frames = argc > 1 ? unsigned(atoi(argv[1])) : 100;
	double step = argc > 2 ? atof(argv[2]) : 0.5;
	std::vector<unsigned> wanted;
	for (int n = 3; n < argc; n++)
		wanted.push_back(unsigned(atoi(argv[n])));
	bool well = true;

	printf("rate    ideal  here   loss   lost of %u frames at ideal + dB\n", frames);
	for (size_t r = 0; r < 8; r++) {
		unsigned mbps = rates()[r].mbps;
		if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), mbps) == wanted.end())
			continue;
		double last_over = 0, last_per = 1, at = NAN;
		std::string points;
		for (double over = 0.5; over < 10; over += step) {
			unsigned lost = 0, sent = 0;
			while (sent < frames && lost * 5 < frames * 2)
				lost += !heard(mbps, IDEAL_DB[r] + over, sent++);
			double per = std::max(double(lost), 0.5) / sent;
			char text[60];
			snprintf(text, sizeof text, sent < frames ? "  %.2f:>%u" : "  %.2f:%u", over, lost);
			points += text;
			if (std::isnan(at) && per <= 0.1)
				at = last_per <= 0.1 ? over
						     : last_over + (over - last_over) * std::log(last_per / 0.1) /
									   std::log(last_per / per);
			last_over = over, last_per = per;
			if (per <= 0.04)
				break;
		}
		well &= !std::isnan(at);
		printf("%2u Mb/s %5.1f %5.1f %5.2f dB %s\n", mbps, IDEAL_DB[r], IDEAL_DB[r] + at, at, points.c_str());
		fflush(stdout);
	}
	return !well;
}
