/**
 * The images of tools, each loaded and prepared once.
 *
 * @module
 */
import type { Pool, PoolImage } from "../mod.ts";
import type { Language, OpenLanguage } from "./built_in.ts";
import type { ToolSpec } from "./config.ts";
import { McpError } from "./error.ts";
import { asImage, loadImage, type OpenScript, type ToolImage, withFiles } from "./image.ts";
import type { Places } from "./places.ts";

/** Where images come from. */
export interface ImagesOptions {
  readonly places: Places;
  /** Makes unikernels of scripts; without it, scripts are no images. */
  readonly openScript?: OpenScript;
  /** Makes unikernels of languages; without it, there are no programs that callers bring. */
  readonly openLanguage?: OpenLanguage;
}

/** An image that is ready to be started. */
export interface Loaded {
  readonly image: ToolImage;
  readonly prepared: PoolImage;
}

/** See the module. */
export class Images {
  readonly #pool: Pool;
  readonly #options: ImagesOptions;
  readonly #loaded = new Map<string, Promise<Loaded>>();

  /** @param pool that prepares them */
  constructor(pool: Pool, options: ImagesOptions) {
    this.#pool = pool;
    this.#options = options;
  }

  /** That of a tool; see {@linkcode loadImage}. */
  load(spec: ToolSpec): Promise<Loaded> {
    const { image, memory, target, config: { warm, input, channel } } = spec;
    const key = JSON.stringify([image, memory, target, warm, input, channel]);
    return this.#once(key, async () => {
      const { places: { cache }, openScript } = this.#options;
      return await this.#prepare(await loadImage(spec, { cache, openScript }), spec);
    });
  }

  /**
   * That of a language, for programs that callers bring.
   *
   * @throws {McpError} "image" if there is none
   */
  loadLanguage(language: Language, spec: ToolSpec): Promise<Loaded> {
    return this.#once(language, async () => {
      const { openLanguage } = this.#options;
      if (openLanguage === undefined) {
        throw new McpError("image", `there is no image of ${language}`);
      }
      const { builtInImage } = await import("./built_in.ts");
      const opened = await asImage(language, () => openLanguage(language, spec));
      return await this.#prepare(await builtInImage(language, opened), spec);
    });
  }

  #once(key: string, load: () => Promise<Loaded>): Promise<Loaded> {
    const known = this.#loaded.get(key);
    if (known !== undefined) return known;
    const loading = load();
    this.#loaded.set(key, loading);
    // What failed may be mended meanwhile.
    loading.catch(() => this.#loaded.delete(key));
    return loading;
  }

  async #prepare(image: ToolImage, spec: ToolSpec): Promise<Loaded> {
    const { unikernel } = withFiles(image, []);
    const memory = `${spec.memory} MiB` as const;
    return { image, prepared: await this.#pool.prepare(unikernel, { memory }) };
  }
}
