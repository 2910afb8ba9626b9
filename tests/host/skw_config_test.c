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

/* Any 52 letters of base32 whose last four bits are zero are an address. */
#define SOMEBODY "aeaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const char WHOLE[] =
    "; a comment\n"
    "[node]\nname = alice\nstate = /var/lib/skywave\ncontrol = /run/alice.sock\n"
    "[radio]\ndevice = driver=skywave,transport=sim,path=/tmp/a,radio=alice\n"
    "rate_hz = 10000000\nslots = 4\nslot = 3\ndata_rate = 54\n"
    "[udp]\nlisten = [::1]:7000\n"
    "[peer relay1]\nkey = " SOMEBODY "\naddress = 192.0.2.1:7001\n"
    "[peer relay2]\nkey = " SOMEBODY "\n"
    "[service files]\ntarget = :8080\n"
    "[names]\nbob = " SOMEBODY "\n"
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
	assert_string_equal(config.peers[0].key, SOMEBODY);
	assert_int_equal(config.peers[0].address.port, 7001);
	assert_int_equal(config.peers[1].address.port, 0);
	assert_string_equal(config.services[0].target.host, "127.0.0.1");
	assert_string_equal(config.names[0].key, SOMEBODY);
	assert_int_equal(config.pay.price, 250000);
	assert_int_equal(config.pay.credit_limit, 1000000);
	assert_int_equal(config.pay.voucher_step, 1000);
}

static void paths_are_chosen_as_written(void **state)
{
	struct skw_node_address node;

	(void)state;
	assert_true(load("[udp]\nlisten = :7000\n"));
	assert_int_equal(config.path.paths, 4);
	assert_int_equal(config.path.relays, 2);
	assert_string_equal(config.path.policy, "cheapest");
	if (!load("[udp]\nlisten = :7000\n[path]\npaths = 16\nrelays = any\npolicy = fastest\n"
		  "max_price = 1.5\navoid = eve , mallory\navoid = " SOMEBODY "\nrequire = bob\n"
		  "[names]\neve = " SOMEBODY "\nmallory = " SOMEBODY "\nbob = " SOMEBODY "\n"))
		fail_msg("%s", error);
	assert_int_equal(config.path.paths, 16);
	assert_int_equal(config.path.relays, SKW_CONFIG_ANY_RELAYS);
	assert_int_equal(config.path.max_price, 1500000);
	assert_int_equal(config.path.avoid.n, 3);
	assert_string_equal(config.path.avoid.name[0], "eve");
	assert_string_equal(config.path.avoid.name[1], "mallory");
	assert_string_equal(config.path.avoid.name[2], SOMEBODY);
	assert_int_equal(config.path.require.n, 1);
	assert_true(skw_config_node(&config, "bob", &node));
	assert_false(skw_config_node(&config, "nobody", &node));
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
	refuses("[udp]\nlisten = :7000\n[node]\nname = a b\n", "[node] name: ");
	refuses("[udp]\nlisten = :7000\n[node]\nlog = loud\n", "[node] log must be debug");
	refuses("[udp]\nlisten = :7000\n[service a b]\ntarget = :80\n", "[service NAME]");
	refuses("[udp]\nlisten = files.example:7000\n", "numeric address");
	refuses("[udp]\nlisten = :7000\n[socks]\nlisten = localhost:1080\n", "numeric address");
	refuses("[udp]\nlisten = :7000\n[socks]\nusers = x\n", "users needs listen");
	refuses("[udp]\nlisten = :7000\n[tun]\nexit = bob\n", "[tun] exit needs device");
	refuses("[udp]\nlisten = :7000\n[exit]\npool = 10.0.0.0/24\n", "want a network of IPv4");
	refuses("[udp]\nlisten = :7000\n[exit]\ntun = yes\npolicy = internet\n", "needs policy");
	refuses("[udp]\nlisten = :7000\n[exit]\ntun = yes\n[tun]\ndevice = a\n", "needs policy");
	refuses("[udp]\nlisten = :7000\n[peer a]\nkey = abc\n", "need an address");
	refuses("[udp]\nlisten = :7000\n[names]\nbob = abc\n", ":4: need an address");
	refuses("[node]\nn\033[2Jame = a\n", "unknown key in [node]: n?[2Jame");
	refuses("[radio]\nslots = many\n", "whole number from 1 to 32: slots = many");
	refuses("[radio]\nslots = 33\n", "whole number from 1 to 32");
	refuses("[radio]\nslot = last\n", "need auto, or a whole number from 0 to 31");
	refuses("[radio]\nslots = 4x\n", "whole number");
	refuses("[radio]\nslots = 99999999999999999999\n", "whole number");
	refuses("[socks]\nlisten = 1080\n", "need host:port");
	refuses("[socks]\nlisten = 127.0.0.1:70000\n", "need host:port");
	refuses("[socks]\nlisten = ::1:80\n", "need host:port");
	refuses("[pay]\nprice = 0.0000001\n", "six decimals");
	refuses("[pay]\nprice = -1\n", "amount of SKY");
	refuses("[ledger]\nproduce = maybe\n", "yes or no");
	refuses("[service a.b]\ntarget = :80\n", "no dot");
	refuses("[radio]\ndata_rate = 7\n", "need auto, 6, 9, 12");
	refuses("[radio]\ndata_rate = fast\n", "need auto, 6, 9, 12");
	refuses("[peer a]\ncolour = red\n", "unknown key in [peer]");
	refuses("[udp]\nlisten = :7000\n[peer a]\naddress = :7001\n", "needs its key");
	refuses("[udp]\nlisten = :7000\n[peer a]\nkey = " SOMEBODY "\nthrough = a\n",
		"through: want another");
	refuses("[udp]\nlisten = :7000\n[peer a]\nkey = " SOMEBODY "\nthrough = nobody\n",
		"through: want another");
	refuses("[udp]\nlisten = :7000\n[peer a]\nkey = " SOMEBODY "\nthrough =\n",
		"need a neighbour");
	refuses("[radio]\ndevice = x\n[peer b]\nkey = " SOMEBODY "\n[peer a]\nkey = " SOMEBODY
		"\nthrough = b\n",
		"through needs [udp] listen");
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
	refuses("[circuit]\nrelays = 2\n", "[circuit] is called [path] now");
	refuses("[path]\npaths = 0\n", "from 1 to 32");
	refuses("[path]\npaths = 33\n", "from 1 to 32");
	refuses("[path]\nrelays = 8\n", "any, or a whole number from 0 to 7");
	refuses("[path]\nrelays = few\n", "any, or a whole number");
	refuses("[path]\navoid = \n", "with commas between");
	refuses("[path]\navoid = a, , b\n", "with commas between");
	refuses("[path]\navoid = a b\n", "with commas between");
	refuses("[path]\navoid = a,\n", "with commas between");
	refuses("[path]\navoid = 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17\n", "16 at most");
	refuses("[udp]\nlisten = :7000\n[path]\npolicy = best\n", "cheapest or fastest");
	refuses("[udp]\nlisten = :7000\n[path]\navoid = eve\n", "petnames of [names]");
	refuses("[udp]\nlisten = :7000\n[path]\nrelays = 0\nrequire = " SOMEBODY "\n",
		"more nodes than");
	refuses("[udp]\nlisten = :7000\n[path]\navoid = " SOMEBODY "\nrequire = " SOMEBODY "\n",
		"required and avoided");
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
		cmocka_unit_test(paths_are_chosen_as_written),
		cmocka_unit_test(each_fault_is_named),
		cmocka_unit_test(text_that_is_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
