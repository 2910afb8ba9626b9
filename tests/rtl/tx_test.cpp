// tx against the standard's worked example and the floating-point reference: every sample, the bits
// that a receiver would find, the constellation error, the pace, frames in a row.

#include "Vtx.h"
#include "ofdm_reference.h"
#include "stream_drive.h"
#include "verilated.h"

using drive::check;

constexpr double SCALE = 65536; // LSB of a value 1.0 of the annex

struct Job {
	ofdm::Octets psdu;
	unsigned mbps, seed;
};

struct Sample {
	uint32_t data;
	bool last;
	bool operator==(const Sample &o) const
	{
		return data == o.data && last == o.last;
	}
};

struct Pace {
	unsigned byte_idle = 0; // percent
	unsigned sink_idle = 0; // percent, where not every 4th clock
	bool fourth = false;    // a sample every 4th clock
	size_t cut = 0;         // clocks after which the run ends, if not 0
	size_t hold = 0;        // clocks before the first sample is taken
};

struct Outcome {
	std::vector<Sample> samples;
	size_t starved = 0;  // 4th clocks inside a frame at which none was there
	size_t ready_at = 0; // clock of the first offer
	size_t clocks = 0;   // until the last sample
	bool steady = true, all_taken = true;
};

static Outcome run(Vtx &dut, const std::vector<Job> &jobs, const Pace &pace)
{
	ofdm::Octets octets;
	size_t expect = 0;
	for (const Job &j : jobs) {
		octets.insert(octets.end(), j.psdu.begin(), j.psdu.end());
		expect += 401 + 80 * ofdm::symbol_count(ofdm::rate_of(j.mbps), j.psdu.size());
	}
	drive::Source<Job> descriptors(jobs, pace.byte_idle, 11);
	drive::Source<uint8_t> bytes(octets, pace.byte_idle, 12);
	drive::Sink<Sample> sink(pace.sink_idle, 13);
	Outcome o;
	bool inside = false;
	size_t beyond = 2000;

	drive::reset(dut);
	for (size_t t = 0; t < 100000 + expect * 400 && beyond && (!pace.cut || t < pace.cut);
	     t++) {
		descriptors.offer();
		bytes.offer();
		sink.decide();
		if (pace.fourth)
			sink.ready = t % 4 == 0;
		if (t < pace.hold)
			sink.ready = false;
		dut.s_desc_tvalid = descriptors.valid;
		dut.s_desc_rate = uint8_t(ofdm::rate_of(descriptors.beat().mbps).code);
		dut.s_desc_length = uint16_t(descriptors.beat().psdu.size());
		dut.s_desc_seed = uint8_t(descriptors.beat().seed);
		dut.s_axis_tvalid = bytes.valid;
		dut.s_axis_tdata = bytes.beat();
		dut.m_axis_tready = sink.ready;
		dut.eval();
		descriptors.sample(dut.s_desc_tready);
		bytes.sample(dut.s_axis_tready);
		sink.sample(dut.m_axis_tvalid, { dut.m_axis_tdata, bool(dut.m_axis_tlast) });
		if (dut.m_axis_tvalid && !o.ready_at)
			o.ready_at = t;
		if (sink.ready) {
			o.starved += inside && !dut.m_axis_tvalid;
			if (dut.m_axis_tvalid)
				inside = !dut.m_axis_tlast;
		}
		drive::clock(dut);
		if (sink.beats.size() >= expect)
			beyond--;
		else
			o.clocks = t + 1;
	}
	o.steady = sink.steady;
	o.all_taken = descriptors.done() && bytes.done();
	o.samples = sink.beats;
	return o;
}

static Outcome run(const std::vector<Job> &jobs, const Pace &pace)
{
	Vtx dut;
	return run(dut, jobs, pace);
}

// What a frame's samples say, against the reference.
struct Verdict {
	bool shape = true, bits = true;
	double worst = 0;             // LSB, clipped samples aside
	double noise = 0, signal = 0; // of the carriers, for the constellation error
	double error_db() const
	{
		return 10 * std::log10(noise / signal);
	}
};

static double clip(double v)
{
	return std::min(32767.0, std::max(-32768.0, v));
}

static unsigned long slice(ofdm::Cplx v, unsigned bpsc) // the nearest point, by exhaustion
{
	unsigned long best = 0;
	double least = INFINITY;
	for (unsigned long p = 0; p < 1ul << bpsc; p++) {
		uint8_t b[6];
		for (unsigned i = 0; i < bpsc; i++)
			b[i] = p >> i & 1;
		double d = std::norm(v - ofdm::constellation(b, bpsc));
		if (d < least) {
			least = d;
			best = p;
		}
	}
	return best;
}

// Symbol n of the samples, back to carriers in the annex's scale. Symbol 0 is SIGNAL.
static ofdm::Carriers carriers_of(const Sample *frame, size_t n)
{
	ofdm::Carriers t;
	for (int i = 0; i < 64; i++)
		t[i] = ofdm::unpack_iq(frame[320 + 80 * n + 16 + i].data, SCALE);
	return ofdm::dft(t, false, 1);
}

static void judge(Verdict &v, const Job &job, const Sample *got)
{
	const ofdm::Rate &r = ofdm::rate_of(job.mbps);
	ofdm::Frame want = ofdm::frame_of(job.psdu, job.mbps, job.seed);
	size_t count = want.samples.size();

	for (size_t n = 0; n < count; n++) {
		ofdm::Cplx w(clip(want.samples[n].real() * SCALE),
			     clip(want.samples[n].imag() * SCALE));
		ofdm::Cplx e = ofdm::unpack_iq(got[n].data, 1) - w;
		v.worst = std::max({ v.worst, std::fabs(e.real()), std::fabs(e.imag()) });
		v.shape &= got[n].last == (n + 1 == count);
	}
	for (size_t s = 0; s < want.symbols.size(); s++) {
		ofdm::Carriers c = carriers_of(got, s);
		unsigned bpsc = s ? r.bpsc : 1, at = 0;
		const uint8_t *bits =
		    s ? &want.interleaved[(s - 1) * r.cbps] : want.signal_interleaved.data();
		for (int k = 0; k < 64; k++) {
			v.noise += std::norm(c[k] - want.symbols[s][k]);
			v.signal += std::norm(want.symbols[s][k]);
		}
		for (int k : ofdm::data_carriers()) {
			unsigned long p = slice(c[k & 63], bpsc);
			for (unsigned b = 0; b < bpsc; b++)
				v.bits &= (p >> b & 1) == bits[at++];
		}
	}
}

static Verdict judge_all(const std::vector<Job> &jobs, const Outcome &o)
{
	Verdict v;
	size_t at = 0;
	for (const Job &j : jobs) {
		size_t n = 401 + 80 * ofdm::symbol_count(ofdm::rate_of(j.mbps), j.psdu.size());
		if (at + n > o.samples.size())
			v.shape = v.bits = false;
		else
			judge(v, j, &o.samples[at]);
		at += n;
	}
	v.shape &= at == o.samples.size() && o.steady && o.all_taken;
	return v;
}

static void frames(const std::string &what, const std::vector<Job> &jobs, const Pace &pace)
{
	Outcome o = run(jobs, pace);
	Verdict v = judge_all(jobs, o);
	char text[200];
	snprintf(text, sizeof text,
		 "%s: %zu samples, worst %.1f LSB, constellation error %.1f dB%s", what.c_str(),
		 o.samples.size(), v.worst, v.error_db(),
		 pace.fourth ? (", starved " + std::to_string(o.starved)).c_str() : "");
	check(v.shape && v.bits && v.worst < 4 && v.error_db() < -40 &&
		  (!pace.fourth || !o.starved),
	      text);
}

// The annex's packet, sample by sample against its printed table.
static void annex()
{
	Job job = { ofdm::annex_psdu(), ofdm::ANNEX_MBPS, ofdm::ANNEX_SEED };
	for (unsigned idle : { 0, 50, 90 }) {
		Pace pace;
		pace.byte_idle = pace.sink_idle = idle;
		Outcome o = run({ job }, pace);
		ofdm::Samples got;
		for (const Sample &s : o.samples)
			got.push_back(ofdm::unpack_iq(s.data, SCALE));
		double worst = ofdm::worst_difference(got, ofdm::annex_samples());
		char text[160];
		snprintf(text, sizeof text,
			 "the annex's packet, %u%% idle: %zu samples, worst %.5f", idle, got.size(),
			 worst);
		check(worst < ofdm::ANNEX_TOLERANCE + 3 / SCALE, text);
		if (got.size() != 881)
			continue;
		bool bits = true;
		ofdm::Bits want = ofdm::annex_bits("symbol1_interleaved"), first;
		ofdm::Carriers c = carriers_of(o.samples.data(), 1);
		for (int k : ofdm::data_carriers())
			for (unsigned b = 0; b < 4; b++)
				first.push_back(slice(c[k & 63], 4) >> b & 1);
		bits &= first == want;
		c = carriers_of(o.samples.data(), 0);
		want = ofdm::annex_bits("signal_interleaved");
		first.clear();
		for (int k : ofdm::data_carriers())
			first.push_back(uint8_t(slice(c[k & 63], 1)));
		check(bits && first == want, "its SIGNAL and first symbol carry the printed bits");
	}
}

int main()
{
	drive::failures() += ofdm::self_check();
	annex();

	// Every rate and the lengths where fields meet symbol borders, at the antenna's pace.
	for (const ofdm::Rate &r : ofdm::rates()) {
		Pace pace;
		pace.fourth = true;
		std::vector<Job> jobs;
		for (unsigned n = 1; n <= 40; n++)
			jobs.push_back(
			    { ofdm::random_octets(n, n), r.mbps, 1 + (n * 37 + r.mbps) % 127 });
		std::string name = std::to_string(r.mbps) + " Mb/s, ";
		frames(name + "1..40 octets in a row", jobs, pace);
		jobs.clear();
		for (unsigned n : { 100u, 500u, 1500u, 4095u })
			jobs.push_back(
			    { ofdm::random_octets(n, n), r.mbps, 1 + (n + r.mbps) % 127 });
		frames(name + "100, 500, 1500, 4095 octets", jobs, pace);
	}

	// All rates mixed, with stalls on every side.
	std::mt19937 random(5);
	std::vector<Job> mixed;
	for (unsigned n = 0; n < 60; n++)
		mixed.push_back({ ofdm::random_octets(1 + random() % 200, n),
				  ofdm::rates()[random() % 8].mbps, 1 + unsigned(random() % 127) });
	for (unsigned bytes : { 0, 50, 97 })
		for (unsigned sink : { 0, 50, 90 }) {
			Pace pace;
			pace.byte_idle = bytes;
			pace.sink_idle = sink;
			frames("rates mixed, " + std::to_string(bytes) + "% / " +
				   std::to_string(sink) + "% idle",
			       mixed, pace);
		}

	// All-zero and all-one octets: the scrambler alone keeps the carriers apart.
	Pace pace;
	pace.fourth = true;
	frames(
	    "constant octets",
	    { { ofdm::Octets(300, 0), 54, 1 }, { ofdm::Octets(300, 255), 6, 127 }, { {}, 6, 3 } },
	    pace);

	// A gate holds the first sample back; the frame waits there unchanged, then runs on.
	pace.hold = 20000;
	Outcome o = run(mixed, pace);
	check(o.ready_at < 500, "the first sample is on offer after " + std::to_string(o.ready_at) +
				    " clocks and waits for its time");
	frames("held back for 20000 clocks", mixed, pace);

	// A reset at any moment leaves nothing behind.
	std::vector<Job> few(mixed.begin(), mixed.begin() + 3);
	Vtx dut;
	bool clean = true;
	for (size_t cut = 1; cut < 12000; cut += 7 + cut / 6) {
		pace = Pace();
		pace.fourth = true;
		pace.cut = cut;
		run(dut, mixed, pace);
		pace.cut = 0;
		Verdict v = judge_all(few, run(dut, few, pace));
		clean &= v.shape && v.bits && v.worst < 4;
	}
	check(clean, "whole frames after a reset, at some thirty moments of another");

	// How far from starving: clocks a symbol where nothing waits for the antenna.
	o = run({ { ofdm::random_octets(4095, 9), 54, 9 } }, Pace());
	size_t clocks = o.clocks / ofdm::symbol_count(ofdm::rate_of(54), 4095);
	check(clocks < 310,
	      "54 Mb/s takes " + std::to_string(clocks) + " of a symbol's 320 clocks");
	return drive::failures() != 0;
}
