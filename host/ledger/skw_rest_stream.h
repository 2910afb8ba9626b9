/* skw_rest_stream - an answer that is too long to be held: all unspent outputs, piece by piece.
 *
 *   {"head", "head_outputs": [every row], "outgoing_outputs": [those that pending ones spend],
 *    "incoming_outputs"}
 *
 * It reads the file through a connection of its own, in one transaction, so that all of it is of
 * one head while blocks go on coming in. Whoever reads slowly keeps that transaction open: bound
 * the time.
 */
#ifndef SKW_REST_STREAM_H
#define SKW_REST_STREAM_H

#include <stdbool.h>
#include <stddef.h>

struct skw_rest_call;
struct skw_rest_stream;

/* NULL if the chain is not in a file, or it cannot now: it is to be answered as a whole. */
struct skw_rest_stream *skw_rest_stream_open(struct skw_rest_call *call);
/* Up to `cap` bytes into `out`, *len of them, 0 at the end; false if the store or memory failed. */
bool skw_rest_stream_read(char *out, size_t *len, struct skw_rest_stream *stream, size_t cap);
void skw_rest_stream_free(struct skw_rest_stream *stream);

#endif
