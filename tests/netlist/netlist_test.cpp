// The core, once from its RTL and once from its netlist: both are built from this file, and both must pass it and print the same.
//
//   netlist_test TRANSCRIPT
//
// In loopback it sends the standard's worked example and a frame of each rate, through the host link alone. Samples are held
// against the printed table, received octets against those sent. Everything that leaves the core, with its clock, goes into the
// transcript: the caller compares those of the two.

#include <cstring>
#include <ctime>
#include <fstream>

#include "Vskywave.h"
#include "../rtl/ofdm_reference.h"
#include "../rtl/stream_drive.h"
#include "verilated.h"

using Words = std::vector<uint32_t>;

static constexpr uint32_t LOOPBACK = 1 << 2, RX_FRAMES = 1 << 0, FCS_BAD_TOO = 1 << 3;
static constexpr double ANNEX_LSB = 65536; // of a value 1.0, at full amplitude

class Core
{
      public:
	explicit Core(const char *transcript) : out(transcript)
	{
		drive::reset(dut);
	}
	void send(const Words &packet)
	{
		queue.insert(queue.end(), packet.begin(), packet.end());
	}
	// Until `count` packets of this type have come, or nobody would wait any longer.
	std::vector<Words> until(uint8_t type, size_t count, unsigned clocks)
	{
		std::vector<Words> found;
		for (; clocks > 0 && found.size() < count; clocks--)
			if (step() && (done[0] >> 8 & 0xFF) == type)
				found.push_back(done);
		return found;
	}
	ofdm::Samples wave;
	unsigned clock = 0;

      private:
	bool step() // a clock; true if a packet ended in `done`
	{
		dut.sample = clock % 4 == 0;
		dut.s_host_tvalid = at < queue.size();
		dut.s_host_tdata = at < queue.size() ? queue[at] : 0xDEADBEEF;
		dut.m_host_tready = (clock * 2654435761u >> 20) % 4 != 0;
		dut.eval();
		bool taken = dut.s_host_tvalid && dut.s_host_tready, ended = false;
		if (dut.m_host_tvalid && dut.m_host_tready) {
			packet.push_back(dut.m_host_tdata);
			out << clock << ' ' << std::hex << dut.m_host_tdata << std::dec << '\n';
			ended = dut.m_host_tlast;
		}
		drive::clock(dut);
		at += taken;
		if (clock++ % 4 == 0 && dut.tx_active) {
			wave.emplace_back(int16_t(dut.tx_i) / ANNEX_LSB, int16_t(dut.tx_q) / ANNEX_LSB);
			out << clock << " tx " << dut.tx_i << ' ' << dut.tx_q << '\n';
		}
		if (ended)
			done.swap(packet), packet.clear();
		return ended;
	}
	Vskywave dut;
	std::ofstream out;
	Words queue, packet, done;
	size_t at = 0;
};

static Words tx_frame(const ofdm::Octets &psdu, unsigned mbps, unsigned seed, uint32_t tag)
{
	Words w = {0x105Au | uint32_t(24 + psdu.size()) << 16, 1u | mbps << 8 | uint32_t(psdu.size()) << 16,
		   seed << 8 | 0xFFFFu << 16, tag, 0, 0, 0};
	w.resize(w.size() + (psdu.size() + 3) / 4);
	memcpy(&w[7], psdu.data(), psdu.size());
	return w;
}

static bool same(const Words &rx_frame, const ofdm::Octets &psdu, unsigned mbps)
{
	return rx_frame.size() == 9 + (psdu.size() + 3) / 4 && (rx_frame[1] >> 8 & 0xFF) == mbps &&
	       rx_frame[1] >> 16 == psdu.size() && memcmp(&rx_frame[9], psdu.data(), psdu.size()) == 0;
}

int main(int argc, char **argv)
{
	Core core(argc > 1 ? argv[1] : "/dev/null");

	core.send({0x0008'015A, 0x03, LOOPBACK | RX_FRAMES | FCS_BAD_TOO});
	core.send(tx_frame(ofdm::annex_psdu(), ofdm::ANNEX_MBPS, ofdm::ANNEX_SEED, 1));
	auto heard = core.until(0x90, 1, 60000);
	ofdm::Samples annex = ofdm::annex_samples();
	double worst = core.wave.size() == annex.size() ? ofdm::worst_difference(core.wave, annex) : 1;
	char text[100];
	snprintf(text, sizeof text, "the standard's example: %zu samples, worst difference %.5f", core.wave.size(), worst);
	drive::check(worst < ofdm::ANNEX_TOLERANCE + 3 / ANNEX_LSB, text);
	drive::check(heard.size() == 1 && same(heard[0], ofdm::annex_psdu(), ofdm::ANNEX_MBPS), "its octets come back");

	std::mt19937 random(1);
	for (unsigned mbps : {6, 9, 12, 18, 24, 36, 48, 54}) {
		ofdm::Octets psdu(50 + mbps);
		for (uint8_t &octet : psdu)
			octet = uint8_t(random());
		core.send(tx_frame(psdu, mbps, 0, mbps));
		heard = core.until(0x90, 1, 60000);
		drive::check(heard.size() == 1 && same(heard[0], psdu, mbps),
			     std::to_string(mbps) + " Mb/s: " + std::to_string(psdu.size()) + " octets come back");
	}

	// Counters, which lie in a memory: frames delivered, preambles detected, frames sent.
	for (uint32_t address : {0x10, 0x13, 0x15})
		core.send({0x0008'025A, address, address});
	auto values = core.until(0x82, 3, 60000);
	drive::check(values.size() == 3 && values[0][3] == 9 && values[1][3] == 9 && values[2][3] == 9, "nine frames counted");
	printf("%u clocks, %.1f s of CPU\n", core.clock, double(std::clock()) / CLOCKS_PER_SEC);
	return drive::failures() != 0;
}
