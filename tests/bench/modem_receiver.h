// modem_receiver - the receiver in C behind the face of rx_receiver.h, so that one bench measures both.

#pragma once

#include "ofdm_reference.h"

extern "C" {
#include "modem/skw_modem.h"
}

struct Frame_in {
	unsigned code = 0;
	ofdm::Octets psdu;
};

class Receiver {
public:
	std::vector<Frame_in> frames;

	Receiver() : rx(skw_modem_rx_new(20e6)) {}
	~Receiver() { skw_modem_rx_free(rx); }
	Receiver(const Receiver &) = delete;
	Receiver &operator=(const Receiver &) = delete;
	// Rounded to 16 bits of that full scale, as the gates have them.
	void samples(const ofdm::Samples &s, double full_scale = 32768)
	{
		std::vector<skw_modem_iq> in;
		for (ofdm::Cplx v : s)
			in.push_back({round(v.real(), full_scale), round(v.imag(), full_scale)});
		for (size_t at = 0; at < in.size(); poll()) {
			size_t took = skw_modem_rx_push(rx, &in[at], in.size() - at, time);
			at += took;
			time += took;
		}
	}

private:
	skw_modem_rx *rx;
	uint64_t time = 0;

	static float round(double v, double full_scale)
	{
		return float(std::min(std::max(std::round(v * full_scale), -32768.0), 32767.0) / 32768);
	}
	void poll()
	{
		skw_frame_rx f;
		const uint8_t *psdu;
		while (skw_modem_rx_poll(rx, &f, &psdu)) {
			Frame_in in;
			in.code = ofdm::rate_of(f.rate_mbps).code;
			in.psdu.assign(psdu, psdu + f.length);
			frames.push_back(in);
		}
	}
};

// As in rx_receiver.h.
inline const double IDEAL_DB[] = {-0.3, 2.3, 2.7, 5.3, 8.3, 11.6, 15.7, 17.1};
