/*
 * limits.h: empty on purpose. GCC's own limits.h defines the limits of the language, then includes
 * the next limits.h for those of an operating system. Unikernels have none.
 */
