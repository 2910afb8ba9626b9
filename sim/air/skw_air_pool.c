#include "air/skw_air_pool.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

enum { THREADS_MAX = 64 };

struct skw_air_pool {
	pthread_mutex_t lock;
	pthread_cond_t start, done;
	void (*work)(void *ctx, unsigned i);
	void *ctx;
	unsigned next, count, busy; /* busy: parts taken and not finished */
	bool stop;
	unsigned workers;
	pthread_t thread[THREADS_MAX];
};

/* Takes parts until none is left; `lock` is held on entry and exit. */
static void take_parts(struct skw_air_pool *p)
{
	while (p->next < p->count) {
		unsigned i = p->next++;

		p->busy++;
		pthread_mutex_unlock(&p->lock);
		p->work(p->ctx, i);
		pthread_mutex_lock(&p->lock);
		p->busy--;
	}
}

static void *worker(void *arg)
{
	struct skw_air_pool *p = arg;

	pthread_mutex_lock(&p->lock);
	while (!p->stop) {
		take_parts(p);
		if (p->busy == 0)
			pthread_cond_signal(&p->done);
		if (!p->stop)
			pthread_cond_wait(&p->start, &p->lock);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

struct skw_air_pool *skw_air_pool_new(unsigned threads)
{
	struct skw_air_pool *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->start, NULL);
	pthread_cond_init(&p->done, NULL);
	while (p->workers + 1 < threads && p->workers < THREADS_MAX) {
		if (pthread_create(&p->thread[p->workers], NULL, worker, p) != 0) {
			skw_air_pool_free(p);
			return NULL;
		}
		p->workers++;
	}
	return p;
}

void skw_air_pool_free(struct skw_air_pool *p)
{
	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_broadcast(&p->start);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->workers; i++)
		pthread_join(p->thread[i], NULL);
	pthread_cond_destroy(&p->done);
	pthread_cond_destroy(&p->start);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

void skw_air_pool_run(struct skw_air_pool *p, void (*work)(void *ctx, unsigned i), void *ctx,
		      unsigned count)
{
	if (count <= 1 || p->workers == 0) {
		for (unsigned i = 0; i < count; i++)
			work(ctx, i);
		return;
	}
	pthread_mutex_lock(&p->lock);
	p->work = work;
	p->ctx = ctx;
	p->next = 0;
	p->count = count;
	pthread_cond_broadcast(&p->start);
	take_parts(p);
	while (p->busy > 0)
		pthread_cond_wait(&p->done, &p->lock);
	p->count = 0;
	p->next = 0;
	pthread_mutex_unlock(&p->lock);
}
