// fft64 against a double-precision DFT: precision, order, direction, stalls, speed.

#include "Vfft64.h"
#include "ofdm_reference.h"
#include "stream_drive.h"
#include "verilated.h"

using ofdm::Carriers;
using ofdm::Cplx;

struct In {
	uint32_t data;
	unsigned inverse;
};
struct Out {
	uint32_t data;
	bool last;
	unsigned user;
	bool operator==(const Out &o) const
	{
		return data == o.data && last == o.last && user == o.user;
	}
};

struct Block {
	Carriers in;
	bool inverse;
};

static std::vector<In> beats_of(const std::vector<Block> &blocks)
{
	std::vector<In> beats;
	for (const Block &b : blocks)
		for (int n = 0; n < 64; n++) // only the first beat's tuser counts
			beats.push_back(
			    { ofdm::pack_iq(b.in[n]), n ? unsigned(rand()) & 1 : b.inverse });
	return beats;
}

static std::vector<Out> run(const std::vector<Block> &blocks, drive::Run &r)
{
	Vfft64 dut;
	drive::reset(dut);
	return drive::run_stream(
	    dut, beats_of(blocks), 64 * blocks.size(), r,
	    [](Vfft64 &d, const In &b) {
		    d.s_axis_tdata = b.data;
		    d.s_axis_tuser = uint8_t(b.inverse);
	    },
	    [](Vfft64 &d) {
		    return Out { d.m_axis_tdata, bool(d.m_axis_tlast), d.m_axis_tuser };
	    });
}

static double clip(double v)
{
	return v > 32767 / 32768.0 ? 32767 / 32768.0 : v < -1 ? -1 : v;
}

struct Result {
	bool shape = true; // count, tlast, tuser
	double worst = 0;  // LSB
	double mean_re = 0, mean_im = 0, noise = 0, signal = 0;
};

static Result compare(const std::vector<Block> &blocks, const std::vector<Out> &got)
{
	Result r;
	size_t n = 0;
	r.shape = got.size() == 64 * blocks.size();
	for (const Block &b : blocks) {
		Carriers in;
		for (int i = 0; i < 64; i++) // what the ports carry
			in[i] = ofdm::unpack_iq(ofdm::pack_iq(b.in[i]));
		Carriers want = ofdm::dft(in, b.inverse, 1.0 / 8);
		for (int i = 0; i < 64 && n < got.size(); i++, n++) {
			Cplx w(clip(want[i].real()), clip(want[i].imag()));
			Cplx e = (ofdm::unpack_iq(got[n].data) - w) * 32768.0;
			r.shape &= got[n].last == (i == 63) && got[n].user == unsigned(b.inverse);
			r.worst = std::max({ r.worst, std::fabs(e.real()), std::fabs(e.imag()) });
			r.mean_re += e.real();
			r.mean_im += e.imag();
			r.noise += std::norm(e);
			r.signal += std::norm(w) * 32768.0 * 32768.0;
		}
	}
	r.mean_re /= double(n);
	r.mean_im /= double(n);
	return r;
}

static std::mt19937 generator(7);

static Block noise(double rms, bool inverse)
{
	std::normal_distribution<double> normal(0, rms / std::sqrt(2.0));
	Block b { {}, inverse };
	for (Cplx &v : b.in) {
		double re = normal(generator), im = normal(generator);
		v = Cplx(re, im);
	}
	return b;
}

int main()
{
	using drive::check;
	char text[200];
	std::vector<Block> mixed;

	for (int n = 0; n < 200; n++)
		mixed.push_back(noise(0.1, generator() & 1));
	for (unsigned source : { 0, 30, 90 })
		for (unsigned sink : { 0, 30, 90 }) {
			drive::Run r;
			r.source_idle = source;
			r.sink_idle = sink;
			r.seed = source * 100 + sink + 1;
			Result c = compare(mixed, run(mixed, r));
			snprintf(text, sizeof text,
				 "200 blocks of both directions at -20 dBFS, %u%% / %u%% idle: "
				 "worst %.2f LSB, "
				 "%.1f dB, %zu clocks a block",
				 source, sink, c.worst, 10 * std::log10(c.signal / c.noise),
				 r.clocks / 200);
			check(c.shape && r.steady && c.worst < 3 && c.signal / c.noise > 1e6, text);
			if (source == 0 && sink == 0)
				check(r.clocks / 200 <= 200,
				      "a transform every 200 clocks or fewer");
		}

	// Convergent rounding: no mean that a bin 0 or a DC estimate would gather.
	std::vector<Block> small;
	for (int n = 0; n < 1000; n++)
		small.push_back(noise(0.01, n & 1));
	drive::Run r;
	Result c = compare(small, run(small, r));
	snprintf(text, sizeof text, "mean error %.4f, %.4f LSB", c.mean_re, c.mean_im);
	check(std::fabs(c.mean_re) < 0.02 && std::fabs(c.mean_im) < 0.02, text);

	// One tone or impulse at every place: order, conjugation, full scale.
	for (bool inverse : { false, true }) {
		std::vector<Block> tones;
		for (int k = 0; k < 64; k++) {
			Block t { {}, inverse }, i { {}, inverse };
			for (int n = 0; n < 64; n++)
				t.in[n] = std::polar(0.12, 2 * M_PI * n * k / 64);
			i.in[k] = Cplx(0.999, -0.999);
			tones.push_back(t);
			tones.push_back(i);
		}
		c = compare(tones, run(tones, r));
		snprintf(text, sizeof text, "%s of each tone and each impulse: worst %.2f LSB",
			 inverse ? "inverse" : "forward", c.worst);
		check(c.shape && c.worst < 3, text);
	}

	// Too much: what leaves the range is clamped, what stays inside it is still right.
	std::vector<Block> loud;
	for (int k = 0; k < 64; k++) {
		Block b { {}, bool(k & 1) };
		for (int n = 0; n < 64; n++)
			b.in[n] = std::polar(0.99, 2 * M_PI * n * k / 64);
		loud.push_back(b);
	}
	Block dc { {}, false };
	dc.in.fill(Cplx(-1, -1));
	loud.push_back(dc);
	dc.in.fill(Cplx(0.99997, 0.99997));
	loud.push_back(dc);
	c = compare(loud, run(loud, r));
	snprintf(text, sizeof text,
		 "full-scale tones saturate, and only where they are: worst %.2f LSB", c.worst);
	check(c.shape && c.worst < 4, text);

	// Latency: one block, no stalls.
	r = drive::Run();
	run({ noise(0.1, false) }, r);
	snprintf(text, sizeof text, "latency %zu clocks from the last beat in to the first out",
		 r.clocks - 128 + 1);
	check(r.clocks - 128 + 1 <= 220, text);

	// Reset in the middle of a block leaves nothing behind.
	Vfft64 dut;
	drive::reset(dut);
	auto put = [](Vfft64 &d, const In &b) {
		d.s_axis_tdata = b.data;
		d.s_axis_tuser = uint8_t(b.inverse);
	};
	auto get = [](Vfft64 &d) {
		return Out { d.m_axis_tdata, bool(d.m_axis_tlast), d.m_axis_tuser };
	};
	for (unsigned cut : { 20u, 100u, 300u, 500u }) {
		drive::Run some;
		some.patience = cut;
		drive::run_stream(dut, beats_of(mixed), 1u << 30, some, put, get);
		drive::reset(dut);
		drive::Run all;
		std::vector<Block> few(mixed.begin(), mixed.begin() + 5);
		c = compare(few, drive::run_stream(dut, beats_of(few), 64 * 5, all, put, get));
		check(c.shape && c.worst < 3, "after a reset at clock " + std::to_string(cut));
	}
	return drive::failures() != 0;
}
