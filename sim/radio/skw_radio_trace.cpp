#include "radio/skw_radio_trace.h"

#include <cstdio>
#include <unistd.h>

#include "gtkwave/fstapi.h"

static void write_vcd(const char *path, const char *fst)
{
	void *reader = fstReaderOpen(fst);
	FILE *out = fopen(path, "w");

	if (reader != nullptr && out != nullptr) {
		fstReaderProcessHier(reader, out);
		fstReaderSetFacProcessMaskAll(reader);
		fstReaderIterBlocks(reader, nullptr, nullptr, out);
	}
	if (reader == nullptr || out == nullptr || fflush(out) != 0 || ferror(out))
		fprintf(stderr, "%s: the trace could not be written\n", path);
	if (out != nullptr)
		fclose(out);
	if (reader != nullptr)
		fstReaderClose(reader);
}

Trace::~Trace()
{
	if (!fst.isOpen())
		return;
	fst.close();
	if (!vcd.empty()) {
		write_vcd(vcd.c_str(), written().c_str());
		unlink(written().c_str());
	}
}
