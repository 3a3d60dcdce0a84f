/*
 * linker.h: symbols of the linker script. A symbol's address is its value.
 */
#ifndef LINKER_H
#define LINKER_H

extern const char _stext[], _etext[];
extern const char _srodata[], _erodata[];
extern const char _sdata[], _edata[];
extern const char _end[]; /* Of .bss and of the image. */

/* The initial image of a thread-local block: where it lies, and three sizes in bytes. */
extern const char _tls_image[], _tls_image_size[], _tls_size[], _tls_align[];

#endif
