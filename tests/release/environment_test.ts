/**
 * Only the variables that the command itself reads have an effect on the single executable, and programs
 * that it starts get all of them.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join, relative } from "node:path";
import { ALLOWED_VARIABLES, RUNTIME_ENVIRONMENT } from "../../release/runtime.ts";
import { inDirectory } from "../in_directory.ts";
import { testUnless } from "../needs.ts";
import { execute, ROOT, withOnly, writeProgram } from "../soloden.ts";
import { makeExecutable, noExecutable, sharedExecutable } from "./executable.ts";

/** What Deno 2.9, the Rust libraries in it and glibc read, as far as their texts tell; `|` between. */
const READ_BY_THE_RUNTIME = `
  DENO_AUDIT_PERMISSIONS|DENO_AUTH_TOKENS|DENO_CACHE_DB_MODE|DENO_CACHE_LSC_ENDPOINT|DENO_CERT
  DENO_COMPAT|DENO_CONDITIONS|DENO_COVERAGE_DIR|DENO_DIR|DENO_DISABLE_NODE_SHIM|DENO_EMIT_CACHE_MODE
  DENO_EXTRA_FLAGS|DENO_FORCE_OFFLINE|DENO_FUTURE|DENO_INSTALL_ROOT|DENO_INTERNAL_CHILD_ENTRYPOINT
  DENO_INTERNAL_FAST_CHECK_OVERWRITE|DENO_INTERNAL_NODE_TEST_FORCE_SHARED_OPENSSL|DENO_JOBS
  DENO_KV_ACCESS_TOKEN|DENO_KV_DB_MODE|DENO_LOG|DENO_NODE_TRACE_EVENT_CATEGORIES
  DENO_NODE_USE_OPENSSL_CA|DENO_NO_PACKAGE_JSON|DENO_NO_PROMPT|DENO_NO_UPDATE_CHECK
  DENO_PERMISSION_BROKER_PATH|DENO_REPL_HISTORY|DENO_SERVE_ADDRESS|DENO_TLS_CA_STORE
  DENO_TRACE_PERMISSIONS|DENO_TSC_DEBUG|DENO_UNSTABLE_OTEL_DETERMINISTIC|DENO_V8_FLAGS|DENO_WEBGPU_TRACE
  NODE_CHANNEL_FD|NODE_CLUSTER_SCHED_POLICY|NODE_DEBUG|NODE_DEBUG_NATIVE|NODE_DISABLE_COLORS
  NODE_EXTRA_CA_CERTS|NODE_ICU_DATA|NODE_NO_READLINE|NODE_NO_WARNINGS|NODE_OPTIONS|NODE_PATH
  NODE_PENDING_PIPE_INSTANCES|NODE_REPL_HISTORY|NODE_TEST_REPORTER|NODE_TLS_REJECT_UNAUTHORIZED
  NODE_UNIQUE_ID|NODE_USE_ENV_PROXY|NODE_USE_SYSTEM_CA|NODE_V8_COVERAGE|NPM_CONFIG_REGISTRY
  NPM_CONFIG_REPLACE_REGISTRY_HOST|NPM_CONFIG_USERCONFIG|JSR_URL|OTEL_DENO|OTEL_DENO_CONSOLE
  OTEL_EXPORTER_OTLP_ENDPOINT|OTEL_EXPORTER_OTLP_PROTOCOL|OTEL_TRACES_SAMPLER|RUST_BACKTRACE|RUST_LOG
  RUST_LIB_BACKTRACE|RUST_MIN_STACK|TOKIO_WORKER_THREADS|UV_THREADPOOL_SIZE|UV_USE_IO_URING
  SSL_CERT_FILE|SSL_CERT_DIR|HTTP_PROXY|HTTPS_PROXY|NO_PROXY|FORCE_COLOR|CLICOLOR_FORCE|COLORTERM
  ICU_DATA|ICU_TIMEZONE_FILES_DIR|SQLITE_TMPDIR|ESBUILD_BINARY_PATH|LANG|LANGUAGE|LC_ALL|LC_MESSAGES|TZ
  MALLOC_ARENA_MAX|GCONV_PATH|LOCPATH|NLSPATH|RES_OPTIONS|HOSTALIASES|TEMP|TMP|PWD|SHELL|USER|SOLODEN_0
  SOLODEN_1`.trim().split(/[|\s]+/);

testUnless(
  noExecutable,
  "environment: the runtime is given what is let through by name, and no other variable",
  async () => {
    await inDirectory(async (directory) => {
      const start = "(() => console.log(JSON.stringify(Deno.env.toObject())))";
      const program = await makeExecutable(directory, { start, texts: ["", ""], sources: [1, 1] });
      const ours = Object.fromEntries(
        [...RUNTIME_ENVIRONMENT, `SOLODEN_0=${start}`, "SOLODEN_1="].map((variable) => {
          const at = variable.indexOf("=");
          return [variable.slice(0, at), variable.slice(at + 1)];
        }),
      );
      const oddities = ["PATH_", "_PATH", "PAT", "path", "", "odd name", "NO_COLORS"];
      const hidden = [...READ_BY_THE_RUNTIME, "HOME", ...oddities].filter((name) => name !== "");
      const allowed = Object.fromEntries(ALLOWED_VARIABLES.map((name) => [name, `of ${name}`]));
      const env = { ...Object.fromEntries(hidden.map((name) => [name, "hidden"])), ...allowed };
      const { status, stdout, stderr } = await withOnly(env, program);
      deepEqual([status, stderr], [0, ""]);
      deepEqual(JSON.parse(stdout), { ...ours, ...allowed });
      deepEqual(JSON.parse((await withOnly({}, program)).stdout), ours);
    });
  },
);

testUnless(
  noExecutable,
  "environment: nothing that the runtime would obey is obeyed",
  async (test) => {
    await inDirectory(async (directory) => {
      const evil = join(directory, "evil.cjs");
      const mark = join(directory, "mark");
      Deno.writeTextFileSync(evil, `require("fs").writeFileSync(${JSON.stringify(mark)}, "");\n`);
      const home = join(directory, "home");
      Deno.mkdirSync(join(home, ".npmrc"), { recursive: true });
      const attacks: Record<string, string> = {
        NODE_OPTIONS: `-r ${evil}`,
        DENO_V8_FLAGS: "--help",
        DENO_PERMISSION_BROKER_PATH: join(directory, "no-broker"),
        NODE_CHANNEL_FD: "1",
        DENO_AUDIT_PERMISSIONS: mark,
        DENO_TRACE_PERMISSIONS: "1",
        DENO_COVERAGE_DIR: mark,
        DENO_DIR: mark,
        DENO_LOG: "trace",
        RUST_LOG: "trace",
        OTEL_DENO: "true",
        DENO_CERT: join(directory, "no-certificate"),
        DENO_TLS_CA_STORE: "none",
        NODE_EXTRA_CA_CERTS: join(directory, "no-certificate"),
        SSL_CERT_FILE: join(directory, "no-certificate"),
        NODE_V8_COVERAGE: mark,
        DENO_SERVE_ADDRESS: "nonsense",
        DENO_KV_DB_MODE: "nonsense",
        DENO_JOBS: "nonsense",
        TOKIO_WORKER_THREADS: "nonsense",
        UV_THREADPOOL_SIZE: "nonsense",
        JSR_URL: "nonsense",
        NPM_CONFIG_REGISTRY: "nonsense",
        HOME: home,
      };
      for (const [name, value] of Object.entries(attacks)) {
        await test.step(name, async () => {
          const { status, stdout, stderr } = await withOnly(
            { [name]: value },
            await sharedExecutable(),
            "--version",
          );
          match(stdout, /^\d+\.\d+\.\d+\n$/);
          deepEqual([status, stderr], [0, ""]);
        });
      }
      deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name).sort(), [
        "evil.cjs",
        "home",
      ]);
    });
  },
);

testUnless(
  noExecutable,
  "environment: the directory that it is started in decides nothing either",
  async () => {
    await inDirectory(async (cwd) => {
      const program = await makeExecutable(cwd, {
        start: "(() => console.log('started'))",
        texts: ["", ""],
        sources: [1, 1],
      });
      for (const name of ["deno.json", "package.json", "deno.lock", ".npmrc", ".env"]) {
        Deno.writeTextFileSync(join(cwd, name), "{ broken");
      }
      deepEqual(await execute(program, [], { cwd }), {
        status: 0,
        stdout: "started\n",
        stderr: "",
      });
    });
  },
);

testUnless(
  noExecutable,
  "environment: a compiler is given all of the user's variables, and none of the runtime's",
  async () => {
    await inDirectory(async (directory) => {
      const compiler = join(directory, "compiler");
      writeProgram(compiler, `#!/bin/sh\nenv > "$SEEN"\nexit 1\n`);
      const env = {
        CC: compiler,
        HOME: directory,
        LC_ALL: "C.UTF-8",
        NODE_OPTIONS: "--own",
        PATH: Deno.env.get("PATH")!,
        SEEN: join(directory, "seen"),
        SPACED: " a = b ",
      };
      const { status } = await withOnly(env, await sharedExecutable(), "build", "x.c");
      equal(status, 1);
      const seen = Deno.readTextFileSync(env.SEEN).trimEnd().split("\n")
        .filter((line) => !/^(PWD|_|OLDPWD|SHLVL)=/.test(line));
      deepEqual(seen.sort(), Object.entries(env).map(([name, value]) => `${name}=${value}`).sort());
    });
  },
);

testUnless(
  noExecutable,
  "environment: the user's home directory is where it keeps what it has built",
  async () => {
    await inDirectory(async (directory) => {
      const env = { HOME: directory, PATH: Deno.env.get("PATH")! };
      const source = join(ROOT, "examples/hello/hello.c");
      const output = join(directory, "hello");
      const { stderr } = await withOnly(
        env,
        await sharedExecutable(),
        "build",
        "-t",
        "spt",
        "-o",
        output,
        source,
      );
      equal(stderr, "");
      ok(Deno.statSync(join(directory, ".cache/soloden")).isDirectory);
    });
  },
);

/** The project's own modules below some files and directories of the checkout. */
function* modules(...paths: string[]): Generator<string> {
  for (const path of paths.map((path) => join(ROOT, path))) {
    if (path.endsWith(".ts")) yield path;
    else if (Deno.statSync(path).isDirectory) {
      const names = Array.from(
        Deno.readDirSync(path),
        ({ name }) => join(relative(ROOT, path), name),
      );
      yield* modules(...names);
    }
  }
}

Deno.test("environment: every variable that the sources read is let through", () => {
  const names = new Set<string>();
  for (
    const path of modules(
      "main.ts",
      "abi",
      "elftool",
      "linux",
      "bindings",
      "tender",
      "pool",
      "mcp",
      "commands",
    )
  ) {
    const text = Deno.readTextFileSync(path);
    for (const [, name] of text.matchAll(/Deno\.env\.(?:get|has)\("(\w+)"\)/g)) names.add(name!);
    for (const [, name] of text.matchAll(/\bvariable: "(\w+)"/g)) names.add(name!);
  }
  // Read by the checkout alone; the executable asks the kernel (linux/user_environment.ts).
  names.delete("HOME");
  // Read by the runtime, to find programs.
  names.add("PATH");
  deepEqual([...ALLOWED_VARIABLES].sort(), [...names].sort());
});
