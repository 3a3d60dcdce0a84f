/*
 * linker.h: symbols of the linker script. A symbol's address is its value.
 */
#ifndef LINKER_H
#define LINKER_H

extern const char _stext[], _etext[];
extern const char _srodata[], _erodata[];
extern const char _sdata[], _edata[];
extern const char _end[]; /* The end of .bss, and so of the image. */

/* The note with the manifest. */
extern const char _manifest_note[];

/* Thread-local variables: the address and size of their initial values, and the size and alignment
 * of all of them. In bytes. */
extern const char _tls_image[], _tls_image_size[], _tls_size[], _tls_align[];

#endif
