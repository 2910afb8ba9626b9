/* skw_kv: records, order, all-or-nothing, and a process killed in the middle. rooms: node */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/skw_kv.h"

static char folder[64], path[96], error[256];

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/skw_kv_XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/state", folder);
	return 0;
}

static int drop_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static struct skw_kv *open_kv(void)
{
	struct skw_kv *kv = skw_kv_open(path, error, sizeof(error));

	if (kv == NULL)
		fail_msg("%s", error);
	return kv;
}

static void collect(void *arg, const uint8_t *key, size_t key_len, const uint8_t *value,
		    size_t value_len)
{
	char *out = arg;

	snprintf(out + strlen(out), 200, "%.*s=%.*s;", (int)key_len, (const char *)key,
		 (int)value_len, value_len > 0 ? (const char *)value : "");
}

static void put(struct skw_kv *kv, const char *key, const char *value)
{
	assert_true(skw_kv_put(kv, (const uint8_t *)key, strlen(key), (const uint8_t *)value,
			       strlen(value)));
}

static void expect(struct skw_kv *kv, const char *all)
{
	char out[1024] = "";

	assert_true(skw_kv_each(kv, collect, out));
	assert_string_equal(out, all);
}

static void records_replace_and_outlive_the_process(void **state)
{
	struct skw_kv *kv = open_kv();
	struct stat st;

	(void)state;
	put(kv, "b", "1");
	put(kv, "a", "2");
	put(kv, "b", "3");
	put(kv, "empty", "");
	expect(kv, "a=2;b=3;empty=;");
	skw_kv_close(kv);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	kv = open_kv();
	assert_true(skw_kv_delete(kv, (const uint8_t *)"a", 1));
	expect(kv, "b=3;empty=;");
	skw_kv_close(kv);
}

/* What is only kept outlives a kill as well, in the order in which it was written; and nobody else
 * opens the file meanwhile. */
static void what_is_kept_outlives_the_process(void **state)
{
	char out[1024] = "";
	struct skw_kv *kv;
	int ready[2];
	pid_t child;
	char c;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		kv = skw_kv_open(path, error, sizeof(error));
		put(kv, "a", "sure");
		for (unsigned n = 0; n < 2000; n++) { /* the log goes around */
			char number[16];

			snprintf(number, sizeof(number), "%u", n);
			skw_kv_keep(kv, (const uint8_t *)"b", 1, (const uint8_t *)number,
				    strlen(number));
		}
		if (write(ready[1], "r", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(ready[0]);
	close(ready[1]);
	kv = open_kv();
	assert_true(skw_kv_each(kv, collect, out));
	assert_non_null(strstr(out, "a=sure;"));
	assert_non_null(strstr(out, "b=1999;"));
	skw_kv_close(kv);
}

/* A child writes pairs in transactions until it is killed: each pair must be whole. */
static void a_kill_leaves_whole_transactions(void **state)
{
	(void)state;
	for (int round = 0; round < 5; round++) {
		char out[1024] = "";
		struct skw_kv *kv;
		int ready[2];
		pid_t child;
		char c;

		assert_int_equal(pipe(ready), 0);
		child = fork();
		if (child == 0) {
			kv = skw_kv_open(path, error, sizeof(error));
			for (unsigned n = 0; kv != NULL; n++) {
				char number[16];

				snprintf(number, sizeof(number), "%u", n);
				skw_kv_begin(kv);
				skw_kv_put(kv, (const uint8_t *)"x", 1, (const uint8_t *)number,
					   strlen(number));
				skw_kv_put(kv, (const uint8_t *)"y", 1, (const uint8_t *)number,
					   strlen(number));
				skw_kv_commit(kv);
				if (n == 3 && write(ready[1], "r", 1) != 1)
					break;
			}
			_exit(1);
		}
		assert_int_equal(read(ready[0], &c, 1), 1);
		usleep((unsigned)(rand() % 20000));
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		close(ready[0]);
		close(ready[1]);

		kv = open_kv();
		assert_true(skw_kv_each(kv, collect, out));
		skw_kv_close(kv);
		assert_non_null(strchr(out, ';'));
		assert_int_equal(strncmp(out + 2, strstr(out, "y=") + 2, strcspn(out, ";") - 1), 0);
	}
}

static void a_file_that_is_none_is_refused(void **state)
{
	FILE *f = fopen(path, "w");

	(void)state;
	for (int i = 0; i < 200; i++)
		fputs("this is not a database\n", f);
	fclose(f);
	assert_null(skw_kv_open(path, error, sizeof(error)));
	assert_non_null(strstr(error, path));
	assert_null(skw_kv_open("/nonexistent/state", error, sizeof(error)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(records_replace_and_outlive_the_process,
						make_folder, drop_folder),
		cmocka_unit_test_setup_teardown(what_is_kept_outlives_the_process, make_folder,
						drop_folder),
		cmocka_unit_test_setup_teardown(a_kill_leaves_whole_transactions, make_folder,
						drop_folder),
		cmocka_unit_test_setup_teardown(a_file_that_is_none_is_refused, make_folder,
						drop_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
