/* skw_radio_trace - every signal of the gates over time, into a file; in the build that traces.
 *
 * Verilator writes FST, which is small; a name that does not end in .fst gets VCD, which every
 * program reads, made of it in the end. The window is in samples, the file's time in picoseconds.
 */
#ifndef SKW_RADIO_TRACE_H
#define SKW_RADIO_TRACE_H

#include <cstdint>
#include <string>

#include "verilated_fst_c.h"

class Trace
{
	static constexpr uint64_t HALF_CLOCK_PS = 6250; // 80 MHz: 4 clocks to a sample at 20 MS/s
	VerilatedFstC fst;
	uint64_t from = 0, to = 0, halves = 0;
	std::string fst_path;
	std::string vcd; // to be written; empty: none

      public:
	~Trace();
	// Writes what is left; true if all of it is in the file, or there was no trace.
	bool stop();
	// False if the file cannot be written.
	template <class Gates>
	bool start(Gates &gates, const std::string &path, uint64_t first, uint64_t end)
	{
		bool as_fst = path.size() >= 4 && path.compare(path.size() - 4, 4, ".fst") == 0;

		from = first;
		to = end;
		vcd = as_fst ? "" : path;
		fst.set_time_unit("1ps");
		fst.set_time_resolution("1ps");
		gates.trace(&fst, 99);
		fst_path = as_fst ? path : path + ".fst";
		fst.open(fst_path.c_str());
		return fst.isOpen();
	}
	// After each half of a clock, the sample counter being at `now`.
	void dump(uint64_t now)
	{
		halves++;
		if (fst.isOpen() && now >= from && now < to)
			fst.dump(halves * HALF_CLOCK_PS);
	}
};

#endif
