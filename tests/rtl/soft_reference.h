// soft_reference - the receiver's back half as the standard and the textbook give it, for the tests.
//
//   interleaved bits -> soft values (with noise) -> beats of the receiver's inner wall
//   soft values -> deinterleave -> depuncture -> Viterbi over the whole block -> bits
//
// The Viterbi keeps every survivor to the end, plain integers, no window and no wrapping.

#pragma once

#include <algorithm>
#include <climits>
#include <random>
#include <vector>

#include "ofdm_reference.h"

namespace soft {

using ofdm::Bits;
using ofdm::Octets;
using ofdm::Rate;
using Softs = std::vector<int>; // positive = 1; towards the gates -7..7, the number of a size

inline const int SIZES[] = {0, 1, 2, 3, 4, 5, 7, 9}; // what the eight numbers stand for

inline int size_of(int number) // with its sign; -8 is as -7
{
	return number < 0 ? -SIZES[std::min(7, -number)] : SIZES[number];
}

inline int number_of(double v) // of the nearest size
{
	int best = 0;
	for (int n = -7; n <= 7; n++)
		if (std::fabs(size_of(n) - v) < std::fabs(size_of(best) - v))
			best = n;
	return best;
}

// How far v lies outside of what is rounded to that number: to whole numbers up to 5, from 6 to 7, from 8 to 9.
inline double off_by(int number, double v)
{
	static const double from[] = {-0.5, 0.5, 1.5, 2.5, 3.5, 4.5, 6, 8, INFINITY};
	if (number < 0)
		return off_by(-number, -v);
	return std::max({0.0, from[number] - v, v - from[number + 1]});
}

inline Softs sizes_of(Softs numbers)
{
	for (int &n : numbers)
		n = size_of(n);
	return numbers;
}

struct Beat {
	uint32_t data;
	bool user;
};

inline Softs softs_of(const Bits &bits, double sigma, std::mt19937 &random)
{
	std::normal_distribution<double> normal(0, 1);
	Softs out;
	for (uint8_t b : bits) {
		double v = sigma == 0 ? 9 * (b ? 1 : -1) : 4.0 * ((b ? 1 : -1) + sigma * normal(random));
		out.push_back(number_of(v));
	}
	return out;
}

inline std::vector<Beat> beats_of(const Softs &softs, unsigned bpsc, bool user)
{
	std::vector<Beat> beats;
	for (size_t at = 0; at < softs.size(); at += bpsc) {
		uint32_t word = 0;
		for (unsigned b = 0; b < bpsc; b++)
			word |= uint32_t(softs[at + b] & 15) << 4 * b;
		beats.push_back({word, user});
	}
	return beats;
}

// Whole symbols of interleaved soft values to pairs {A, B}, a pair a trellis step.
inline Softs depunctured(const Softs &softs, const Rate &r)
{
	static const char *keep_2_3 = "1110", *keep_3_4 = "111001";
	Softs sent, out;
	for (size_t at = 0; at < softs.size(); at += r.cbps)
		for (unsigned k = 0; k < r.cbps; k++)
			sent.push_back(softs[at + ofdm::interleaved_index(k, r)]);
	for (size_t i = 0, n = 0; n < sent.size(); i++)
		out.push_back(r.den == 2 || (r.den == 3 ? keep_2_3[i % 4] : keep_3_4[i % 6]) == '1' ? sent[n++] : 0);
	while (out.size() % 2)
		out.push_back(0);
	return out;
}

struct Path {
	Bits bits;
	int cost, weight; // soft weight against the path; all of it
};

inline Path viterbi(const Softs &pairs, size_t steps, bool terminated = true)
{
	const int far = 1 << 28;
	std::vector<int> metric(64, far), next(64);
	std::vector<std::vector<uint8_t>> from(steps, std::vector<uint8_t>(64));
	Path path{{}, 0, 0};
	metric[0] = 0; // state: bit 0 is the newest input
	for (size_t t = 0; t < steps; t++) {
		int a = pairs[2 * t], b = pairs[2 * t + 1];
		path.weight += std::abs(a) + std::abs(b);
		std::fill(next.begin(), next.end(), INT_MAX);
		for (unsigned s = 0; s < 64; s++)
			for (unsigned u = 0; u < 2; u++) {
				unsigned r = s << 1 | u; // r >> d & 1 is the input d steps ago
				unsigned va = (r ^ r >> 2 ^ r >> 3 ^ r >> 5 ^ r >> 6) & 1;
				unsigned vb = (r ^ r >> 1 ^ r >> 2 ^ r >> 3 ^ r >> 6) & 1;
				int cost = metric[s] + ((a > 0) != va ? std::abs(a) : 0) +
					   ((b > 0) != vb ? std::abs(b) : 0);
				if (cost < next[r & 63]) {
					next[r & 63] = cost;
					from[t][r & 63] = uint8_t(s);
				}
			}
		metric = next;
	}
	unsigned s = 0;
	if (!terminated)
		s = unsigned(std::min_element(metric.begin(), metric.end()) - metric.begin());
	path.cost = metric[s];
	path.bits.resize(steps);
	for (size_t t = steps; t-- > 0; s = from[t][s])
		path.bits[t] = s & 1;
	return path;
}

// The scrambler's sequence from the first seven bits, then the PSDU.
inline Octets psdu_of(const Bits &scrambled, size_t length)
{
	Bits x(scrambled.begin(), scrambled.begin() + 7), plain;
	for (size_t t = 7; t < scrambled.size(); t++)
		x.push_back(x[t - 7] ^ x[t - 4]);
	for (size_t t = 16; t < 16 + 8 * length; t++)
		plain.push_back(scrambled[t] ^ x[t]);
	return ofdm::octets_of(plain);
}

// A frame at the receiver's inner wall.
struct Frame {
	const Rate *rate;
	Octets psdu;
	Softs signal, data;
	std::vector<Beat> beats;

	Frame(const Rate &r, const Octets &p, unsigned seed, double sigma, std::mt19937 &random) : rate(&r), psdu(p)
	{
		ofdm::Frame f = ofdm::frame_of(p, r.mbps, seed);
		signal = softs_of(f.signal_interleaved, 0, random);
		data = softs_of(f.interleaved, sigma, random);
		beats = beats_of(signal, 1, true);
		std::vector<Beat> more = beats_of(data, r.bpsc, false);
		beats.insert(beats.end(), more.begin(), more.end());
	}
	Octets decoded() const // by the reference
	{
		Path path = viterbi(sizes_of(depunctured(data, *rate)), 16 + 8 * psdu.size() + 6);
		return psdu_of(path.bits, psdu.size());
	}
};

} // namespace soft
