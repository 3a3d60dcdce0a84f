/**
 * Progress and colour: on a terminal, and nowhere else.
 */
import { equal, match, ok, rejects } from "node:assert/strict";
import { hasColour, painter } from "../../commands/paint.ts";
import { withProgress } from "../../commands/progress.ts";
import { sink } from "../../commands/sink.ts";
import { missingTool, testUnless } from "../needs.ts";
import { execute, ROOT } from "../soloden.ts";

/** A screen that keeps what is written to it. */
function fakeScreen(terminal = true) {
  const decoder = new TextDecoder();
  return {
    text: "",
    isTerminal: () => terminal,
    writeSync(data: Uint8Array) {
      this.text += decoder.decode(data);
      return data.length;
    },
  };
}

const settings = { type: "xterm", noColour: undefined };

const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

Deno.test("progress: a bar while something takes long, and nothing of it is left", async () => {
  const screen = fakeScreen();
  const result = await withProgress(async (report) => {
    report({ what: "the first half", part: 0 });
    await pause(60);
    report({ what: "the second half", part: 0.5 });
    await pause(60);
    return 7;
  }, { screen, settings, patience: 20 });
  equal(result, 7);
  match(screen.text, /\[-{24}\] the first half, 0\.\d s\r/);
  match(screen.text, /\[#{12}-{12}\] the second half, 0\.\d s\r/);
  ok(screen.text.endsWith("\x1b[K"));
});

Deno.test("progress: nothing for what is done at once, and nothing where there is no terminal", async () => {
  const quick = fakeScreen();
  await withProgress(() => Promise.resolve(), { screen: quick, settings });
  equal(quick.text, "");
  const pipe = fakeScreen(false);
  await withProgress(() => pause(60), { screen: pipe, settings, patience: 20 });
  equal(pipe.text, "");
  const plain = fakeScreen();
  const dumb = { ...settings, type: "dumb" };
  await withProgress(() => pause(60), { screen: plain, settings: dumb, patience: 20 });
  equal(plain.text, "");
});

Deno.test("progress: what fails fails, and the line is cleared", async () => {
  const screen = fakeScreen();
  const work = () => pause(60).then(() => Promise.reject(new Error("no")));
  await rejects(withProgress(work, { screen, settings, patience: 20 }), /no/);
  ok(screen.text.endsWith("\x1b[K"));
});

Deno.test("sink: text is written whole, however little a stream takes at a time", () => {
  let written = "";
  const slow = {
    writeSync(data: Uint8Array) {
      written += String.fromCharCode(data[0]!);
      return 1;
    },
  };
  sink(slow, "slow").write("all of it\n");
  equal(written, "all of it\n");
});

Deno.test("colour: only on a terminal that has colours, and not where none are wanted", () => {
  const terminal = { isTerminal: () => true };
  equal(hasColour({ isTerminal: () => false }, settings), false);
  equal(hasColour(terminal, settings), true);
  for (const type of [undefined, "", "dumb"]) {
    equal(hasColour(terminal, { ...settings, type }), false);
  }
  equal(hasColour(terminal, { ...settings, noColour: "1" }), false);
  equal(hasColour(terminal, { ...settings, noColour: "" }), true);
  equal(painter({ isTerminal: () => false })("ok", "green"), "ok");
});

/** What `doctor` prints on a terminal. */
async function onTerminal(env: Record<string, string>): Promise<string> {
  const command = `${Deno.execPath()} run -A --no-check main.ts doctor`;
  const log = Deno.makeTempFileSync();
  try {
    const { stdout } = await execute("script", ["-qec", command, log], {
      cwd: ROOT,
      env: { TERM: "xterm", NO_COLOR: "", ...env },
    });
    return stdout;
  } finally {
    Deno.removeSync(log);
  }
}

testUnless(missingTool("script"), "colour: on a real terminal, but not with NO_COLOR", async () => {
  ok((await onTerminal({})).includes("\x1b[32mok"));
  const plain = (await onTerminal({ NO_COLOR: "1" })).replaceAll("\x1b[K", "");
  ok(!plain.includes("\x1b") && plain.includes("ok"), plain);
});
