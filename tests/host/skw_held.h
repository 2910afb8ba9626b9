/* What is on its way, by time: a heap over the includer's own
 *
 *   struct held { uint64_t due_us, order; ... };    what is on its way
 *   struct held *heap; unsigned held; uint64_t order;
 *   HELD                                            places in the heap
 *
 * of which what comes at the same time leaves in the order in which it came. */
#ifndef SKW_HELD_H
#define SKW_HELD_H

static inline bool sooner(const struct held *a, const struct held *b)
{
	return a->due_us < b->due_us || (a->due_us == b->due_us && a->order < b->order);
}

static inline void swap(unsigned a, unsigned b)
{
	struct held x = heap[a];

	heap[a] = heap[b];
	heap[b] = x;
}

static inline void push(struct held h)
{
	unsigned i = held++;

	assert_true(held < HELD);
	h.order = order++;
	heap[i] = h;
	for (; i > 0 && sooner(&heap[i], &heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap(i, (i - 1) / 2);
}

static inline struct held pop(void)
{
	struct held first = heap[0];
	unsigned i = 0;

	heap[0] = heap[--held];
	for (;;) {
		unsigned next = 2 * i + 1;

		if (next + 1 < held && sooner(&heap[next + 1], &heap[next]))
			next++;
		if (next >= held || !sooner(&heap[next], &heap[i]))
			return first;
		swap(i, next);
		i = next;
	}
}

#endif
