/* OpenMPI's shared library is the same binary interface from version 2 to 5 (libmpi.so.40 since
 * 3.0): handles are addresses of its ompi_mpi_* objects, a null status is ignored, -1 is any
 * source. Other kinds of MPI have other handles, lack those objects and are refused. */
#include "cli/skw_cli_mpi.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

enum { ANY = -1, TAG = 1 };

static struct {
	bool started;
	int rank, size;
	void *world, *byte;
	int (*init)(int *, char ***);
	int (*comm_rank)(void *, int *);
	int (*comm_size)(void *, int *);
	int (*bcast)(void *, int, void *, int, void *);
	int (*send)(const void *, int, void *, int, int, void *);
	int (*recv)(void *, int, void *, int, int, void *, void *);
	int (*iprobe)(int, int, void *, int *, void *);
	int (*finalize)(void);
	int (*abort)(void *, int);
} mpi = { .size = 1 };

bool skw_cli_mpi_launched(void)
{
	return getenv("OMPI_COMM_WORLD_SIZE") != NULL || getenv("PMI_SIZE") != NULL;
}

/* POSIX lets a data pointer hold a function's address; C does not. */
static void symbol(void *library, void *where, const char *name, bool *good)
{
	void *address = dlsym(library, name);

	*(void **)where = address;
	*good = *good && address != NULL;
}

static bool load(void)
{
	void *library = dlopen("libmpi.so.40", RTLD_NOW | RTLD_GLOBAL);
	bool good = library != NULL;

	if (!good)
		library = dlopen("libmpi.so", RTLD_NOW | RTLD_GLOBAL);
	good = library != NULL;
	if (!good)
		return false;
	symbol(library, &mpi.world, "ompi_mpi_comm_world", &good);
	symbol(library, &mpi.byte, "ompi_mpi_byte", &good);
	symbol(library, &mpi.init, "MPI_Init", &good);
	symbol(library, &mpi.comm_rank, "MPI_Comm_rank", &good);
	symbol(library, &mpi.comm_size, "MPI_Comm_size", &good);
	symbol(library, &mpi.bcast, "MPI_Bcast", &good);
	symbol(library, &mpi.send, "MPI_Send", &good);
	symbol(library, &mpi.recv, "MPI_Recv", &good);
	symbol(library, &mpi.iprobe, "MPI_Iprobe", &good);
	symbol(library, &mpi.finalize, "MPI_Finalize", &good);
	symbol(library, &mpi.abort, "MPI_Abort", &good);
	return good;
}

bool skw_cli_mpi_start(void)
{
	if (!load()) {
		fputs(
		    "skywave phy: started by an MPI launcher, but OpenMPI's libmpi.so.40 cannot be "
		    "loaded (Debian: openmpi-bin)\n",
		    stderr);
		return false;
	}
	/* Errors end the program: MPI_ERRORS_ARE_FATAL is what it starts with. */
	mpi.init(NULL, NULL);
	mpi.comm_rank(mpi.world, &mpi.rank);
	mpi.comm_size(mpi.world, &mpi.size);
	mpi.started = true;
	return true;
}

bool skw_cli_mpi_started(void)
{
	return mpi.started;
}

int skw_cli_mpi_rank(void)
{
	return mpi.rank;
}

int skw_cli_mpi_size(void)
{
	return mpi.size;
}

void skw_cli_mpi_share(void *data, size_t len)
{
	mpi.bcast(data, (int)len, mpi.byte, 0, mpi.world);
}

void skw_cli_mpi_send(const void *data, size_t len)
{
	mpi.send(data, (int)len, mpi.byte, 0, TAG, mpi.world);
}

bool skw_cli_mpi_receive(void *data, size_t len, bool wait)
{
	int there = 1;

	if (!wait)
		mpi.iprobe(ANY, TAG, mpi.world, &there, NULL);
	if (there)
		mpi.recv(data, (int)len, mpi.byte, ANY, TAG, mpi.world, NULL);
	return there != 0;
}

void skw_cli_mpi_stop(void)
{
	if (mpi.started)
		mpi.finalize();
	mpi.started = false;
}

void skw_cli_mpi_abort(int status)
{
	if (mpi.started)
		mpi.abort(mpi.world, status);
	exit(status);
}
