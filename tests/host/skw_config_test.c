/* skw_config: a whole file, then one fault at a time; each error says file, line and what. rooms:
 * node ledger wire keys */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/skw_config.h"

static struct skw_config config;
static char error[512];

static bool load(const char *text)
{
	char path[] = "/tmp/skw_config_XXXXXX";
	int fd = mkstemp(path);
	bool ok;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	error[0] = '\0';
	ok = skw_config_load(&config, path, error, sizeof(error));
	unlink(path);
	return ok;
}

static const char WHOLE[] =
    "; a comment\n"
    "[node]\nname = alice\nstate = /var/lib/skywave\ncontrol = /run/alice.sock\n"
    "[radio]\ndevice = driver=skywave,transport=sim,path=/tmp/a,radio=alice\n"
    "rate_hz = 10000000\nslots = 4\nslot = 3\ndata_rate = 54\n"
    "[udp]\nlisten = [::1]:7000\n"
    "[peer relay1]\nkey = abc\naddress = 192.0.2.1:7001\n"
    "[peer relay2]\nkey = def\n"
    "[service files]\ntarget = :8080\n"
    "[names]\nbob = xyz\n"
    "[pay]\nprice = 0.25\ncredit_limit = 1\nvoucher_step = 0.001\n"
    "[ledger]\nmode = remote\nurl = http://127.0.0.1:6420\n";

static void a_whole_file_is_read(void **state)
{
	(void)state;
	if (!load(WHOLE))
		fail_msg("%s", error);
	assert_string_equal(config.node.name, "alice");
	assert_string_equal(config.radio.device,
			    "driver=skywave,transport=sim,path=/tmp/a,radio=alice");
	assert_int_equal(config.radio.rate_hz, 10000000);
	assert_int_equal(config.radio.slot, 3);
	assert_string_equal(config.udp.listen.host, "::1");
	assert_int_equal(config.udp.listen.port, 7000);
	assert_int_equal(config.n_peers, 2);
	assert_string_equal(config.peers[0].name, "relay1");
	assert_string_equal(config.peers[0].key, "abc");
	assert_int_equal(config.peers[0].address.port, 7001);
	assert_int_equal(config.peers[1].address.port, 0);
	assert_string_equal(config.services[0].target.host, "127.0.0.1");
	assert_string_equal(config.names[0].key, "xyz");
	assert_int_equal(config.pay.price, 250000);
	assert_int_equal(config.pay.credit_limit, 1000000);
	assert_int_equal(config.pay.voucher_step, 1000);
}

static void refuses(const char *text, const char *expected)
{
	assert_false(load(text));
	if (strstr(error, expected) == NULL)
		fail_msg("said \"%s\", not \"%s\"", error, expected);
}

static void each_fault_is_named(void **state)
{
	(void)state;
	refuses("[node]\nnmae = alice\n", ":2: unknown key in [node]: nmae = alice");
	refuses("[nod]\nname = alice\n", "unknown key in [nod]");
	refuses("[node]\nname\n", ":2: not an INI line");
	refuses("[radio]\nslots = many\n", "whole number from 1 to 64: slots = many");
	refuses("[radio]\nslots = 65\n", "whole number from 1 to 64");
	refuses("[radio]\nslots = 4x\n", "whole number");
	refuses("[radio]\nslots = 99999999999999999999\n", "whole number");
	refuses("[socks]\nlisten = 1080\n", "need host:port");
	refuses("[socks]\nlisten = 127.0.0.1:70000\n", "need host:port");
	refuses("[socks]\nlisten = ::1:80\n", "need host:port");
	refuses("[pay]\nprice = 0.0000001\n", "six decimals");
	refuses("[pay]\nprice = -1\n", "amount of SKY");
	refuses("[ledger]\nproduce = maybe\n", "yes or no");
	refuses("[service a.b]\ntarget = :80\n", "no dot");
	refuses("[peer a]\ncolour = red\n", "unknown key in [peer]");
	refuses("[udp]\nlisten = :7000\n[peer a]\naddress = :7001\n", "needs its key");
	refuses("[node]\nname = alice\n", "could not talk to anybody");
	refuses("[udp]\nlisten = :7000\n[ledger]\nmode = remote\n", "needs url");
	refuses("[udp]\nlisten = :7000\n[ledger]\nmode = cloud\n", "embedded, remote or none");
	refuses("[udp]\nlisten = :7000\n[ledger]\nmode = embedded\n", "needs network");
	refuses("[udp]\nlisten = :7000\n[ledger]\nproduce = yes\n",
		"produce needs mode = embedded");
	refuses("[radio]\ndevice = driver=skywave\nslot = 4\n", "slot must be less than slots");
	refuses("[radio]\ndevice = driver=skywave\nrate_hz = 8000000\n", "rate_hz must be");
	refuses("[radio]\ndevice = driver=skywave\nslot_us = 1000\nguard_us = 500\n",
		"guard_us leaves nothing");
	refuses("[udp]\nlisten = :7000\n[pay]\nvoucher_step = 0.0015\n", "multiple of 0.001");
	refuses("[udp]\nlisten = :7000\n[pay]\nvoucher_step = 1\ncredit_limit = 1\n",
		"less than credit_limit");
	assert_false(skw_config_load(&config, "/nonexistent/skywave.ini", error, sizeof(error)));
	assert_non_null(strstr(error, "/nonexistent/skywave.ini: No such file"));
}

static void text_that_is_too_long_is_refused(void **state)
{
	char text[1200] = "[udp]\nlisten = :7000\n[node]\nname = ";

	(void)state;
	memset(text + strlen(text), 'a', 64);
	refuses(text, "1 to 63 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_file_is_read),
		cmocka_unit_test(each_fault_is_named),
		cmocka_unit_test(text_that_is_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
