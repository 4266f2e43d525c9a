// Installs a release of better-auth with its companion packages into a folder of its own below the temporary folder.

import { execFile } from "node:child_process";
import { access, mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The packages that are published beside better-auth. */
export const COMPANIONS = [
  "passkey", "api-key", "sso", "scim", "stripe", "oauth-provider", "expo", "electron", "i18n", "cimd", "mcp",
].map((name) => `@better-auth/${name}`);

/** Dependencies of which releases accept newer ones than they work with. */
const HELD = {
  1.2: { "better-call": "1.0.19" },
  1.3: { "better-call": "1.0.19", zod: "4.3.6" },
  1.4: { zod: "4.3.6" },
  1.5: { zod: "4.3.6" },
  1.6: { zod: "4.3.6" },
};

/** What some releases load but leave to the project to install. */
const PEERS = { "@opentelemetry/api": "1.9.0" };

/** Installs a release unless it is there; gives its folder. With tools, packages by version, it is another one that has them too. */
export async function install(release, tools) {
  const folder = join(tmpdir(), "better-auth-releases", tools ? `${release}-tools` : release);
  const importer = join(folder, "import.mjs");
  if (await access(importer).then(() => true, () => false)) return folder;
  const dependencies = { "better-auth": release, ...PEERS, ...tools };
  for (const companion of COMPANIONS) {
    const version = matching(await published(companion), release);
    if (version) dependencies[companion] = version;
  }
  // A companion must not bring a better-auth of its own. The command line brings a core of its own besides.
  const overrides = { "better-auth": release, ...(tools && { "@better-auth/core": release }), ...HELD[minor(release)] };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, dependencies, overrides }, null, 2));
  await run("npm", ["install", "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund"], { cwd: folder });
  // Packages are found from the folder of the file that imports them. Written last, it says that the rest is complete.
  await writeFile(importer, "export default (module) => import(module);\n");
  return folder;
}

/** The published versions of a package, oldest first. */
export async function published(name) {
  const { stdout } = await run("npm", ["view", name, "versions", "--json"]);
  return [JSON.parse(stdout)].flat().sort(compare);
}

/** The newest release of each minor from 1.0 on. */
export function newestOfEachMinor(versions) {
  const releases = versions.filter((version) => !version.includes("-") && !version.startsWith("0."));
  return releases.filter((release, place) => minor(releases[place + 1] ?? "") !== minor(release));
}

/**
 * The version of a companion that goes with a release of better-auth. Companions skip releases that change nothing for
 * them: it is the newest of the same minor that is not newer, else the first after it.
 */
export function matching(versions, release) {
  const candidates = versions.filter((version) => minor(version) === minor(release));
  const stable = candidates.filter((version) => !version.includes("-"));
  const usable = stable.length > 0 ? stable : candidates;
  return usable.findLast((version) => compare(version, release) <= 0) ?? usable[0];
}

export function minor(version) {
  return version.split(".").slice(0, 2).join(".");
}

/** Orders versions; a pre-release comes before its release. */
export function compare(left, right) {
  const parts = (version) => version.split("-")[0].split(".").map(Number);
  const [a, b] = [parts(left), parts(right)];
  const place = a.findIndex((part, place) => part !== b[place]);
  if (place >= 0) return a[place] - b[place];
  return Number(right.includes("-")) - Number(left.includes("-")) || left.localeCompare(right, "en", { numeric: true });
}
