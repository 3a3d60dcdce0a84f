/**
 * The entry of the bundle: the command.
 *
 * @module
 */
import { main } from "../main.ts";

await main(Deno.args);
