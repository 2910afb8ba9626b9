/* Who simulates: processes of this machine that take the next unit as they are free, or the ranks
 * of an MPI run, each every size-th of those that are to do. */
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/skw_cli_mpi.h"
#include "cli/skw_cli_sweep.h"

static bool complain(const char *what)
{
	fprintf(stderr, "skywave phy: %s\n", what);
	return false;
}

static struct skw_cli_sweep_result run_unit(struct skw_cli_bench *b, const struct skw_cli_sweep *s,
					    unsigned unit)
{
	struct skw_cli_sweep_unit u = skw_cli_sweep_unit(s, unit);

	return (struct skw_cli_sweep_result) { unit, skw_cli_bench_run(b, &u) };
}

/* ---- Processes ---------------------------------------------------------------------------------
 */

/* Never returns. A parent that is gone ends it by SIGPIPE. */
static void worker(const struct skw_cli_sweep *s, const uint32_t *lost, atomic_uint *next, int out)
{
	struct skw_cli_bench *b = skw_cli_bench_new(s);
	unsigned units = skw_cli_sweep_units(s), unit;

	if (b == NULL)
		_exit(1);
	while ((unit = atomic_fetch_add(next, 1)) < units) {
		struct skw_cli_sweep_result r;

		if (lost[unit] != UINT32_MAX)
			continue;
		r = run_unit(b, s, unit);
		if (r.lost == UINT32_MAX || write(out, &r, sizeof(r)) != sizeof(r))
			_exit(1);
	}
	_exit(0);
}

/* Records are shorter than PIPE_BUF: whole in the pipe. True if all could be taken. */
static bool collect(int in, skw_cli_sweep_take *take, void *context)
{
	struct skw_cli_sweep_result r;
	ssize_t n;

	while ((n = read(in, &r, sizeof(r))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n != sizeof(r) || !take(context, &r))
			return false;
	}
	return true;
}

static bool reap(unsigned count)
{
	bool good = true;
	int status;

	while (count-- > 0)
		good &= wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	return good;
}

static bool processes(const struct skw_cli_sweep *s, const uint32_t *lost, unsigned jobs,
		      skw_cli_sweep_take *take, void *context)
{
	atomic_uint *next =
	    mmap(NULL, sizeof(*next), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned started = 0;
	bool good, ended;
	int ends[2];

	if (next == MAP_FAILED)
		return complain("out of memory");
	if (pipe(ends) != 0) {
		munmap(next, sizeof(*next));
		return complain(strerror(errno));
	}
	fflush(NULL);
	for (; started < jobs; started++) {
		pid_t child = fork();

		if (child < 0)
			break;
		if (child == 0) {
			/* Also the results file, whose lock would outlive the parent. */
			dup2(ends[1], 3);
			close_range(4, UINT_MAX, 0);
			worker(s, lost, next, 3);
		}
	}
	close(ends[1]);
	good = collect(ends[0], take, context);
	close(ends[0]);
	ended = reap(started);
	munmap(next, sizeof(*next));
	if (started == 0)
		return complain("cannot start a process");
	return good && (ended || complain("a worker ended early; run the sweep again to go on"));
}

/* ---- MPI ----------------------------------------------------------------------------------------
 */

/* Rank 0 passes on what has come; with `wait` until `want` results of others were taken. */
static void pass_on(unsigned *got, unsigned want, bool wait, skw_cli_sweep_take *take,
		    void *context)
{
	struct skw_cli_sweep_result r;

	while (*got < want && skw_cli_mpi_receive(&r, sizeof(r), wait)) {
		++*got;
		if (r.lost == UINT32_MAX || !take(context, &r))
			skw_cli_mpi_abort(1);
	}
}

static bool ranks(const struct skw_cli_sweep *s, const uint32_t *known, skw_cli_sweep_take *take,
		  void *context)
{
	unsigned units = skw_cli_sweep_units(s), size = (unsigned)skw_cli_mpi_size();
	unsigned rank = (unsigned)skw_cli_mpi_rank(), order = 0, got = 0, others = 0;
	uint32_t *lost = malloc(units * sizeof(*lost));
	struct skw_cli_bench *b = skw_cli_bench_new(s);

	if (b == NULL || lost == NULL) {
		complain("out of memory");
		skw_cli_mpi_abort(1);
		return false;
	}
	memcpy(lost, known, units * sizeof(*lost));
	skw_cli_mpi_share(lost, units * sizeof(*lost)); /* only rank 0 has read the file */
	for (unsigned unit = 0; unit < units; unit++) {
		struct skw_cli_sweep_result r;

		if (lost[unit] != UINT32_MAX)
			continue;
		if (order++ % size != rank) {
			others++;
			continue;
		}
		r = run_unit(b, s, unit);
		if (rank != 0)
			skw_cli_mpi_send(&r, sizeof(r));
		else if (r.lost == UINT32_MAX || !take(context, &r))
			skw_cli_mpi_abort(1);
		if (rank == 0)
			pass_on(&got, others, false, take, context);
	}
	if (rank == 0)
		pass_on(&got, others, true, take, context);
	skw_cli_bench_free(b);
	free(lost);
	return true;
}

bool skw_cli_sweep_run(const struct skw_cli_sweep *s, const uint32_t *lost, unsigned jobs,
		       skw_cli_sweep_take *take, void *context)
{
	return skw_cli_mpi_started() ? ranks(s, lost, take, context)
				     : processes(s, lost, jobs, take, context);
}
