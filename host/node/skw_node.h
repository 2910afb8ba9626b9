/* skw_node - the daemon: joins the rooms, decides nothing.
 *
 *   ports --> mac --> link --> onion --> session --> SOCKS5, services
 *                           |  directory, routes
 *                           `-----> pay --> ledger
 *
 * One loop, one thread (the radio port has its own). Every event ends in skw_node_pump, which moves
 * outputs from room to room until nobody has any left. Node time is the radio's device time where
 * there is a radio and the monotonic clock otherwise; amounts, expiry and blocks use unix time.
 */
#ifndef SKW_NODE_H
#define SKW_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>
#include <uv.h>

#include "keys/skw_identity.h"
#include "link/skw_link.h"
#include "link/skw_meet.h"
#include "mac/skw_mac.h"
#include "node/skw_config.h"
#include "node/skw_kv.h"
#include "node/skw_radio_port.h"
#include "onion/skw_directory.h"
#include "onion/skw_onion.h"
#include "session/skw_session.h"

enum { SKW_PORT_RADIO = 0, SKW_PORT_UDP = 1, SKW_PORT_ETHERNET = 2 };

struct skw_udp_port;
struct skw_ether_port;
struct skw_peers;
struct skw_tun;
struct skw_streams;
struct skw_routes;
struct skw_desk;
struct skw_control;
struct skw_probe;
struct skw_datagrams;
struct skw_speed;
struct skw_names;
struct skw_users;

struct skw_node {
	const struct skw_config *config;
	uv_loop_t *loop;
	struct skw_identity identity;
	struct skw_random random;
	struct {
		uint32_t circuits, cells, sessions;
	} sizes; /* 0: the rooms' defaults */
	struct skw_kv *kv;

	struct skw_radio_port *radio;
	uv_async_t wake; /* from the radio's thread */
	struct skw_udp_port *udp;
	struct skw_ether_port *ether;
	struct skw_peers *peers;
	struct skw_tun *tun;
	struct skw_mac *mac;
	struct skw_link *link;
	struct skw_meet *meet;
	struct skw_directory *directory;
	struct skw_onion *onion;
	struct skw_session *session;

	struct skw_routes *routes;
	struct skw_streams *streams;
	struct skw_desk *desk;
	struct skw_control *control;
	struct skw_probe *probe;
	struct skw_datagrams *datagrams;
	struct skw_speed *speed;
	struct skw_names *names;
	struct skw_users *users; /* of [socks]; NULL: everybody */

	bool held[SKW_LINK_PEERS_MAX + 1]; /* peers that we owe too much to send through them */
	uv_timer_t timer;
	uint64_t time_us; /* node time, never goes back */
	uint64_t directory_tick_s, publish_s, sequence;
	bool links_changed, stopping, pumping;
	bool time_held;    /* one frame is one moment: the clock is not asked again */
	unsigned unpolled; /* cells that the session got since it was asked */
	bool room_stale;   /* the onion must be told anew what the ports take */
	char error[256];   /* why the node could not start or stopped by itself */
};

enum skw_log { SKW_DEBUG, SKW_INFO, SKW_UNUSUAL, SKW_BROKEN };

/* One line on standard error. Never a secret, a payload or a key that is not a neighbour's. */
void skw_node_log(const struct skw_node *node, enum skw_log level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Loads the node's key, making state folder and key if there are none; false and node->error. */
bool skw_node_load_identity(struct skw_node *node);

/* Opens everything that the configuration names; false and node->error if something cannot be had.
 * The caller runs the loop and then calls stop, also after a failed start. */
bool skw_node_start(struct skw_node *node, const struct skw_config *config, uv_loop_t *loop);
void skw_node_stop(struct skw_node *node);

uint64_t skw_node_now(struct skw_node *node); /* node time, microseconds */
uint64_t skw_node_unix(void);
/* The link's number of a neighbour that is up; 0 if it is not. */
uint32_t skw_node_peer(const struct skw_node *node, const struct skw_node_address *id);

/* Pays and settles what is due before the end; false if there is nothing to wait for. */
bool skw_node_close(struct skw_node *node);

/* Frames that came from a port at once, of `segment` bytes each but for the last, which may be
 * shorter: one moment for them all. At the end of a batch, pump. */
void skw_node_receive(struct skw_node *node, const struct skw_link_endpoint *from,
		      const uint8_t *data, size_t len, size_t segment);

/* Moves outputs until there are none, then sets the timer. Call after any input to any room. */
void skw_node_pump(struct skw_node *node);

/* What the control socket answers (docs/control.md): a new object; NULL if the answer is said to
 * the client later. The question has a command. */
json_t *skw_node_answer(struct skw_node *node, const json_t *question, uint64_t client);

#endif
