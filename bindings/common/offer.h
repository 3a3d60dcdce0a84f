/*
 * offer.h: functions of a C library that applications may use. Their own names stay private to the
 * bindings, which must not come to call an application's; the linker script gives the names back to
 * applications that define no function of that name, and link no library that does.
 */
#ifndef OFFER_H
#define OFFER_H

/* Makes `name` public as solo5_`name`. */
#define OFFER(name) extern __typeof__(name) solo5_##name __attribute__((alias(#name)));

#endif
