/*
 * offer.h: functions of a C library that the bindings offer to applications. Their plain names are
 * private to the bindings, so that the bindings never call an application's function instead. The
 * linker script gives a plain name to an application if neither it nor its libraries define it.
 */
#ifndef OFFER_H
#define OFFER_H

/* Makes the function `name` public as solo5_`name`. */
#define OFFER(name) extern __typeof__(name) solo5_##name __attribute__((alias(#name)));

#endif
