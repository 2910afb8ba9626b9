// driver=imitation - skw_imitation as a SoapySDR device. Arguments are the fields of its
// configuration; rates are separated by colons.

#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include <SoapySDR/Device.hpp>
#include <SoapySDR/Formats.hpp>
#include <SoapySDR/Registry.hpp>

extern "C" {
#include "skw_imitation.h"
}

namespace {

double number(const SoapySDR::Kwargs &args, const char *key, double otherwise)
{
	const auto it = args.find(key);
	return it == args.end() ? otherwise : std::strtod(it->second.c_str(), nullptr);
}

class Imitation : public SoapySDR::Device {
public:
	explicit Imitation(const SoapySDR::Kwargs &args)
	{
		const auto air = args.find("air"), rates = args.find("rates");

		std::memset(&c_, 0, sizeof(c_));
		if (air == args.end() || air->second.size() >= sizeof(c_.air))
			throw std::runtime_error("imitation: air=FILE is missing");
		std::strcpy(c_.air, air->second.c_str());
		c_.seat = unsigned(number(args, "seat", 0));
		c_.time = number(args, "time", 1) != 0;
		c_.half = number(args, "half", 0) != 0;
		c_.late = number(args, "late", 1) != 0;
		c_.transmits = number(args, "transmits", 1) != 0;
		c_.short_calls = number(args, "short", 0) != 0;
		c_.narrow = number(args, "narrow", 0) != 0;
		c_.leak = number(args, "leak", 0) != 0;
		c_.pace = number(args, "pace", 1);
		c_.ppm = number(args, "ppm", 0);
		c_.loss_db = number(args, "loss", 20);
		c_.noise_dbfs = number(args, "noise", -60);
		c_.dc = number(args, "dc", 0);
		c_.overflow_ms = number(args, "overflow_ms", 0);
		c_.latency_ms = number(args, "latency_ms", 2);
		c_.turn_ms = number(args, "turn_ms", 5);
		const char *at = rates == args.end() ? "1e6" : rates->second.c_str();
		while (*at != '\0' && c_.n_rates < SKW_IMITATION_RATES) {
			char *end;
			c_.rates[c_.n_rates++] = std::strtod(at, &end);
			at = *end == ':' ? end + 1 : "";
		}
		d_ = skw_imitation_new(&c_);
		if (!d_)
			throw std::runtime_error("imitation: cannot have that seat of that air");
	}
	~Imitation() override { skw_imitation_free(d_); }
	Imitation(const Imitation &) = delete;
	Imitation &operator=(const Imitation &) = delete;

	std::string getDriverKey() const override { return "imitation"; }
	std::string getHardwareKey() const override { return "imitation"; }
	size_t getNumChannels(const int direction) const override
	{
		return direction == SOAPY_SDR_RX || c_.transmits ? 1 : 0;
	}
	bool getFullDuplex(const int, const size_t) const override { return !c_.half; }

	std::vector<std::string> getStreamFormats(const int, const size_t) const override
	{
		if (c_.narrow)
			return { SOAPY_SDR_CS16 };
		return { SOAPY_SDR_CS16, SOAPY_SDR_CF32 };
	}
	std::string getNativeStreamFormat(const int, const size_t, double &full) const override
	{
		full = c_.narrow ? 2048 : 32768;
		return SOAPY_SDR_CS16;
	}
	SoapySDR::Stream *setupStream(const int direction, const std::string &format,
				      const std::vector<size_t> &, const SoapySDR::Kwargs &args) override
	{
		const auto mode = args.find("mode");
		if (mode != args.end() && mode->second == "frame")
			throw std::runtime_error("imitation: no mode frame");
		if (format != SOAPY_SDR_CS16 && (c_.narrow || format != SOAPY_SDR_CF32))
			throw std::runtime_error("imitation: no format " + format);
		if (getNumChannels(direction) == 0)
			throw std::runtime_error("imitation: no such direction");
		return reinterpret_cast<SoapySDR::Stream *>(
			new Side { direction == SOAPY_SDR_RX, format == SOAPY_SDR_CS16 });
	}
	void closeStream(SoapySDR::Stream *s) override { delete side(s); }
	size_t getStreamMTU(SoapySDR::Stream *) const override { return 4096; }
	int activateStream(SoapySDR::Stream *s, const int, const long long, const size_t) override
	{
		return skw_imitation_activate(d_, side(s)->rx);
	}
	int deactivateStream(SoapySDR::Stream *s, const int, const long long) override
	{
		return skw_imitation_deactivate(d_, side(s)->rx);
	}
	int readStream(SoapySDR::Stream *s, void *const *buffs, const size_t n, int &flags,
		       long long &time_ns, const long timeout_us) override
	{
		return skw_imitation_read(d_, buffs[0], side(s)->cs16, n, &flags, &time_ns, timeout_us);
	}
	int writeStream(SoapySDR::Stream *s, const void *const *buffs, const size_t n, int &flags,
			const long long time_ns, const long timeout_us) override
	{
		return skw_imitation_write(d_, buffs[0], side(s)->cs16, n, flags, time_ns, timeout_us);
	}
	int readStreamStatus(SoapySDR::Stream *s, size_t &, int &flags, long long &time_ns,
			     const long timeout_us) override
	{
		return side(s)->rx ? SOAPY_SDR_NOT_SUPPORTED
				   : skw_imitation_status(d_, &flags, &time_ns, timeout_us);
	}

	void setSampleRate(const int, const size_t, const double hz) override
	{
		if (!skw_imitation_set_rate(d_, hz))
			throw std::invalid_argument("imitation: no such sample rate");
	}
	double getSampleRate(const int, const size_t) const override { return skw_imitation_rate(d_); }
	SoapySDR::RangeList getSampleRateRange(const int, const size_t) const override
	{
		SoapySDR::RangeList list;
		for (unsigned k = 0; k < c_.n_rates; k++)
			list.push_back(SoapySDR::Range(c_.rates[k], c_.rates[k]));
		return list;
	}
	std::vector<double> listSampleRates(const int, const size_t) const override
	{
		return std::vector<double>(c_.rates, c_.rates + c_.n_rates);
	}
	std::vector<std::string> listFrequencies(const int, const size_t) const override { return { "RF" }; }
	SoapySDR::RangeList getFrequencyRange(const int, const size_t, const std::string &) const override
	{
		return { SoapySDR::Range(1e6, 10e9) };
	}
	void setFrequency(const int, const size_t, const double hz, const SoapySDR::Kwargs &) override
	{
		skw_imitation_set_frequency(d_, hz);
	}
	void setFrequency(const int, const size_t, const std::string &, const double hz,
			  const SoapySDR::Kwargs &) override
	{
		skw_imitation_set_frequency(d_, hz);
	}
	double getFrequency(const int, const size_t) const override { return skw_imitation_frequency(d_); }
	SoapySDR::Range getGainRange(const int direction, const size_t) const override
	{
		return direction == SOAPY_SDR_RX ? SoapySDR::Range(-20, 50, 1) : SoapySDR::Range(-50, 0);
	}
	void setGain(const int direction, const size_t, const double db) override
	{
		skw_imitation_set_gain(d_, direction == SOAPY_SDR_RX, db);
	}
	double getGain(const int direction, const size_t) const override
	{
		return skw_imitation_gain(d_, direction == SOAPY_SDR_RX);
	}

	bool hasHardwareTime(const std::string &) const override { return c_.time; }
	long long getHardwareTime(const std::string &) const override
	{
		return c_.time ? skw_imitation_time_ns(d_) : 0;
	}
	void setHardwareTime(const long long ns, const std::string &) override
	{
		if (c_.time)
			skw_imitation_set_time_ns(d_, ns);
	}

private:
	struct Side {
		bool rx, cs16;
	};
	static Side *side(SoapySDR::Stream *s) { return reinterpret_cast<Side *>(s); }
	skw_imitation_config c_;
	skw_imitation *d_;
};

SoapySDR::KwargsList find(const SoapySDR::Kwargs &args)
{
	const auto driver = args.find("driver");
	if (driver == args.end() || driver->second != "imitation")
		return {};
	SoapySDR::Kwargs one(args);
	one["label"] = "imitation";
	return { one };
}

SoapySDR::Device *make(const SoapySDR::Kwargs &args)
{
	return new Imitation(args);
}

SoapySDR::Registry registry("imitation", &find, &make, SOAPY_SDR_ABI_VERSION);

}
