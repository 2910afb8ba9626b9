// rx_receiver - a Verilated rx with an antenna, and a list of what it told.

#pragma once

#include "Vrx.h"
#include "ofdm_reference.h"
#include "stream_drive.h"
#include "verilated.h"

struct Frame_in { // as the receiver tells it
	unsigned code = 0, length = 0;
	double energy = 0, signal = 0, noise = 0, cfo = 0;
	uint64_t time = 0;
	ofdm::Octets psdu;
	bool whole = false; // tlast came with the last octet, and not before
};

class Receiver {
public:
	std::vector<Frame_in> frames;
	unsigned detected = 0, signal_bad = 0, faults = 0;
	uint64_t time = 0, clocks = 0, last_octet = 0; // in its clock a frame's last octet left
	unsigned stall = 0, spacing = 4, jitter = 0;

	Receiver()
	{
		dut.enable = 1;
		dut.s_axis_tvalid = 0;
		drive::reset(dut);
	}
	void sample(uint32_t iq)
	{
		dut.s_axis_tdata = iq;
		dut.s_axis_tuser = time++;
		dut.s_axis_tvalid = 1;
		clock();
		dut.s_axis_tvalid = 0;
		unsigned extra = jitter ? random() % (jitter + 1) : 0;
		for (unsigned n = 1; n < spacing + extra; n++)
			clock();
	}
	void samples(const ofdm::Samples &s, double full_scale = 32768)
	{
		for (ofdm::Cplx v : s)
			sample(ofdm::pack_iq(v, full_scale));
	}
	// Silence until nothing is in flight; false if that never comes.
	bool settle(size_t most = 30000)
	{
		while (dut.busy && most--)
			sample(0);
		return !dut.busy;
	}
	bool busy() const { return dut.busy; }
	void enable(bool on) { dut.enable = on; }

private:
	Vrx dut;
	std::mt19937 random{7};
	std::vector<Frame_in> announced;
	bool desc_waiting = false;

	void clock()
	{
		dut.m_desc_tready = random() % 100 >= stall;
		dut.m_axis_tready = random() % 100 >= stall;
		dut.eval();
		detected += dut.event_detected;
		signal_bad += dut.event_signal_bad;
		if (dut.m_desc_tvalid && !desc_waiting) {
			Frame_in f;
			f.code = dut.m_desc_rate;
			f.length = dut.m_desc_length;
			f.energy = dut.m_desc_energy;
			f.signal = dut.m_desc_signal;
			f.noise = dut.m_desc_noise;
			f.cfo = int32_t(dut.m_desc_cfo) / 4294967296.0;
			f.time = dut.m_desc_time;
			announced.push_back(f);
		}
		desc_waiting = dut.m_desc_tvalid && !dut.m_desc_tready;
		if (dut.m_axis_tvalid && dut.m_axis_tready) {
			if (announced.empty()) {
				faults++; // an octet without a descriptor
			} else {
				Frame_in &f = announced.front();
				f.psdu.push_back(dut.m_axis_tdata);
				if (dut.m_axis_tlast) {
					last_octet = clocks;
					f.whole = f.psdu.size() == f.length;
					faults += !f.whole;
					frames.push_back(f);
					announced.erase(announced.begin());
				}
			}
		}
		drive::clock(dut);
		clocks++;
	}
};

// Signal-to-noise ratio at which 10 % of frames of 1,000 octets are lost by an ideal receiver, 6..54 Mb/s.
inline const double IDEAL_DB[] = {-0.3, 2.3, 2.7, 5.3, 8.3, 11.6, 15.7, 17.1};

inline double dbfs_gain(double dbfs) // of the annex's scale
{
	return std::pow(10, dbfs / 20) / std::sqrt(ofdm::SIGNAL_POWER);
}
