/*
 * net_ring.h: frames through the ring that a tender may offer. Without one, nothing is done here.
 */
#ifndef NET_RING_H
#define NET_RING_H

#include "hvt_abi.h"

#include "../common/bindings.h"

/* Finds the ring, and takes memory for its frames from `boot`. */
void net_ring_init(const struct hvt_boot_info *info, struct boot *boot);

/* Receives a frame; false if a hypercall has to. */
bool net_ring_read(solo5_handle_t handle, uint8_t *buf, size_t size, size_t *read_size,
                   solo5_result_t *result);

/* Is told what a hypercall found. */
void net_ring_learn(solo5_handle_t handle, solo5_result_t result);

/* Sends a frame; false if a hypercall has to. */
bool net_ring_write(solo5_handle_t handle, const uint8_t *buf, size_t size);

/* Waits until the tender has taken all frames that were sent. */
void net_ring_drain(void);

/* The handles that frames are ahead for. */
solo5_handle_set_t net_ring_ready(void);

#endif
