// ofdm_reference - the IEEE 802.11 OFDM transmitter in floating point, straight from the clauses.
//
//   psdu -> data_bits -> scramble -> convolve -> puncture -> interleave -> constellation
//        -> carriers (pilots) -> idft -> cyclic prefix, preambles, window -> samples
//
// Written for clarity, one function a clause (numbers of IEEE 802.11-2012), and shared with no
// module under test; `self_check` holds it against the standard's own worked example. Scale: that
// of the example, where a data symbol has rms sqrt(52)/64 = 0.1127.
//
// Bits are bytes of 0 or 1 in order of transmission. Subcarrier k is element k & 63 of a symbol.

#pragma once

#include <array>
#include <cmath>
#include <complex>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace ofdm
{

using Bits = std::vector<uint8_t>;
using Octets = std::vector<uint8_t>;
using Cplx = std::complex<double>;
using Samples = std::vector<Cplx>;
using Carriers = std::array<Cplx, 64>;

// Table 18-4 and, for `code`, table 18-6 as {R4,R3,R2,R1}, which is ofdm_pkg::rate_e.
struct Rate {
	unsigned mbps, bpsc, cbps, dbps, num, den, code;
};

inline const std::array<Rate, 8> &rates()
{
	static const std::array<Rate, 8> table = { { { 6, 1, 48, 24, 1, 2, 0xb },
						     { 9, 1, 48, 36, 3, 4, 0xf },
						     { 12, 2, 96, 48, 1, 2, 0xa },
						     { 18, 2, 96, 72, 3, 4, 0xe },
						     { 24, 4, 192, 96, 1, 2, 0x9 },
						     { 36, 4, 192, 144, 3, 4, 0xd },
						     { 48, 6, 288, 192, 2, 3, 0x8 },
						     { 54, 6, 288, 216, 3, 4, 0xc } } };
	return table;
}

inline const Rate &rate_of(unsigned mbps)
{
	for (const Rate &r : rates())
		if (r.mbps == mbps)
			return r;
	throw std::invalid_argument("no such rate");
}

// ---- Bits ------------------------------------------------------------------------------------

inline Bits bits_of(const Octets &octets) // least significant bit first, as a PSDU is sent
{
	Bits bits;
	for (uint8_t o : octets)
		for (int b = 0; b < 8; b++)
			bits.push_back(o >> b & 1);
	return bits;
}

inline Octets octets_of(const Bits &bits)
{
	Octets octets(bits.size() / 8);
	for (size_t i = 0; i < octets.size() * 8; i++)
		octets[i / 8] |= uint8_t(bits[i] << i % 8);
	return octets;
}

inline Octets octets_of_hex(const std::string &hex)
{
	Octets octets;
	for (size_t i = 0; i + 1 < hex.size(); i += 2)
		octets.push_back(uint8_t(std::stoul(hex.substr(i, 2), nullptr, 16)));
	return octets;
}

inline Bits bits_of_hex(const std::string &hex) // most significant bit first, as the annex prints
{
	Bits bits;
	for (uint8_t o : octets_of_hex(hex))
		for (int b = 7; b >= 0; b--)
			bits.push_back(o >> b & 1);
	return bits;
}

// The FCS of 8.2.4.8 as the value whose least significant octet is sent first.
inline uint32_t crc32(const Octets &octets)
{
	uint32_t crc = 0xffffffff;
	for (uint8_t o : octets) {
		crc ^= o;
		for (int b = 0; b < 8; b++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
	}
	return ~crc;
}

inline Octets with_fcs(Octets octets)
{
	uint32_t crc = crc32(octets);
	for (int b = 0; b < 32; b += 8)
		octets.push_back(uint8_t(crc >> b));
	return octets;
}

// ---- From octets to coded bits ---------------------------------------------------------------

// 18.3.5.5: x^7 + x^4 + 1. Seed bit 6 is x7, bit 0 is x1.
inline Bits scrambler_sequence(unsigned seed, size_t n)
{
	unsigned x[8];
	Bits out;
	for (int i = 1; i <= 7; i++)
		x[i] = seed >> (i - 1) & 1;
	while (n--) {
		unsigned feedback = x[7] ^ x[4];
		for (int i = 7; i > 1; i--)
			x[i] = x[i - 1];
		x[1] = feedback;
		out.push_back(uint8_t(feedback));
	}
	return out;
}

// 18.3.4: RATE R1..R4, reserved, LENGTH least significant bit first, even parity, six zeros.
inline Bits signal_bits(const Rate &r, unsigned length)
{
	Bits bits;
	unsigned parity = 0;
	for (int b = 0; b < 4; b++)
		bits.push_back(r.code >> b & 1);
	bits.push_back(0);
	for (int b = 0; b < 12; b++)
		bits.push_back(length >> b & 1);
	for (uint8_t b : bits)
		parity ^= b;
	bits.push_back(uint8_t(parity));
	bits.resize(24);
	return bits;
}

inline size_t symbol_count(const Rate &r, size_t length)
{
	return (16 + 8 * length + 6 + r.dbps - 1) / r.dbps;
}

// 18.3.5.2-4: SERVICE, PSDU, tail and pad, before scrambling.
inline Bits data_bits(const Octets &psdu, const Rate &r)
{
	Bits bits(16), body = bits_of(psdu);
	bits.insert(bits.end(), body.begin(), body.end());
	bits.resize(symbol_count(r, psdu.size()) * r.dbps);
	return bits;
}

// 18.3.5.5 and 18.3.5.3: the six scrambled tail bits are set back to zero.
inline Bits scramble(Bits bits, size_t length, unsigned seed)
{
	Bits sequence = scrambler_sequence(seed, bits.size());
	for (size_t i = 0; i < bits.size(); i++)
		bits[i] ^= sequence[i];
	for (size_t i = 16 + 8 * length; i < 16 + 8 * length + 6; i++)
		bits[i] = 0;
	return bits;
}

// 18.3.5.6: g0 = 133, g1 = 171 (octal), A then B, from the zero state.
inline Bits convolve(const Bits &bits)
{
	static const int a[] = { 0, 2, 3, 5, 6 }, b[] = { 0, 1, 2, 3, 6 }; // delays of figure 18-8
	Bits out;
	auto past = [&](size_t i, int delay) { return i >= size_t(delay) ? bits[i - delay] : 0; };
	for (size_t i = 0; i < bits.size(); i++) {
		uint8_t va = 0, vb = 0;
		for (int d : a)
			va ^= past(i, d);
		for (int d : b)
			vb ^= past(i, d);
		out.push_back(va);
		out.push_back(vb);
	}
	return out;
}

// Figure 18-9: the bits that are sent, of each period A1 B1 A2 B2 A3 B3.
inline Bits puncture(const Bits &coded, const Rate &r)
{
	static const char *keep_2_3 = "1110", *keep_3_4 = "111001";
	Bits out;
	for (size_t i = 0; i < coded.size(); i++)
		if (r.den == 2 || (r.den == 3 ? keep_2_3[i % 4] : keep_3_4[i % 6]) == '1')
			out.push_back(coded[i]);
	return out;
}

// 18.3.5.7: where coded bit k of a symbol goes.
inline unsigned interleaved_index(unsigned k, const Rate &r)
{
	unsigned n = r.cbps, s = r.bpsc / 2 > 1 ? r.bpsc / 2 : 1;
	unsigned i = n / 16 * (k % 16) + k / 16;
	return s * (i / s) + (i + n - 16 * i / n) % s;
}

inline Bits interleave(const Bits &coded, const Rate &r) // any number of whole symbols
{
	Bits out(coded.size());
	for (size_t at = 0; at < coded.size(); at += r.cbps)
		for (unsigned k = 0; k < r.cbps; k++)
			out[at + interleaved_index(k, r)] = coded[at + k];
	return out;
}

inline Bits deinterleave(const Bits &bits, const Rate &r)
{
	Bits out(bits.size());
	for (size_t at = 0; at < bits.size(); at += r.cbps)
		for (unsigned k = 0; k < r.cbps; k++)
			out[at + k] = bits[at + interleaved_index(k, r)];
	return out;
}

// ---- From coded bits to carriers -------------------------------------------------------------

// Tables 18-8 to 18-11: `b` points at N_BPSC bits.
inline Cplx constellation(const uint8_t *b, unsigned bpsc)
{
	static const int two[] = { -3, -1, 3, 1 };                 // b0 b1
	static const int three[] = { -7, -5, -1, -3, 7, 5, 1, 3 }; // b0 b1 b2
	auto one = [](int v) { return v ? 1.0 : -1.0; };
	switch (bpsc) {
	case 1:
		return one(b[0]);
	case 2:
		return Cplx(one(b[0]), one(b[1])) / std::sqrt(2.0);
	case 4:
		return Cplx(two[b[0] * 2 + b[1]], two[b[2] * 2 + b[3]]) / std::sqrt(10.0);
	default:
		return Cplx(three[b[0] * 4 + b[1] * 2 + b[2]], three[b[3] * 4 + b[4] * 2 + b[5]]) /
		       std::sqrt(42.0);
	}
}

inline bool is_pilot(int k)
{
	return k == -21 || k == -7 || k == 7 || k == 21;
}

inline const std::vector<int> &data_carriers() // 18.3.5.10: the 48 of them, in order of filling
{
	static const std::vector<int> list = [] {
		std::vector<int> l;
		for (int k = -26; k <= 26; k++)
			if (k != 0 && !is_pilot(k))
				l.push_back(k);
		return l;
	}();
	return list;
}

// 18.3.5.10: p_n, p_0 belongs to SIGNAL. The generator of 18.3.5.5, all ones, 1 meaning -1.
inline double pilot_polarity(size_t n)
{
	static const Bits sequence = scrambler_sequence(0x7f, 127);
	return sequence[n % 127] ? -1 : 1;
}

// One symbol from N_CBPS interleaved bits.
inline Carriers symbol_carriers(const uint8_t *bits, const Rate &r, size_t n)
{
	Carriers c {};
	unsigned i = 0;
	for (int k : data_carriers())
		c[k & 63] = constellation(bits + r.bpsc * i++, r.bpsc);
	for (int k : { -21, -7, 7 })
		c[k & 63] = pilot_polarity(n);
	c[21] = -pilot_polarity(n);
	return c;
}

inline Carriers short_training() // equation 18-6
{
	Carriers c {};
	const double a = std::sqrt(13.0 / 6.0);
	for (int k : { -24, -16, -4, 12, 16, 20, 24 })
		c[k & 63] = Cplx(a, a);
	for (int k : { -20, -12, -8, 4, 8 })
		c[k & 63] = Cplx(-a, -a);
	return c;
}

inline Carriers long_training() // equation 18-8
{
	static const char *signs = "++--++-+-++++++--++-+-++++0+--++-+-+-----++--+-+-++++";
	Carriers c {};
	for (int k = -26; k <= 26; k++)
		c[k & 63] = signs[k + 26] == '+' ? 1 : signs[k + 26] == '-' ? -1 : 0;
	return c;
}

// ---- From carriers to samples ----------------------------------------------------------------

// Sum over 64 carriers, times `scale`: 1/64 for the annex, 1/8 for the unitary transform.
inline Carriers dft(const Carriers &in, bool inverse, double scale)
{
	static const Carriers root = [] {
		Carriers w;
		for (int i = 0; i < 64; i++)
			w[i] = std::polar(1.0, 2 * M_PI * i / 64);
		return w;
	}();
	Carriers out {};
	for (int n = 0; n < 64; n++) {
		for (int k = 0; k < 64; k++)
			out[n] += in[k] * root[(inverse ? n * k : 64 * 64 - n * k) & 63];
		out[n] *= scale;
	}
	return out;
}

// 18.3.2.5 with T_TR of one sample: a section is `length` samples and one more of its cyclic
// continuation, the first and the last halved; neighbours overlap by that one.
inline void append_section(Samples &out, const Carriers &carriers, unsigned start, unsigned length)
{
	Carriers t = dft(carriers, true, 1.0 / 64);
	if (out.empty())
		out.push_back(0);
	for (unsigned n = 0; n <= length; n++) {
		Cplx v = t[(start + n) & 63] * (n == 0 || n == length ? 0.5 : 1.0);
		if (n == 0)
			out.back() += v;
		else
			out.push_back(v);
	}
}

inline Samples samples_of(const std::vector<Carriers> &symbols)
{
	Samples out;
	append_section(out, short_training(), 0, 160);
	append_section(out, long_training(), 32, 160);
	for (const Carriers &s : symbols)
		append_section(out, s, 48, 80);
	return out;
}

// Everything between a PSDU and its samples. Symbol 0 is SIGNAL.
struct Frame {
	Bits signal, signal_coded, signal_interleaved;
	Bits data, scrambled, coded, interleaved; // `coded` is punctured
	std::vector<Carriers> symbols;
	Samples samples; // 320 + 80 (1 + symbols) + 1
};

inline Frame frame_of(const Octets &psdu, unsigned mbps, unsigned seed)
{
	const Rate &r = rate_of(mbps), &base = rate_of(6);
	Frame f;
	f.signal = signal_bits(r, unsigned(psdu.size()));
	f.signal_coded = convolve(f.signal);
	f.signal_interleaved = interleave(f.signal_coded, base);
	f.data = data_bits(psdu, r);
	f.scrambled = scramble(f.data, psdu.size(), seed);
	f.coded = puncture(convolve(f.scrambled), r);
	f.interleaved = interleave(f.coded, r);
	f.symbols.push_back(symbol_carriers(f.signal_interleaved.data(), base, 0));
	for (size_t at = 0, n = 1; at < f.interleaved.size(); at += r.cbps, n++)
		f.symbols.push_back(symbol_carriers(&f.interleaved[at], r, n));
	f.samples = samples_of(f.symbols);
	return f;
}

inline Samples transmit(const Octets &psdu, unsigned mbps, unsigned seed)
{
	return frame_of(psdu, mbps, seed).samples;
}

// ---- Fixed point -----------------------------------------------------------------------------

inline int16_t to_s16(double v, double full_scale = 32768)
{
	double x = std::nearbyint(v * full_scale);
	return int16_t(x > 32767 ? 32767 : x < -32768 ? -32768 : x);
}

inline uint32_t pack_iq(Cplx v, double full_scale = 32768) // {q, i}
{
	return uint32_t(uint16_t(to_s16(v.imag(), full_scale))) << 16 |
	       uint16_t(to_s16(v.real(), full_scale));
}

inline Cplx unpack_iq(uint32_t word, double full_scale = 32768)
{
	return Cplx(int16_t(word & 0xffff), int16_t(word >> 16)) / full_scale;
}

// ---- Channel ---------------------------------------------------------------------------------

constexpr double SIGNAL_POWER = 52.0 / (64 * 64); // of a frame in the annex's scale

// What lies between two antennas, in this order: multipath, delay, carrier offset, gain, noise.
struct Channel {
	Samples taps = { 1 };     // impulse response
	double delay = 0;         // samples, any fraction; a whole part is silence in front
	double cfo = 0;           // cycles a sample
	double phase = 0;         // radians at the first sample
	double gain = 1;          // applied to signal and noise alike
	double snr_db = INFINITY; // over the whole sampled band, against SIGNAL_POWER
	size_t silence_after = 0; // noise alone behind the last sample
	unsigned seed = 1;
};

// Carrier offset in cycles a sample: both oscillators `ppm` apart.
inline double cfo_of_ppm(double ppm, double carrier_hz = 5.9e9, double rate_hz = 20e6)
{
	return ppm * 1e-6 * carrier_hz / rate_hz;
}

inline Samples delayed(const Samples &in, double delay) // windowed sinc, exact at whole delays
{
	const int half = 24;
	const long whole = long(std::floor(delay));
	const double part = delay - double(whole);
	Samples out(in.size() + size_t(whole) + (part > 0 ? half : 0));
	for (long n = 0; n < long(out.size()); n++) {
		if (part == 0) {
			out[n] = n >= whole ? in[n - whole] : 0;
			continue;
		}
		for (int t = 1 - half; t <= half; t++) {
			long from = n - whole - t;
			double x = t - part;
			if (from >= 0 && from < long(in.size()))
				out[n] += in[from] * std::sin(M_PI * x) / (M_PI * x) *
					  (0.5 + 0.5 * std::cos(M_PI * x / (half + 1)));
		}
	}
	return out;
}

inline Samples through(const Samples &in, const Channel &ch)
{
	Samples wide(in.size() + ch.taps.size() - 1);
	for (size_t n = 0; n < in.size(); n++)
		for (size_t t = 0; t < ch.taps.size(); t++)
			wide[n + t] += in[n] * ch.taps[t];

	Samples out = delayed(wide, ch.delay);
	out.resize(out.size() + ch.silence_after);
	std::mt19937 random(ch.seed);
	std::normal_distribution<double> normal(
	    0, std::sqrt(SIGNAL_POWER / 2 * std::pow(10, -ch.snr_db / 10)));
	for (size_t n = 0; n < out.size(); n++) {
		out[n] *= std::polar(1.0, ch.phase + 2 * M_PI * ch.cfo * double(n));
		if (std::isfinite(ch.snr_db)) {
			double re = normal(random), im = normal(random);
			out[n] += Cplx(re, im);
		}
		out[n] *= ch.gain;
	}
	return out;
}

inline Octets random_octets(size_t n, unsigned seed)
{
	std::mt19937 random(seed);
	Octets octets(n);
	for (uint8_t &o : octets)
		o = uint8_t(random());
	return octets;
}

// ---- The standard's worked example -----------------------------------------------------------

inline std::vector<std::vector<std::string>> load_tsv(const std::string &name)
{
	std::ifstream file("tests/vectors/ofdm/" + name);
	std::vector<std::vector<std::string>> rows;
	std::string line, field;
	if (!file)
		throw std::runtime_error("cannot read tests/vectors/ofdm/" + name +
					 " (tests run from the root of the tree)");
	while (std::getline(file, line)) {
		if (line.empty() || line[0] == '#')
			continue;
		rows.emplace_back();
		for (std::stringstream fields(line); std::getline(fields, field, '\t');)
			rows.back().push_back(field);
	}
	rows.erase(rows.begin()); // the names of the columns
	return rows;
}

inline std::string annex_hex(const std::string &name)
{
	for (const auto &row : load_tsv("annex_bits.tsv"))
		if (row[0] == name)
			return row[2];
	throw std::invalid_argument("annex_bits.tsv has no " + name);
}

inline Bits annex_bits(const std::string &name)
{
	return bits_of_hex(annex_hex(name));
}

// The annex's PSDU, its FCS as printed: wrong, but all that follows was made from it.
inline Octets annex_psdu()
{
	return octets_of_hex(annex_hex("psdu"));
}
constexpr unsigned ANNEX_MBPS = 36, ANNEX_SEED = 0x5d;

inline Carriers annex_carriers(const std::string &file)
{
	Carriers c {};
	for (const auto &row : load_tsv(file))
		c[std::stoi(row[0]) & 63] = Cplx(std::stod(row[1]), std::stod(row[2]));
	return c;
}

inline Samples annex_samples()
{
	Samples s;
	for (const auto &row : load_tsv("annex_packet_time.tsv"))
		s.push_back(Cplx(std::stod(row[1]), std::stod(row[2])));
	return s;
}

// Three decimals are printed: half of the last, and a little for the example's own rounding.
constexpr double ANNEX_TOLERANCE = 0.00051;

template <class A, class B> double worst_difference(const A &a, const B &b)
{
	double worst = a.size() == b.size() ? 0 : INFINITY;
	for (size_t i = 0; i < a.size() && i < b.size(); i++) {
		worst = std::max(worst, std::fabs(a[i].real() - b[i].real()));
		worst = std::max(worst, std::fabs(a[i].imag() - b[i].imag()));
	}
	return worst;
}

// The reference against the annex, stage by stage; returns the number of failures.
inline int self_check()
{
	int failures = 0;
	Frame f = frame_of(annex_psdu(), ANNEX_MBPS, ANNEX_SEED);
	auto head = [](const Bits &b, size_t n) { return Bits(b.begin(), b.begin() + long(n)); };
	auto tail = [](const Bits &b, size_t n) { return Bits(b.end() - long(n), b.end()); };
	auto check = [&](const char *what, bool good) {
		printf("%s - reference and annex: %s\n", good ? "ok" : "FAILED", what);
		failures += !good;
	};
	check("SIGNAL bits", f.signal == annex_bits("signal_bits"));
	check("SIGNAL coded", f.signal_coded == annex_bits("signal_coded"));
	check("SIGNAL interleaved", f.signal_interleaved == annex_bits("signal_interleaved"));
	check("first DATA bits", head(f.data, 144) == annex_bits("data_first144"));
	check("last DATA bits", tail(f.data, 144) == annex_bits("data_last144"));
	check("first scrambled", head(f.scrambled, 144) == annex_bits("scrambled_first144"));
	check("last scrambled", tail(f.scrambled, 144) == annex_bits("scrambled_last144"));
	check("symbol 1 coded", head(f.coded, 192) == annex_bits("symbol1_coded"));
	check("symbol 1 interleaved",
	      head(f.interleaved, 192) == annex_bits("symbol1_interleaved"));
	auto carriers = [&](const char *what, const Carriers &c, const char *file) {
		check(what, worst_difference(c, annex_carriers(file)) < ANNEX_TOLERANCE);
	};
	carriers("short training", short_training(), "annex_short_training_frequency.tsv");
	carriers("long training", long_training(), "annex_long_training_frequency.tsv");
	carriers("SIGNAL carriers", f.symbols[0], "annex_signal_frequency.tsv");
	carriers("symbol 1 carriers", f.symbols[1], "annex_symbol1_frequency.tsv");
	check("881 samples", worst_difference(f.samples, annex_samples()) < ANNEX_TOLERANCE);
	Octets body(annex_psdu());
	body.resize(96);
	Octets fcs = with_fcs(body);
	check("CRC-32", Octets(fcs.end() - 4, fcs.end()) == Octets({ 0x67, 0x33, 0x21, 0xb6 }));
	check("deinterleaver undoes the interleaver",
	      deinterleave(f.interleaved, rate_of(ANNEX_MBPS)) == f.coded);
	return failures;
}

} // namespace ofdm
