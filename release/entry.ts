/**
 * Where the bundle begins: the command, whoever evaluates it.
 *
 * @module
 */
import { main } from "../main.ts";

await main(Deno.args);
