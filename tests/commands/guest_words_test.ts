import assert from "node:assert/strict";
import fc from "fast-check";
import { formatMac } from "../../tender/devices/net/device.ts";
import { TenderError } from "../../tender/error.ts";
import { loadDeviceWords, readDevices } from "../../commands/device_words.ts";
import { parseArguments, splitOptions } from "../../commands/guest_words.ts";

const MIB = 0x10_0000;
const KINDS = await loadDeviceWords();

function devices(...options: string[]) {
  return readDevices(parseArguments([...options, "x.hvt"])!.devices, KINDS);
}

Deno.test("options: the unikernel and its arguments, memory 512 MiB", () => {
  assert.deepEqual(parseArguments(["x.hvt", "--mem=1", "a b", "--"]), {
    memorySize: 512 * MIB,
    devices: [],
    restore: false,
    script: [],
    file: "x.hvt",
    args: ["--mem=1", "a b", "--"],
    output: undefined,
    target: undefined,
    verbose: false,
    asked: { observe: [], limits: [], machine: [], confinement: [] },
  });
});

Deno.test("options: after -- everything is the unikernel and its arguments", () => {
  const { file, args, memorySize } = parseArguments(["--mem=3", "--", "--x.hvt", "--", "y"])!;
  assert.deepEqual([file, args, memorySize], ["--x.hvt", ["--", "y"], 3 * MIB]);
});

Deno.test("options: a dash is a unikernel, from standard input", () => {
  const { file, args } = parseArguments(["--mem=3", "-", "--solo5:quiet"])!;
  assert.deepEqual([file, args], ["-", ["--solo5:quiet"]]);
});

Deno.test("options: both ways to name an output", () => {
  for (const words of [["-o", "out"], ["--output=out"]]) {
    assert.equal(parseArguments([...words, "x.spt"])!.output, "out");
  }
});

Deno.test("options: a value may be the next word, but for what may have none", () => {
  const valued = [
    "--mem",
    "--timeout",
    "--cpu-time",
    "--console-rate",
    "--cpu",
    "--trace-format",
    "--dumpcore",
    "--net-pcap:a",
    "--net:a",
    "--net-mac:a",
    "--block:b",
    "--block-sector-size:b",
    "-o",
    "--output",
  ];
  for (const option of valued) {
    const joined = parseArguments([`${option}=7`, "x.hvt", "y"]);
    assert.notEqual(joined, undefined, option);
    assert.deepEqual(parseArguments([option, "7", "x.hvt", "y"]), joined, option);
    // The next word is an option, or there is none.
    assert.deepEqual(splitOptions([option, "--stats", "x"]).options, [option, "--stats"]);
    assert.deepEqual(splitOptions([option, "--", "x"]), { options: [option], rest: ["x"] });
    assert.deepEqual(splitOptions([option]), { options: [option], rest: [] });
  }
  for (const option of ["--trace", "--gdb", "--stats", "--no-confine", "--mem=1", "--block:a="]) {
    assert.deepEqual(splitOptions([option, "7"]), { options: [option], rest: ["7"] });
  }
});

Deno.test("options: what asks to see the run is kept as it is", () => {
  const words = ["--trace", "--trace=x", "--trace-format=json", "--stats", "--net-pcap:a=b"];
  const { asked: { observe }, file, args } = parseArguments([
    ...words,
    "--mem=1",
    "x.hvt",
    "--trace",
  ])!;
  assert.deepEqual([observe, file, args], [words, "x.hvt", ["--trace"]]);
});

Deno.test("options: no unikernel, or an option of something else, is left to others", () => {
  for (
    const words of [
      [],
      ["--mem=1"],
      ["--"],
      ["--no-such", "x"],
      ["-o"],
      [
        "--trace=",
        "x",
      ],
      ["--stats=1", "x"],
      ["--net-pcap", "x"],
      ["--net-pcap=a=b", "x"],
      ["-o", "", "x"],
      ["--output=", "x"],
    ]
  ) {
    assert.equal(parseArguments(words), undefined, words.join(" "));
  }
});

Deno.test("options: one about a device that names none, or gives it nothing, says how it is written", () => {
  for (const word of ["--net=x", "--net:a", "--block", "--net-mac:a", "--block-sector-size:"]) {
    assert.deepEqual(parseArguments([word, "--", "x.hvt"])!.devices, [word]);
    assert.throws(() => readDevices([word], KINDS), {
      name: "TenderError",
      message: `${word}: expected --OPTION:NAME=VALUE, like --net:eth0=tap0`,
    });
  }
});

Deno.test("options: devices by name, whatever the order", () => {
  const mac = "02:00:00:0a:0B:ff";
  const given = devices(
    `--net-mac:service=${mac}`,
    "--block:storage=a=b,c.img",
    "--net:service=tap0",
    "--block-sector-size:storage=4096",
    "--net:other=@7",
    "--block:kept=/x,y.img,ro",
    "--block:dropped=z,overlay",
  );
  assert.deepEqual(given, {
    service: {
      type: "NET_BASIC",
      backing: { kind: "tap", interface: "tap0" },
      mac: Uint8Array.of(2, 0, 0, 10, 11, 255),
    },
    storage: { type: "BLOCK_BASIC", path: "a=b,c.img", blockSize: 4096, access: "rw" },
    other: { type: "NET_BASIC", backing: { kind: "descriptor", fd: 7, mtu: 1500 } },
    kept: { type: "BLOCK_BASIC", path: "/x,y.img", blockSize: 512, access: "ro" },
    dropped: { type: "BLOCK_BASIC", path: "z", blockSize: 512, access: "overlay" },
  });
});

Deno.test("options: a path may have line breaks in it", () => {
  const { a, b } = devices("--block:a=one\ntwo", "--block:b=one\ntwo,ro");
  assert.deepEqual([a, b], [
    { type: "BLOCK_BASIC", path: "one\ntwo", blockSize: 512, access: "rw" },
    { type: "BLOCK_BASIC", path: "one\ntwo", blockSize: 512, access: "ro" },
  ]);
});

const BAD: readonly (readonly [options: readonly string[], message: RegExp])[] = [
  [["--mem=0"], /--mem=0: expected a whole number/],
  [["--mem="], /--mem=: expected/],
  [["--mem=1.5"], /expected a whole number/],
  [["--mem=-1"], /expected a whole number/],
  [["--mem=12345678901"], /expected a whole number/],
  [["--net:a=x", "--net:a=y"], /--net:a: given twice/],
  [["--block:a=x", "--block:a=x"], /--block:a: given twice/],
  [["--net:a=x", "--block:a=y"], /Device 'a' is given as a network and as a block device/],
  [["--net-mac:a=02:00:00:00:00:01"], /--net-mac:a: needs --net:a as well/],
  [["--block-sector-size:a=512"], /--block-sector-size:a: needs --block:a as well/],
  [["--block:a=x", "--net-mac:a=02:00:00:00:00:01"], /--net-mac:a: needs --net:a as well/],
  [["--net:a=x", "--block-sector-size:a=512"], /--block-sector-size:a: needs --block:a as well/],
  [["--net:a=x", "--net-mac:a=02:00:00:00:00"], /Not a MAC address: '02:00:00:00:00'/],
  [["--net:a=x", "--net-mac:a=02-00-00-00-00-01"], /Not a MAC address/],
  [["--net:a=x", "--net-mac:a=01:00:5e:00:00:01"], /Not a unicast MAC address: 01:00:5e/],
  [["--net:a="], /Not an interface name: ''/],
  [["--net:a=sixteencharacter"], /Not an interface name/],
  [["--net:a=a b"], /Not an interface name/],
  [["--net:a=@"], /Not a descriptor: '@'/],
  [["--net:a=@x"], /Not a descriptor: '@x'/],
  [["--net:a=@-1"], /Not a descriptor: '@-1'/],
  [["--net:a=@7x"], /Not a descriptor: '@7x'/],
  [["--net:a=@1"], /Not a descriptor for a network device: 1/],
  [["--block:a="], /--block:a: expected a path/],
  [["--block:a=,ro"], /--block:a: expected a path/],
  [["--block:a=x", "--block-sector-size:a=512k"], /Not a block size: '512k'/],
  [["--block:a=x", "--block-sector-size:a=x"], /Not a block size: 'x'/],
  ...["0", "1", "256", "513", "1000", "65536"].map((size) =>
    [
      ["--block:a=x", `--block-sector-size:a=${size}`],
      /Block size must be a multiple of 2 greater than or equal 512/,
    ] as const
  ),
];

for (const [options, message] of BAD) {
  Deno.test(`options: ${options.join(" ")} is refused`, () => {
    assert.throws(
      () => devices(...options),
      (error) => error instanceof TenderError && message.test(error.message),
    );
  });
}

Deno.test("options: every block size and every address of a station comes through", () => {
  const octets = fc.uint8Array({ minLength: 6, maxLength: 6 }).map((mac) => {
    mac[0]! &= 0xfe;
    return mac;
  });
  fc.assert(fc.property(octets, fc.integer({ min: 9, max: 15 }), fc.boolean(), (mac, log, up) => {
    const text = up ? formatMac(mac).toUpperCase() : formatMac(mac);
    const { n, b } = devices(
      "--net:n=tap0",
      `--net-mac:n=${text}`,
      "--block:b=x",
      `--block-sector-size:b=${2 ** log}`,
    );
    assert.deepEqual(n && "mac" in n && n.mac, mac);
    assert.equal(b && "blockSize" in b && b.blockSize, 2 ** log);
  }));
});

Deno.test("options: any words are read, left to others, or refused with this room's error", () => {
  const name = fc.constantFrom("a", "b", "");
  const option = fc.constantFrom("net", "net-mac", "block", "block-sector-size", "mem", "x");
  const value = fc.oneof(fc.string(), fc.constantFrom("@3", "tap0", "x,ro", "512", ",overlay"));
  const word = fc.oneof(
    fc.string(),
    fc.tuple(option, name, value).map(([option, name, value]) => `--${option}:${name}=${value}`),
  );
  fc.assert(fc.property(fc.array(word), (words) => {
    try {
      const read = parseArguments(words);
      if (read === undefined) return;
      assert.equal(words.at(-1 - read.args.length), read.file);
      readDevices(read.devices, KINDS);
    } catch (error) {
      assert.ok(error instanceof TenderError, String(error));
    }
  }));
});
