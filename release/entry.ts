/**
 * The entry of the bundle: the command.
 *
 * @module
 */
import { runProcess } from "../main.ts";

await runProcess();
