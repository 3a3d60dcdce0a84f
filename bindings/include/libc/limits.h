/*
 * limits.h: empty on purpose. GCC's own limits.h defines every limit of the language and then
 * includes the next limits.h for those of an operating system; here there is none.
 */
