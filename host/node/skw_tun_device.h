/* skw_tun_device - makes the kernel's side of a tun: name, addresses, MTU, segments. */
#ifndef SKW_TUN_DEVICE_H
#define SKW_TUN_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

struct skw_tun_device {
	uint8_t address[16]; /* IPv6; what shares its first byte is behind the device too */
	unsigned mtu;
	struct {
		uint8_t address[4], bits;
	} v4[2];
	unsigned v4_count; /* with any, datagrams do not come as segments: those are cut in IPv6 */
	/* Filled in: */
	int fd;        /* -1: none; a virtio_net_hdr stands before each packet */
	bool segments; /* the kernel hands over more than a packet at once */
};

/* NULL, or what is wrong: then fd may be open still. Needs CAP_NET_ADMIN. */
const char *skw_tun_device_open(struct skw_tun_device *device, const char *name);

#endif
