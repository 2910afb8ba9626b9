/* skw_cli_mpi - OpenMPI, if this program was started by mpirun: loaded at run time, so that nobody
 * else needs it. */
#ifndef SKW_CLI_MPI_H
#define SKW_CLI_MPI_H

#include <stdbool.h>
#include <stddef.h>

/* True if a launcher of MPI programs started this process. */
bool skw_cli_mpi_launched(void);
/* Loads and starts it; false with a line on standard error. After that: */
bool skw_cli_mpi_start(void);
bool skw_cli_mpi_started(void);
/* 0 and 1 unless started. */
int skw_cli_mpi_rank(void);
int skw_cli_mpi_size(void);
/* Rank 0's bytes go to all. */
void skw_cli_mpi_share(void *data, size_t len);
void skw_cli_mpi_send(const void *data, size_t len); /* to rank 0 */
/* At rank 0: one message of exactly `len` bytes from anyone; with `wait` off, false if none has
 * come. */
bool skw_cli_mpi_receive(void *data, size_t len, bool wait);
void skw_cli_mpi_stop(void);
/* Ends all ranks at once. */
_Noreturn void skw_cli_mpi_abort(int status);

#endif
