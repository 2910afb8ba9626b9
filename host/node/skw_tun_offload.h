/* skw_tun_offload - what a network card with segmentation does: large packets of the kernel become
 * those that a datagram carries, and packets that follow each other become large ones.
 *
 *   read:   virtio_net_hdr | 64 KiB of one flow  --split-->  packets of the MTU, checksums complete
 *   write:  packets in order                     --merge-->  virtio_net_hdr | up to 64 KiB
 *
 * TCP and UDP over IPv6 without extension headers are split (virtio 1.2, 5.1.6.2, host-endian);
 * TCP is merged where nothing but length, sequence, PSH and checksum differ (as Linux' GRO does)
 * and the checksum is right: what arrived damaged goes on as it came.
 */
#ifndef SKW_TUN_OFFLOAD_H
#define SKW_TUN_OFFLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/virtio_net.h>

#define SKW_TUN_LARGE 65535u /* bytes of a merged packet, at most */

/* A walk over what one read brought. */
struct skw_tun_split {
	uint8_t *packet;
	size_t len, header, at; /* header: all that each packet repeats; 0: it stays whole */
	size_t payload;         /* of each packet but the last */
	size_t transport;       /* where TCP or UDP begins */
	bool tcp, done;
};

/* False if header and packet contradict each other. The packet stays the caller's, and may be
 * written to. */
bool skw_tun_split_begin(struct skw_tun_split *split, const struct virtio_net_hdr *header,
			 uint8_t *packet, size_t len);
/* The longest packet that will come. */
size_t skw_tun_split_most(const struct skw_tun_split *split);
/* The next packet, either in `out` (of `most` bytes) or where it was; NULL at the end. */
const uint8_t *skw_tun_split_next(struct skw_tun_split *split, uint8_t *out, size_t *len);

/* What is put together; all zeros: nothing yet. */
struct skw_tun_merge {
	struct virtio_net_hdr virtio; /* right before the packet: one write takes both */
	uint8_t packet[SKW_TUN_LARGE];
	size_t len, header, payload; /* payload: of the first; no later one is longer */
	uint32_t next;               /* sequence number */
	unsigned count;
	bool closed;
};

/* Takes a packet if it begins something or follows what is there; else false: take what is there
 * first, and if there is nothing, write the packet as it is. */
bool skw_tun_merge_add(struct skw_tun_merge *merge, const uint8_t *packet, size_t len);
/* Completes `virtio` and the packet behind it and returns how long both are together; `count` is
 * how many packets that was. Empty afterwards, but for its bytes. */
size_t skw_tun_merge_take(struct skw_tun_merge *merge);

#endif
