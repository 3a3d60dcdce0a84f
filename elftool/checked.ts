/**
 * Marks types of values that were checked when they were made.
 *
 * @module
 */

/**
 * Key of a property that exists for the compiler alone: a type with it has no values but those that this
 * library makes.
 */
export declare const checked: unique symbol;
