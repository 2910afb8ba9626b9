// impairment - what real radios and real air do to a frame, one thing at a time or together, for tests and benches.
//
//   frame -> amplifier -> echoes -> sampling clock -> carrier, its phase noise -> gain, noise -> imbalance, constant -> converter
//
// Levels are of the frame's rms over the sampled band. Every random thing comes from the generator that is handed in.

#pragma once

#include "ofdm_reference.h"

namespace ofdm
{

struct Impairment {
	double rate_hz = 20e6;
	double cfo_ppm = NAN;                   // of 5.9 GHz, exactly, its sign by turns; none: anything within 40
	double clock_ppm = 0;                   // the sampling clocks are so far apart, sign by turns
	double saturation_db = INFINITY;        // of the amplifier, over the frame's rms: Rapp's model, smoothness 2
	double spread_ns = 0;                   // rms of an exponential profile
	double constant_dbc = -INFINITY;        // of the mixer
	double imbalance_db = 0, imbalance_deg = 0;
	double phase_noise_dbc = -INFINITY;     // per Hz, 100 kHz off the carrier, falling by 20 dB a decade
	double dbfs = -24;
	double other_dbfs = NAN;                // every other frame is as loud as that; noise stays
	unsigned bits = 16;
	size_t length = 1000;
};

// Taps of Rayleigh amplitude and exponential power, scaled so that this very channel hands on what it was given.
inline Samples exponential_taps(double spread_samples, std::mt19937 &random)
{
	std::normal_distribution<double> normal;
	Samples taps(size_t(std::ceil(spread_samples * 10)) + 1);
	double power = 0;
	for (size_t k = 0; k < taps.size(); k++) {
		double a = std::exp(-double(k) / spread_samples / 2), re = normal(random);
		taps[k] = Cplx(re, normal(random)) * a;
		power += std::norm(taps[k]);
	}
	for (Cplx &t : taps)
		t /= std::sqrt(power);
	return taps;
}

// As an amplifier hands it on that saturates so far above the frame's rms: |y| = |x| / (1 + (|x| / A)^2p)^(1 / 2p), p = 2.
inline Samples amplified(const Samples &in, double saturation_db)
{
	double most = std::sqrt(SIGNAL_POWER) * std::pow(10, saturation_db / 20);
	Samples out;
	for (Cplx x : in)
		out.push_back(x / std::pow(1 + std::pow(std::abs(x) / most, 4), 0.25));
	return out;
}

// The signal as a receiver sees it whose sampling clock is `ppm` slow, `delay` samples late: windowed sinc from a table.
inline Samples resampled(const Samples &in, double ppm, double delay = 0)
{
	const int half = 16, steps = 1024;
	static const std::vector<double> table = [] {
		std::vector<double> t;
		for (int p = 0; p <= steps; p++)
			for (int m = 1 - half; m <= half; m++) {
				double x = double(p) / steps - m;
				t.push_back((x == 0 ? 1 : std::sin(M_PI * x) / (M_PI * x)) *
					    (0.5 + 0.5 * std::cos(M_PI * x / (half + 1))));
			}
		return t;
	}();
	Samples out(in.size() + size_t(std::ceil(delay)) + (delay > 0 ? half : 0));
	for (size_t n = 0; n < out.size(); n++) {
		double at = (double(n) - delay) * (1 + ppm * 1e-6);
		long mid = long(std::floor(at));
		const double *w = &table[size_t(std::lround((at - double(mid)) * steps)) * 2 * half];
		for (long m = 1 - half; m <= half; m++)
			if (mid + m >= 0 && mid + m < long(in.size()))
				out[n] += in[size_t(mid + m)] * w[m + half - 1];
	}
	return out;
}

// Frame `n` of a run as it comes out of the converter, noise around it; a full scale is 1. `before` and `after`: samples of noise.
inline Samples impaired(const Samples &frame, const Impairment &im, double snr_db, unsigned n, size_t before, size_t after)
{
	std::mt19937 random(n * 7919 + 1);
	std::normal_distribution<double> normal;
	Samples in = frame;
	if (!std::isinf(im.saturation_db))
		in = amplified(in, im.saturation_db);
	if (im.spread_ns > 0) {
		Samples taps = exponential_taps(im.spread_ns * 1e-9 * im.rate_hz, random);
		in.assign(frame.size() + taps.size() - 1, 0);
		for (size_t i = 0; i < frame.size(); i++)
			for (size_t t = 0; t < taps.size(); t++)
				in[i + t] += frame[i] * taps[t];
	}
	in = resampled(in, n % 2 ? im.clock_ppm : -im.clock_ppm, double(n % 7) / 7 + 1e-9);

	double loud = std::pow(10, im.dbfs / 20), now = loud;
	if (!std::isnan(im.other_dbfs) && n % 2)
		now = std::pow(10, im.other_dbfs / 20);
	double quietest = std::isnan(im.other_dbfs) ? loud : std::min(loud, std::pow(10, im.other_dbfs / 20));
	double sigma = quietest * std::sqrt(0.5) * std::pow(10, -snr_db / 20);
	double ppm = std::isnan(im.cfo_ppm) ? double(n % 17) * 5 - 40 : n % 2 ? im.cfo_ppm : -im.cfo_ppm;
	double step = 2 * M_PI * 1e5 * std::sqrt(std::pow(10, im.phase_noise_dbc / 10) / im.rate_hz);
	double turn = 2 * M_PI * cfo_of_ppm(ppm, 5.9e9, im.rate_hz), phase = n;
	double g = std::pow(10, im.imbalance_db / 40), s = std::sin(im.imbalance_deg * M_PI / 180), c = std::sqrt(1 - s * s);
	Cplx constant = std::polar(loud * std::pow(10, im.constant_dbc / 20), 0.7);
	double lsb = std::pow(2, 1 - int(im.bits));

	Samples out(before + in.size() + after);
	for (size_t i = 0; i < out.size(); i++) {
		double re = normal(random);
		Cplx v = Cplx(re, normal(random)) * sigma;
		if (i >= before && i < before + in.size())
			v += in[i - before] * std::polar(now / std::sqrt(SIGNAL_POWER), phase);
		phase += turn + step * normal(random);
		v = Cplx(v.real() * g, (v.imag() * c + v.real() * s) / g) + constant;
		if (im.bits < 16)
			v = Cplx(std::min(std::round(v.real() / lsb), 1 / lsb - 1) * lsb,
				 std::min(std::round(v.imag() / lsb), 1 / lsb - 1) * lsb);
		out[i] = v;
	}
	return out;
}

} // namespace ofdm
