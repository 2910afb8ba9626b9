// rx_demap against the max-log formula in double precision: the distance to the nearest point with the bit 1 less that
// to the nearest with the bit 0, from the reference's constellations.

#include "Vrx_demap.h"
#include "ofdm_reference.h"
#include "stream_drive.h"
#include "verilated.h"

using namespace ofdm;

// The two formulas agree where the nearest points are neighbours; beyond that max-log grows faster than the module's, and
// both are clipped at 7. So small values must match, and large ones must be large.
int main()
{
	static const unsigned BPSC[] = {1, 2, 4, 6};
	static const double HALF[] = {1, 1 / std::sqrt(2.0), 1 / std::sqrt(10.0), 1 / std::sqrt(42.0)};
	for (unsigned mod = 0; mod < 4; mod++)
		for (bool dense : {true, false}) {
			Vrx_demap dut;
			std::mt19937 random(mod + 1);
			struct Want { Cplx x; double w; };
			std::vector<Want> in;
			std::vector<uint32_t> out;
			unsigned bpsc = BPSC[mod], wrong = 0, unused = 0;
			double worst = 0;
			dut.s_valid = 0;
			dut.s_mod = uint8_t(mod);
			drive::reset(dut);
			auto clock = [&] {
				dut.eval();
				if (dut.m_valid)
					out.push_back(dut.m_soft);
				drive::clock(dut);
			};
			for (int n = 0; n < 3000; n++) {
				double w = double(1 + random() % (n % 3 ? 200 : 1023)) / 64;
				Cplx x(double(random() % 3000) / 1000 - 1.5, double(random() % 3000) / 1000 - 1.5);
				auto fixed = [&](double v) { return int32_t(std::lround(v * w * 4096)); };
				in.push_back({Cplx(fixed(x.real()), fixed(x.imag())) / 4096.0 / w, w});
				dut.s_re = uint32_t(fixed(x.real())) & 0x3ffff;
				dut.s_im = uint32_t(fixed(x.imag())) & 0x3ffff;
				dut.s_weight = uint16_t(std::lround(w * 64));
				dut.s_valid = 1;
				clock();
				dut.s_valid = 0;
				dut.s_weight = uint16_t(random() % 1024);
				for (unsigned k = dense ? 1 : 1 + random() % 4; k; k--)
					clock();
			}
			for (int n = 0; n < 12; n++)
				clock();
			bool count = out.size() == in.size();
			for (size_t n = 0; count && n < in.size(); n++)
				for (unsigned b = 0; b < 6; b++) {
					int soft = int32_t(out[n] >> 4 * b << 28) >> 28;
					if (b >= bpsc) {
						unused += soft != 0;
						continue;
					}
					double near[2] = {1e9, 1e9};
					for (unsigned code = 0; code < 1u << bpsc; code++) {
						uint8_t bits[6];
						for (unsigned k = 0; k < bpsc; k++)
							bits[k] = code >> k & 1;
						double d = std::norm(in[n].x - constellation(bits, bpsc));
						near[bits[b]] = std::min(near[bits[b]], d);
					}
					// Between neighbours 2 d apart max-log is 4 d per unit of amplitude; 4 units of soft are d.
					double llr = in[n].w * (near[0] - near[1]) / (4 * HALF[mod]) * 4 / HALF[mod];
					double clipped = std::min(7.0, std::max(-7.0, llr));
					double error = std::fabs(soft - clipped);
					// one level beyond the neighbours the slope doubles
					bool near_edge = std::fabs(llr) <= 4 * in[n].w;
					if (near_edge)
						worst = std::max(worst, error);
					else
						wrong += soft * llr < 0 || (std::fabs(soft) < 7 && std::fabs(soft) + 1.2 < 4 * in[n].w);
				}
			drive::check(count && unused == 0 && wrong == 0 && worst < 0.85,
				     std::to_string(bpsc) + " bits" + (dense ? ", dense" : ", spread") + ": " +
					     std::to_string(out.size()) + " carriers, worst error " + std::to_string(worst) +
					     " of 7, " + std::to_string(wrong) + " weak");
		}
	return drive::failures() != 0;
}
