/**
 * A program that is killed leaves nothing of its guests.
 */
import { missingTool, testUnless } from "../needs.ts";
import { GUESTS, killHolder } from "./killed.ts";

testUnless(
  missingTool("setsid"),
  `pool: a program that is killed with ${GUESTS} guests alive leaves nothing`,
  async () => {
    for (let time = 0; time < 5; time++) await killHolder();
  },
);
