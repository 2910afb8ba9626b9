// ofdm_frame against the annex's SIGNAL and scrambled DATA bits, and the reference's.

#include "Vofdm_frame.h"
#include "ofdm_reference.h"
#include "stream_drive.h"
#include "verilated.h"

using drive::check;

struct Job {
	ofdm::Octets psdu;
	unsigned mbps, seed;
};

struct Bit {
	bool bit, last;
	unsigned user;
	bool operator==(const Bit &o) const
	{
		return bit == o.bit && last == o.last && user == o.user;
	}
};

static std::vector<Bit> expected(const std::vector<Job> &jobs)
{
	std::vector<Bit> out;
	for (const Job &j : jobs) {
		const ofdm::Rate &r = ofdm::rate_of(j.mbps);
		unsigned mod = r.bpsc == 6 ? 3 : r.bpsc / 2; // ofdm_pkg::mod_e
		unsigned coding = r.den - 2;                 // ofdm_pkg::coding_e
		for (uint8_t b : ofdm::signal_bits(r, unsigned(j.psdu.size())))
			out.push_back({ bool(b), false, 0 });
		ofdm::Bits data = ofdm::scramble(ofdm::data_bits(j.psdu, r), j.psdu.size(), j.seed);
		for (size_t i = 0; i < data.size(); i++) {
			unsigned last = i >= data.size() - r.dbps;
			out.push_back(
			    { bool(data[i]), i + 1 == data.size(), last << 4 | coding << 2 | mod });
		}
	}
	return out;
}

static std::vector<Bit> run(const std::vector<Job> &jobs, size_t expect, unsigned source_idle,
			    unsigned sink_idle, bool &clean)
{
	Vofdm_frame dut;
	ofdm::Octets octets;
	for (const Job &j : jobs)
		octets.insert(octets.end(), j.psdu.begin(), j.psdu.end());
	octets.push_back(0xaa); // one too many: it must stay
	drive::Source<Job> descriptors(jobs, source_idle, 1);
	drive::Source<uint8_t> bytes(octets, source_idle, 2);
	drive::Sink<Bit> sink(sink_idle, 3);
	size_t beyond = 500;

	drive::reset(dut);
	for (size_t t = 0; t < 100 * expect + 1000 && beyond; t++) {
		descriptors.offer();
		bytes.offer();
		sink.decide();
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
		sink.sample(dut.m_axis_tvalid,
			    { bool(dut.m_axis_tdata), bool(dut.m_axis_tlast), dut.m_axis_tuser });
		drive::clock(dut);
		if (sink.beats.size() >= expect)
			beyond--;
	}
	clean = sink.steady && descriptors.done() && bytes.next == octets.size() - 1;
	return sink.beats;
}

static void frames(const std::string &what, const std::vector<Job> &jobs)
{
	std::vector<Bit> want = expected(jobs);
	for (unsigned source : { 0, 40, 90 })
		for (unsigned sink : { 0, 40, 90 }) {
			bool clean;
			std::vector<Bit> got = run(jobs, want.size(), source, sink, clean);
			check(got == want && clean,
			      what + ", " + std::to_string(source) + "% / " + std::to_string(sink) +
				  "% idle: " + std::to_string(got.size()) + " bits");
		}
}

int main()
{
	bool clean;
	std::vector<Bit> got = run({ { ofdm::annex_psdu(), ofdm::ANNEX_MBPS, ofdm::ANNEX_SEED } },
				   24 + 6 * 144, 0, 0, clean);
	auto part = [&](size_t from, size_t n) {
		ofdm::Bits b;
		for (size_t i = from; i < from + n && i < got.size(); i++)
			b.push_back(got[i].bit);
		return b;
	};
	check(part(0, 24) == ofdm::annex_bits("signal_bits"), "the annex's SIGNAL bits");
	check(part(24, 144) == ofdm::annex_bits("scrambled_first144"), "its first scrambled bits");
	check(part(24 + 5 * 144, 144) == ofdm::annex_bits("scrambled_last144"), "its last ones");

	for (const ofdm::Rate &r : ofdm::rates()) {
		std::vector<Job> jobs;
		for (unsigned n = 1; n <= 40; n++)
			jobs.push_back(
			    { ofdm::random_octets(n, n), r.mbps, 1 + (7 * n + r.mbps) % 127 });
		frames(std::to_string(r.mbps) + " Mb/s, 1..40 octets", jobs);
	}
	frames("the longest, the shortest, none at all",
	       { { ofdm::random_octets(4095, 1), 54, 127 },
		 { { 0x5a }, 6, 1 },
		 { {}, 48, 2 },
		 { { 1 }, 9, 3 } });
	return drive::failures() != 0;
}
