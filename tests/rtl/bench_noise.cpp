// bench_noise - what the receiver in gates takes for a frame where there is none, and what it misses.
//
//   bench_noise SAMPLES PREAMBLES [SEED]
//
// Noise: a loop of integers does what rx_detect does to the last bit (a short run of the gates must agree), so thousands of millions of
// samples can be looked through; wherever it sees a period, the gates get those samples and 400 before, until they
// are quiet. The shortest way to a frame told for nothing is that detection, so nothing else needs gates.
//
// Preambles: frames of 1 octet at 6 Mb/s, 2 dB, any carrier offset within 40 ppm, any part of a sample's delay. Found is what is
// told with its rate, its length and its time; a wrong SIGNAL counts as missed, too.

#include <cinttypes>

#include "impairment.h"
#include "rx_receiver.h"

using namespace ofdm;

// Gaussian noise of 13 bits, four values from one random number.
class Noise {
public:
	explicit Noise(uint64_t seed, double sigma) : state(seed * 0x9e3779b97f4a7c15 + 1), table(65536)
	{
		size_t at = 0; // the value below which (at + 1/2) / 65536 of the distribution lies
		for (int v = -4095; v < 4096 && at < 65536; v++)
			for (double below = 0.5 * std::erfc(-(v + 0.5) / sigma / std::sqrt(2.0)); at < 65536 && (double(at) + 0.5) / 65536 < below; at++)
				table[at] = int16_t(v);
	}
	void two(int32_t *iq)
	{
		state ^= state << 13, state ^= state >> 7, state ^= state << 17;
		uint64_t r = state * 0x2545f4914f6cdd1d;
		for (int n = 0; n < 4; n++, r >>= 16)
			iq[n] = table[r & 0xffff];
	}

private:
	uint64_t state;
	std::vector<int16_t> table;
};

// rx_detect's sums, its threshold and its peaks.
class Detector {
public:
	bool event(int32_t i, int32_t q)
	{
		unsigned old = (at - 16) & 511, last = (at - 128) & 511, now = at & 511;
		x[2 * now] = i, x[2 * now + 1] = q;
		int64_t yi = x[2 * old], yq = x[2 * old + 1];
		int64_t v[3] = {(i * yi + q * yq) >> 6, (q * yi - i * yq) >> 6, (int64_t(i) * i + int64_t(q) * q) >> 6};
		for (int k = 0; k < 3; k++) {
			sum[k] += v[k] - window[k][last];
			window[k][now] = v[k];
		}
		at++;
		int64_t re = std::llabs(sum[0]), im = std::llabs(sum[1]), most = std::max(re, im), least = std::min(re, im);
		int64_t size = most + (least >> 2) + (least >> 3);
		if (size < (sum[2] >> 2) + (sum[2] >> 4) || sum[2] < 512)
			peak = 0, age = 24;
		else if (size > peak)
			peak = size, age = 0;
		else if (age != 24)
			return ++age == 24;
		return false;
	}

private:
	unsigned at = 0, age = 24;
	int64_t x[1024] = {}, window[3][512] = {}, sum[3] = {}, peak = 0;
};

static uint32_t word(const int32_t *iq)
{
	return uint32_t(iq[0] & 0xffff) | uint32_t(iq[1]) << 16;
}

static void false_frames(uint64_t samples, uint64_t seed)
{
	enum { BEFORE = 500, BEHIND = 1200, KEPT = 512 }; // a false frame is known as one, or refused, by then
	Noise noise(seed, 500);
	Detector detector;
	Receiver rx;
	uint32_t past[KEPT];
	uint64_t until = 0, events = 0;
	for (uint64_t n = 0; n < samples; n += 2) {
		int32_t iq[4];
		noise.two(iq);
		for (uint64_t k = 0; k < 2; k++) {
			uint64_t t = n + k;
			past[t % KEPT] = word(iq + 2 * k);
			if (detector.event(iq[2 * k], iq[2 * k + 1]) && t > KEPT) {
				events++;
				if (t >= until) {
					rx.settle();
					for (uint64_t m = t - BEFORE; m < t; m++)
						rx.sample(past[m % KEPT]);
				}
				until = t + BEHIND;
			}
			if (t < until)
				rx.sample(past[t % KEPT]);
		}
	}
	rx.settle();
	printf("noise: %.3g samples, %" PRIu64 " periods seen; in the gates %u detections, %u SIGNALs refused, %zu frames told\n",
	       double(samples), events, rx.detected, rx.signal_bad, rx.frames.size());
}

// Does the loop of integers see what the gates see?
static void agree(uint64_t samples, uint64_t seed)
{
	Noise noise(seed, 500);
	Detector detector;
	Receiver rx;
	unsigned events = 0;
	for (uint64_t n = 0; n < samples; n += 2) {
		int32_t iq[4];
		noise.two(iq);
		for (uint64_t k = 0; k < 2; k++) {
			rx.sample(word(iq + 2 * k));
			events += detector.event(iq[2 * k], iq[2 * k + 1]);
		}
	}
	printf("the same %.3g samples: %u periods by integers, %u detections by the gates\n", double(samples), events, rx.detected);
}

static void preambles(unsigned count)
{
	Receiver rx;
	Impairment im;
	std::vector<uint64_t> at;
	unsigned found = 0, right = 0;
	for (unsigned n = 0; n < count; n++) {
		size_t before = 700 + n % 80;
		at.push_back(rx.time + before);
		rx.samples(impaired(frame_of(random_octets(1, n), 6, 1 + n % 127).samples, im, 2, n, before, 100), 32768);
	}
	rx.settle();
	for (uint64_t t : at)
		for (const Frame_in &f : rx.frames)
			if (std::llabs((long long)(f.time - t)) < 8) {
				found++;
				right += f.length == 1 && f.code == rate_of(6).code;
				break;
			}
	printf("preambles at 2 dB: %u sent, %u found, %u with the right SIGNAL, %zu told in all\n", count, found, right, rx.frames.size());
}

int main(int argc, char **argv)
{
	uint64_t samples = argc > 1 ? uint64_t(atof(argv[1])) : 1000000000, seed = argc > 3 ? uint64_t(atoi(argv[3])) : 1;
	agree(std::min<uint64_t>(samples, 20000000), seed);
	preambles(argc > 2 ? unsigned(atoi(argv[2])) : 2000);
	false_frames(samples, seed);
	return 0;
}
