// rx_demap against the max-log formula in double precision: the distance to the nearest point with the bit 1 less that
// to the nearest with the bit 0, from the reference's constellations.

#include "Vrx_demap.h"
#include "soft_reference.h"
#include "stream_drive.h"
#include "verilated.h"

using namespace ofdm;

// The two formulas agree where the nearest points are neighbours; beyond that max-log grows faster than the module's, and
// both are clipped at 9, the largest of the sizes. So small values must match, and large ones must be large.
// What the channel's estimate lacks, by definition: the nearest level of each axis, in units of which `unit` are a half distance.
static Cplx error_of(Cplx z, double w, double half, unsigned bpsc, double unit)
{
	const double most = bpsc <= 2 ? 1 : bpsc == 4 ? 3 : 7;
	bool torn = false;
	auto axis = [&](double v) {
		double u = std::fabs(v) / half, best = u - w;
		for (double level = 3; level <= most; level += 2) {
			torn |= std::fabs(u - (level - 1) * w) < 0.5 / unit;
			if (std::fabs(u - level * w) < std::fabs(best))
				best = u - level * w;
		}
		return std::min(127 / 8.0, std::max(-16.0, best * unit));
	};
	auto sign = [](double v) { return v < 0 ? -1.0 : 1.0; };
	torn |= std::fabs(z.real()) / half < 0.2 / unit || (bpsc > 1 && std::fabs(z.imag()) / half < 0.2 / unit);
	double re = axis(z.real()), im = axis(z.imag()), turn = std::min(127 / 8.0, std::max(-16.0, z.imag() / half * unit));
	Cplx signs(sign(z.real()), sign(z.imag()));
	if (torn)
		return {NAN, NAN};
	return bpsc == 1 ? Cplx(re, signs.real() * turn) : Cplx(re * signs.real(), im * signs.imag()) * std::conj(signs);
}

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
			std::vector<Cplx> apart;
			double worst_apart = 0;
			bool late = false;
			const double unit = mod < 2 ? 8 : mod == 2 ? 4 : 6;
			unsigned bpsc = BPSC[mod], wrong = 0, unused = 0;
			double worst = 0;
			dut.s_valid = 0;
			dut.s_mod = uint8_t(mod);
			drive::reset(dut);
			auto clock = [&] {
				dut.eval();
				if (dut.m_valid)
					out.push_back(dut.m_soft);
				bool valid = dut.m_valid;
				drive::clock(dut);
				dut.eval();
				if (late) // the errors are a clock behind
					apart.push_back(Cplx(int32_t(uint32_t(dut.m_grow) << 23) >> 23,
							     int32_t(uint32_t(dut.m_turn) << 23) >> 23) /
							8.0);
				late = valid;
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
			for (size_t n = 0; count && n < in.size(); n++) {
				Cplx want = error_of(in[n].x * in[n].w, in[n].w, HALF[mod], bpsc, unit);
				// where two levels are as near, either will do
				if (!std::isnan(want.real()))
					worst_apart = std::max({worst_apart, std::fabs(apart[n].real() - want.real()),
								std::fabs(apart[n].imag() - want.imag())});
				for (unsigned b = 0; b < 6; b++) {
					int number = int32_t(out[n] >> 4 * b << 28) >> 28, soft = soft::size_of(number);
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
					// Between neighbours 2 d apart max-log is 4 d per unit of amplitude; `unit` of soft are d.
					double llr = in[n].w * (near[0] - near[1]) / (4 * HALF[mod]) * unit / HALF[mod];
					// one level beyond the neighbours the slope doubles
					bool near_edge = std::fabs(llr) <= unit * in[n].w;
					if (near_edge)
						worst = std::max(worst, soft::off_by(number, llr));
					else
						wrong += soft * llr < 0 || (std::fabs(soft) < 9 && std::fabs(soft) + (std::fabs(soft) < 5 ? 1.2 : 2.2) < unit * in[n].w);
				}
			}
			drive::check(count && unused == 0 && wrong == 0 && worst < 0.35 && worst_apart < 1.01,
				     std::to_string(bpsc) + " bits" + (dense ? ", dense" : ", spread") + ": " +
					     std::to_string(out.size()) + " carriers, worst error " + std::to_string(worst) +
					     " of 9, " + std::to_string(wrong) + " weak, distance to the point off by " + std::to_string(worst_apart));
		}
	return drive::failures() != 0;
}
